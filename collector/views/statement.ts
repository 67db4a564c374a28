import { z } from 'zod'
import { STATEMENT_ITEMS } from '../economics/statement/statement-lines.ts'

/** What the API says of a month: statements by customer, as the screens, the commands and the files have them. */

const time = z.iso.datetime()
const usd = z.number().describe('USD, whole cents')

const StatementLineSchema = z.object({
  workload: z.string(),
  kind: z.string().describe('of the workload: mining, gpu-hour, colocation ...'),
  item: z
    .enum(STATEMENT_ITEMS)
    .describe('what is paid; difference: what the ledger has beyond its contract’s arithmetic'),
  from: time.describe('begin of the first minute under these terms'),
  to: time,
  quantity: z.number().optional(),
  unit: z.string().optional().describe('of the quantity'),
  unitPriceUsd: z.number().optional(),
  priceBasis: z
    .enum(['contract', 'average'])
    .optional()
    .describe('contract: as agreed; average: the amount per unit, after fees'),
  amountUsd: usd,
  workDiff1: z.number().optional().describe('of what was mined: difficulty-1 shares'),
  minedSat: z.number().optional().describe('of what was mined: satoshis, each minute at its own price'),
  estimated: z.string().optional().describe('why the amount is an estimate'),
})
export type StatementLine = z.infer<typeof StatementLineSchema>

const WorkloadUseSchema = z.object({
  workload: z.string(),
  energyKwh: z.number(),
  peakKw: z.number().describe('highest average of a quarter of an hour'),
  contractedKw: z.number().optional(),
  powerBasis: z
    .array(z.object({ basis: z.string(), ratio: z.number() }))
    .optional()
    .describe('how its machines’ energy was known, by energy, in a minute every twelve hours'),
  observedRatio: z
    .number()
    .describe('of the elapsed time the part in which at least one of its machines was observed'),
})

const OwnFiguresSchema = z.object({
  workloads: z.array(
    z.object({
      workload: z.string(),
      revenueUsd: usd,
      energyCostUsd: usd,
      demandUsd: usd,
      netUsd: usd.describe('revenue less energy and demand'),
      depreciationUsd: usd.describe('not in the net'),
    }),
  ),
  totals: z.object({
    revenueUsd: usd,
    energyCostUsd: usd,
    demandUsd: usd,
    netUsd: usd,
    depreciationUsd: usd,
  }),
  demand: z
    .object({
      billedKw: z.number(),
      measuredKw: z.number().describe('the site’s highest average of a quarter of an hour'),
      usdPerKwMonth: z.number(),
      bookedUsd: usd.describe('in the ledger of all workloads'),
      trueUpUsd: usd.describe('what the measured peak adds to the charge; negative: what it leaves over'),
    })
    .optional()
    .describe('of the whole site, on its own statement'),
})

export const StatementSchema = z.object({
  number: z.string().describe('the same for every copy and print of this month and customer'),
  revision: z
    .string()
    .describe('hash of everything but the time of the print: two prints that differ differ here'),
  generatedAt: time,
  site: z.string(),
  siteName: z.string(),
  timeZone: z.string(),
  month: z.string(),
  from: time,
  to: time,
  toDate: z.boolean().describe('the month is not over'),
  through: time.describe('end of the newest settled minute in it'),
  customer: z.string().optional().describe('absent: the site’s own, of workloads without a customer'),
  copy: z.enum(['customer', 'own']).describe('customer: without costs and margins'),
  lines: z.array(StatementLineSchema),
  totalUsd: usd.describe('the ledger’s sum, rounded to a cent; the lines add up to it'),
  fees: z
    .array(z.object({ workload: z.string(), feesUsd: usd }))
    .describe('what pools and firmwares kept; not in the amounts'),
  use: z.array(WorkloadUseSchema),
  own: OwnFiguresSchema.optional().describe('in the operator’s own copy'),
  prices: z
    .array(
      z.object({
        name: z.string(),
        unit: z.string(),
        min: z.number(),
        max: z.number(),
        sources: z.array(z.string()),
      }),
    )
    .describe('that the minutes were settled with, from lowest to highest'),
  restatements: z.object({
    minutes: z.number().int().describe('of the month, settled more than once'),
    newest: time.optional(),
  }),
  repricings: z.array(
    z.object({
      id: z.string(),
      at: time,
      by: z.string(),
      reason: z.string(),
      from: time,
      to: time,
      changeUsd: z.number().describe('USD that it changed on this statement, exact'),
    }),
  ),
  completeness: z.object({
    elapsedMinutes: z.number().int().describe('of the month, or to `through` where it is not over'),
    settledMinutes: z.number().int(),
    waitingMinutes: z.number().int().describe('with records that wait to be settled'),
    lostRecords: z.number().int().describe('that agents lost in the month, of the whole site'),
  }),
})
export type Statement = z.infer<typeof StatementSchema>

export const StatementListSchema = z.object({
  month: z.string(),
  from: time,
  to: time,
  toDate: z.boolean(),
  through: time,
  statements: z.array(
    z.object({
      customer: z.string().optional().describe('absent: the site’s own'),
      number: z.string(),
      workloads: z.array(z.string()),
      totalUsd: usd,
      energyKwh: z.number(),
    }),
  ),
  totalUsd: usd.describe('sum of the statements'),
  ledgerUsd: z.number().describe('what the ledger has of the month, exact'),
})
export type StatementList = z.infer<typeof StatementListSchema>
