import { z } from 'zod'
import { type LedgerFigure, LedgerFigureSchema } from './ledger-figure.ts'

/** What the API says beside the live plane and the plain ledger: figures over the usual times, owners without a rule, balances. */

const time = z.iso.datetime()

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

/** A part of the ledger, as figures. */
export interface FigureQuery {
  /** inclusive, exclusive; whole minutes */
  fromMs: number
  toMs: number
  /** width of a bucket, whole minutes: they begin at multiples of it since 1970 (UTC); or days or months of the site’s time zone */
  stepMs: number | 'day' | 'month'
  groupBy: FigureGroup
}

/** The ledger by pieces of time, oldest first, so that no time is too long. Rejects with the store’s PerwattError. */
export interface LedgerFigures {
  ledger(query: FigureQuery): AsyncIterable<LedgerFigure[]>
}

const LiveGroupSchema = z.object({
  powerW: z.number(),
  revenueUsdPerH: z.number(),
  netUsdPerH: z
    .number()
    .describe('revenue less energy, and less demand charge where the group is one of workloads'),
  revenueUsdPerKwh: z.number().optional().describe('absent where no power is taken'),
  netUsdPerKwh: z.number().optional(),
  revenueUsdPerWattYear: z.number().optional(),
  minedSatPerKwh: z.number().optional().describe('of what mines'),
})
export type LiveGroup = z.infer<typeof LiveGroupSchema>

/** One group's ledger over the usual times; a time without a settled minute is absent. */
export const PeriodsSchema = z.object({
  group: z.string(),
  live: LiveGroupSchema.optional().describe(
    'now; of a place its machines, of a workload its part of the overhead too',
  ),
  minute: LedgerFigureSchema.optional().describe('the newest settled minute'),
  hour: LedgerFigureSchema.optional().describe('60 minutes to its end'),
  day: LedgerFigureSchema.optional().describe('24 hours to its end'),
  monthToDate: LedgerFigureSchema.optional().describe('the month of the site’s time zone, to its end'),
})
export type Periods = z.infer<typeof PeriodsSchema>

export const UnmatchedOwnerSchema = z.object({
  owner: z.record(z.string(), z.string()).describe('facts that no rule fits'),
  devices: z.number().int(),
  powerW: z.number().describe('W that it has now'),
  kinds: z.array(z.string()).describe('of the devices: asic, gpu ...'),
  maybe: z
    .array(
      z.object({
        workload: z.string().optional().describe('a configured one that would take it'),
        kind: z.string().describe('of workload'),
        because: z.string(),
      }),
    )
    .describe('what it may be, the likeliest first'),
  rule: z.record(z.string(), z.string()).describe('a match that would take it, for the configuration'),
})
export type UnmatchedOwner = z.infer<typeof UnmatchedOwnerSchema>

const MeterBalanceSchema = z.object({
  deviceId: z.string(),
  agentId: z.string(),
  kind: z.string(),
  behind: z.string().optional().describe('the meter that it is behind'),
  measuredMilliJ: z.number().int().optional().describe('its own reading; absent: it said nothing'),
  behindMilliJ: z.number().int().describe('what all directly behind it took'),
  totalMilliJ: z
    .number()
    .int()
    .describe('what counts: its reading, or that of the outlet that it is behind alone'),
  restMilliJ: z.number().int().describe('that less what is behind it'),
  rest: z
    .record(z.string(), z.number().int())
    .describe(
      'mJ of the rest by the name it stands under: overhead, unaccounted, or the workloads it is spread over',
    ),
  of: z.array(
    z.object({
      deviceId: z.string(),
      agentId: z.string(),
      milliJ: z.number().int(),
      by: z
        .enum(['own', 'meter', 'share', 'nothing'])
        .describe(
          'own: it says so; meter: its outlet does; share: of what others leave; nothing: nobody knows',
        ),
    }),
  ),
})
export const BalanceSchema = z.object({
  minute: time,
  balances: z.boolean().describe('the parts add up to the roots of the meter tree'),
  totalMilliJ: z.number().int().describe('of the roots: with a site meter its reading'),
  workloads: z.record(z.string(), z.number().int()).describe('mJ by workload, idle, overhead, unaccounted'),
  meters: z.array(MeterBalanceSchema),
})
export type BalanceView = z.infer<typeof BalanceSchema>
