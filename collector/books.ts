import { z } from 'zod'
import { QuoteSchema } from './quotes.ts'
import type { RepricingRequest } from './repricer.ts'
import { LedgerFigureSchema } from './view.ts'

/** What the API says of the books: how a figure came about, what was corrected, lost, or put aside. */

const time = z.iso.datetime()
const nanoUsd = z.number().int().describe('nano-USD')

const FormulaSchema = z.object({
  formula: z
    .string()
    .describe('arithmetic in the names of `inputs`: + - * / ( ) round(), double precision, left to right'),
  inputs: z.record(z.string(), z.number()),
  because: z.string().optional().describe('why it is nothing, where it is'),
})

const SumsSchema = z.object({
  energyMilliJ: z.number().int(),
  revenueNanoUsd: nanoUsd,
  costNanoUsd: nanoUsd,
})

const ExplainedIntervalSchema = SumsSchema.extend({
  agentId: z.string(),
  deviceId: z.string(),
  owner: z.record(z.string(), z.string()).describe('whom the machine worked for'),
  start: time,
  durationMs: z.number().int(),
  coveredMs: z.number().int(),
  powerBasis: z.string().optional(),
  recovered: z.boolean().optional(),
  energy: FormulaSchema.optional().describe('of the site meter: what is left beyond the devices'),
  revenue: FormulaSchema.describe('result: revenueNanoUsd'),
  cost: FormulaSchema.describe('result: costNanoUsd'),
})

export const ExplanationSchema = z.object({
  workload: z.string(),
  minute: time,
  revision: z.number().int().describe('0: not settled yet; above 1: restated'),
  settledAt: time.optional(),
  rules: z.object({
    version: z.string(),
    workload: z.record(z.string(), z.unknown()).optional().describe('the contract as it was configured'),
  }),
  quotes: z.array(QuoteSchema),
  intervals: z.array(ExplainedIntervalSchema),
  behindTheMeter: z
    .array(z.object({ agentId: z.string(), deviceId: z.string(), energyMilliJ: z.number().int() }))
    .optional()
    .describe('of overhead and unaccounted: every device’s energy, whose sum is devicesMilliJ'),
  sums: SumsSchema.describe('of the intervals above'),
  ledger: SumsSchema.optional().describe('what the ledger has; absent where it has nothing'),
  agrees: z.boolean().describe('false while a late record waits to be settled'),
})
export type Explanation = z.infer<typeof ExplanationSchema>

export const RepricingSchema = z.object({
  id: z.string(),
  at: time.describe('when it was asked for'),
  by: z.string(),
  reason: z.string(),
  from: time,
  to: time,
  quotes: z.array(QuoteSchema),
  rules: z.string().optional().describe('version of the rules that replace those of the time'),
  doneTo: time.describe('minutes before this are done'),
  done: z.boolean(),
})
export type RepricingView = z.infer<typeof RepricingSchema>

export const AuditSchema = RepricingSchema.extend({
  changes: z.array(z.object({ before: LedgerFigureSchema, after: LedgerFigureSchema })),
})
export type AuditView = z.infer<typeof AuditSchema>

export const LossSchema = z.object({
  agentId: z.string(),
  records: z.number().int(),
  at: time.describe('when the agent told'),
  from: time.optional().describe('about the time of the lost records'),
  to: time.optional(),
})
export type LossView = z.infer<typeof LossSchema>

export const QuarantineSchema = z.object({
  count: z.number().int().describe('messages and records put aside since the collector started'),
  agents: z.array(z.object({ agentId: z.string(), count: z.number().int() })),
  newest: z.array(
    z.object({
      at: time,
      agentId: z.string(),
      topic: z.string(),
      reason: z.string(),
      payload: z.string().describe('its beginning'),
    }),
  ),
})
export type QuarantineView = z.infer<typeof QuarantineSchema>

/** What the API may ask of the books. Every method rejects with a PerwattError where the store fails. */
export interface Books {
  /** undefined where the minute has nothing of that workload */
  explain(workload: string, minuteMs: number): Promise<Explanation | undefined>
  reprice(request: RepricingRequest): Promise<RepricingView>
  /** The newest `limit` repricings, or the one of an id; their changes in buckets of `stepMs`, or over their whole time. */
  audit(query: { limit: number; id?: string; stepMs?: number }): Promise<AuditView[]>
  /** newest first */
  losses(): LossView[]
  quarantined(limit: number): Promise<QuarantineView>
}
