import { z } from 'zod'
import { stale, time } from './fields.ts'
import { type LedgerFigure, LedgerFigureSchema } from './ledger-figure.ts'

/** The API's answers about figures by group and period, owners that match no rule, and the energy balance of meters. */

/** What figures can be grouped by. */
export const FIGURE_GROUPS = [
  'workload',
  'customer',
  'kind',
  'device',
  'agent',
  'container',
  'rack',
  'site',
] as const
export type FigureGroup = (typeof FIGURE_GROUPS)[number]

/** A query for ledger figures. */
export interface FigureQuery {
  /** Unix ms, a whole minute, inclusive */
  fromMs: number
  /** Unix ms, a whole minute, exclusive */
  toMs: number
  /** width of a bucket: whole minutes in ms, aligned to 1970-01-01 UTC, or days or months of the site’s time zone */
  stepMs: number | 'day' | 'month'
  groupBy: FigureGroup
}

/** The source of ledger figures. It yields them in pieces, oldest first, so that no period is too long. Rejects with the store’s PerwattError. */
export interface LedgerFigures {
  ledger(query: FigureQuery): AsyncIterable<LedgerFigure[]>
}

const LiveGroupSchema = z.object({
  powerW: z.number(),
  revenueUsdPerH: z.number(),
  netUsdPerH: z
    .number()
    .describe('revenue - energy cost; for groups of workloads also less the demand charge'),
  revenueUsdPerKwh: z.number().optional().describe('USD per kWh; absent without power'),
  netUsdPerKwh: z.number().optional(),
  revenueUsdPerWattYear: z.number().optional(),
  minedSatPerKwh: z.number().optional().describe('satoshis mined per kWh; absent without mining'),
  stale,
})
export type LiveGroup = z.infer<typeof LiveGroupSchema>

/** One group's figures for the usual periods; a period without a settled minute is absent. */
export const PeriodsSchema = z.object({
  group: z.string(),
  live: LiveGroupSchema.optional().describe(
    'figures now: for a place, of its machines; for a workload, with its share of the overhead',
  ),
  minute: LedgerFigureSchema.optional().describe('the newest settled minute'),
  hour: LedgerFigureSchema.optional().describe('the 60 minutes up to the end of that minute'),
  day: LedgerFigureSchema.optional().describe('the 24 hours up to the end of that minute'),
  monthToDate: LedgerFigureSchema.optional().describe(
    'the month of the site’s time zone, up to the end of that minute',
  ),
})
export type Periods = z.infer<typeof PeriodsSchema>

/** An owner that matches no rule, or whose machines earn nothing because it is unknown what they hash. */
export const UnmatchedOwnerSchema = z.object({
  owner: z.record(z.string(), z.string()).describe('facts of the owner'),
  devices: z.number().int(),
  powerW: z.number().describe('W of its share in these devices now'),
  kinds: z.array(z.string()).describe('kinds of these devices: asic, gpu ...'),
  maybe: z
    .array(
      z.object({
        workload: z.string().optional().describe('a configured workload whose rule almost matches'),
        kind: z.string().describe('kind of workload'),
        because: z.string(),
      }),
    )
    .describe('guesses, the likeliest first'),
  rule: z.record(z.string(), z.string()).describe('a rule for the configuration that would match'),
  configure: z
    .string()
    .optional()
    .describe(
      'what to configure in the agent instead of a rule: machines whose algorithm is unknown earn nothing until it is set; `owner` names their model too',
    ),
})
export type UnmatchedOwner = z.infer<typeof UnmatchedOwnerSchema>

const MeterBalanceSchema = z.object({
  deviceId: z.string(),
  agentId: z.string(),
  kind: z.string(),
  behind: z.string().optional().describe('the meter that it is behind'),
  measuredMilliJ: z.number().int().optional().describe('its own reading; absent without one'),
  behindMilliJ: z.number().int().describe('sum of the totals directly behind it'),
  totalMilliJ: z
    .number()
    .int()
    .describe('its counted energy: its reading, or that of the meter that it is alone behind'),
  restMilliJ: z.number().int().describe('totalMilliJ - behindMilliJ'),
  rest: z
    .record(z.string(), z.number().int())
    .describe(
      'the rest by the name it is charged to: overhead, unaccounted, or the workloads that it is spread over; mJ',
    ),
  of: z.array(
    z.object({
      deviceId: z.string(),
      agentId: z.string(),
      milliJ: z.number().int(),
      by: z
        .enum(['own', 'meter', 'share', 'nothing'])
        .describe(
          'source of milliJ: own: its own reading; meter: the meter that it is alone behind; share: a share of the meter’s rest; nothing: unknown',
        ),
    }),
  ),
})
/** The energy balance of one minute. */
export const BalanceSchema = z.object({
  minute: time,
  balances: z.boolean().describe('whether the workloads add up to totalMilliJ'),
  totalMilliJ: z
    .number()
    .int()
    .describe('sum of the roots of the meter tree: with a site meter, its reading'),
  workloads: z.record(z.string(), z.number().int()).describe('mJ by workload, idle, overhead, unaccounted'),
  meters: z.array(MeterBalanceSchema),
})
export type BalanceView = z.infer<typeof BalanceSchema>
