import { z } from 'zod'
import { STATEMENT_ITEMS } from '../economics/statement/statement-lines.ts'
import { time } from './fields.ts'

/** The API's monthly statements of customers and of the site. Screens, commands and files use the same form. */

const usd = z.number().describe('USD, whole cents')

const StatementLineSchema = z.object({
  workload: z.string(),
  kind: z.string().describe('kind of workload: mining, gpu-hour, colocation ...'),
  item: z
    .enum(STATEMENT_ITEMS)
    .describe(
      'what the line is for; difference: revenue in the ledger that the contract’s charges do not explain',
    ),
  from: time.describe('start of the first minute under these terms'),
  to: time.describe('end of the last minute under these terms'),
  quantity: z.number().optional(),
  unit: z.string().optional().describe('unit of the quantity'),
  unitPriceUsd: z.number().optional(),
  priceBasis: z
    .enum(['contract', 'average'])
    .optional()
    .describe('contract: the price in the contract; average: amount / quantity, after fees'),
  amountUsd: usd,
  workDiff1: z
    .number()
    .optional()
    .describe('accepted difficulty-1 shares, for mining; of a true-up those that the pool credited beyond'),
  minedSat: z.number().optional().describe('satoshis, each minute at its own Bitcoin price, for mining'),
  estimated: z.string().optional().describe('why the amount is an estimate'),
  estimatedWorkDiff1: z
    .number()
    .optional()
    .describe('difficulty-1 shares of machines that count no accepted work, beside workDiff1'),
  estimatedUsd: z.number().optional().describe('USD, the part of the amount that estimatedWorkDiff1 earned'),
  unpriced: z
    .string()
    .optional()
    .describe('what the amount leaves out, because no price of its time is known yet'),
})
export type StatementLine = z.infer<typeof StatementLineSchema>

const WorkloadUseSchema = z.object({
  workload: z.string(),
  energyKwh: z.number(),
  peakKw: z.number().describe('peak demand: highest average power of a quarter of an hour'),
  contractedKw: z.number().optional(),
  powerBasis: z
    .array(z.object({ basis: z.string(), ratio: z.number() }))
    .optional()
    .describe('shares of the sources of its energy readings, sampled in one minute of every twelve hours'),
  observedRatio: z
    .number()
    .describe('share of the elapsed time in which at least one of its machines was observed'),
})

const OwnFiguresSchema = z.object({
  workloads: z.array(
    z.object({
      workload: z.string(),
      revenueUsd: usd,
      energyCostUsd: usd,
      demandUsd: usd,
      netUsd: usd.describe('revenue - energy cost - demand charge'),
      depreciationUsd: usd.describe('depreciation, not in the net'),
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
      measuredKw: z.number().describe('the site’s highest average power of a quarter of an hour'),
      usdPerKwMonth: z.number(),
      bookedUsd: usd.describe('demand charge booked in the ledger, all workloads'),
      trueUpUsd: usd.describe('(measuredKw - billedKw) x price: positive if the booked charge was too low'),
    })
    .optional()
    .describe('demand of the whole site; only on the site’s own statement'),
})

const CorrectionSchema = z.object({
  statement: z.string().describe('number of the issued statement that it corrects'),
  month: z.string(),
  workload: z.string(),
  item: z
    .enum(['amount', 'energy-cost', 'demand'])
    .describe('amount: what the workload earned; the costs stand only in the operator’s copy'),
  from: time.describe('start of the first minute that changed'),
  to: time.describe('end of the last'),
  minutes: z.number().int().describe('how many minutes changed'),
  why: z.string(),
  oldUsd: usd.describe('these minutes as they were issued, or corrected last'),
  newUsd: usd,
  changeUsd: usd,
})
export type Correction = z.infer<typeof CorrectionSchema>

const IssuedSchema = z.object({ at: time, by: z.string() })

/** One customer's statement of one month, or the site's own. */
export const StatementSchema = z.object({
  number: z.string().describe('number of the statement, the same for every copy and print'),
  revision: z
    .string()
    .describe(
      'hash of the whole content except generatedAt, so that two different prints have different revisions',
    ),
  generatedAt: time,
  site: z.string(),
  siteName: z.string(),
  timeZone: z.string(),
  month: z.string(),
  from: time,
  to: time,
  toDate: z.boolean().describe('true while the month is not over'),
  provisional: z
    .boolean()
    .describe(
      'true while minutes that are due wait to be settled, or records wait for a decision (`completeness`): every figure is that of a part',
    ),
  through: time.describe('end of the newest settled minute in the month'),
  customer: z
    .string()
    .optional()
    .describe('absent on the site’s own statement, which lists the workloads without a customer'),
  copy: z
    .enum(['customer', 'own'])
    .describe('customer: without costs and margins; own: the operator’s copy, with them'),
  issued: IssuedSchema.optional().describe(
    'absent on a draft. An issued statement stays as it is: what changes later stands as a correction on another',
  ),
  lines: z.array(StatementLineSchema),
  totalUsd: usd.describe('sum of the ledger, rounded to a cent; the lines add up to it'),
  corrections: z.array(CorrectionSchema).describe('of statements that were issued before'),
  dueUsd: usd.describe('totalUsd with the corrections of amounts'),
  fees: z
    .array(z.object({ workload: z.string(), feesUsd: usd }))
    .describe('pool fees and firmware dev fees; not part of the amounts'),
  use: z.array(WorkloadUseSchema),
  own: OwnFiguresSchema.optional().describe('only in the operator’s copy'),
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
    .describe('prices that the minutes were settled with: lowest and highest value, and their sources'),
  restatements: z.object({
    minutes: z.number().int().describe('minutes of the month that were settled more than once'),
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
      decision: z
        .enum(['accepted', 'rejected', 'open'])
        .optional()
        .describe('present: held records were accepted or rejected, or a decision about them was taken back'),
      changeUsd: z.number().describe('exact change of this statement’s revenue, USD'),
    }),
  ),
  held: z
    .array(
      z.object({
        workload: z.string(),
        kind: z.string().describe('doubt, claim or quarantine'),
        records: z.number().int(),
        wouldEarnUsd: z.number().describe('what their work would earn, USD; in no amount above'),
        energyKwh: z.number().describe('their own energy; in no figure above'),
      }),
    )
    .describe('open: records that count for nothing until a person accepts or rejects them'),
  completeness: z.object({
    elapsedMinutes: z
      .number()
      .int()
      .describe('minutes of the month, or up to `through` while the month is not over'),
    settledMinutes: z.number().int(),
    waitingMinutes: z
      .number()
      .int()
      .describe('minutes that are due and wait to be settled: with records, or with contracts'),
    lostRecords: z.number().int().describe('records that agents lost in the month, whole site'),
    putAsideRecords: z
      .number()
      .int()
      .optional()
      .describe(
        'records that were put aside, by their own time or when they came, and wait for a decision, whole site',
      ),
    doubtfulRecords: z
      .number()
      .int()
      .optional()
      .describe(
        'records of this customer that are doubtful, or of a machine that another agent has, and wait for a decision',
      ),
    unpriced: z
      .array(z.object({ name: z.string(), minutes: z.number().int() }))
      .describe('prices that settled minutes of the month lack, whole site'),
  }),
})
export type Statement = z.infer<typeof StatementSchema>

/** An issued statement in the list of all. */
export const IssueSchema = z.object({
  number: z.string(),
  month: z.string(),
  customer: z.string().optional().describe('absent for the site’s own statement'),
  at: time,
  by: z.string(),
  revision: z.string().describe('of the copy that its receiver has'),
  totalUsd: usd,
  dueUsd: usd,
})
export type IssueView = z.infer<typeof IssueSchema>

/** All statements of one month. */
export const StatementListSchema = z.object({
  month: z.string(),
  from: time,
  to: time,
  toDate: z.boolean(),
  through: time,
  provisional: z
    .boolean()
    .describe(
      'true while minutes wait to be settled, or records wait for a decision: every amount is that of a part',
    ),
  waitingMinutes: z.number().int().describe('minutes of the month that are due and not settled'),
  putAsideRecords: z
    .number()
    .int()
    .optional()
    .describe('records that were put aside and wait for a decision; absent: none'),
  doubtfulRecords: z
    .number()
    .int()
    .optional()
    .describe(
      'records that are doubtful, or of a machine that another agent has, and wait for a decision; absent: none',
    ),
  whyNotOver: z
    .string()
    .optional()
    .describe(
      'why the collector’s clock does not say for sure that the month is over, and what to do; while it stands no statement of it is issued. Absent: it is over, or `toDate`',
    ),
  statements: z.array(
    z.object({
      customer: z.string().optional().describe('absent for the site’s own statement'),
      number: z.string(),
      workloads: z.array(z.string()),
      totalUsd: usd,
      energyKwh: z.number(),
      issued: IssuedSchema.extend({ revision: z.string(), totalUsd: usd, dueUsd: usd })
        .optional()
        .describe('absent where it was not issued'),
      corrections: z
        .object({ lines: z.number().int(), changeUsd: usd })
        .optional()
        .describe(
          'corrected amounts of earlier statements: those that it was issued with, or that it would be issued with now; absent: none',
        ),
    }),
  ),
  totalUsd: usd.describe('sum of the statements'),
  ledgerUsd: z.number().describe('exact revenue of the month in the ledger, USD'),
})
export type StatementList = z.infer<typeof StatementListSchema>
