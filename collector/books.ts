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
  because: z.string().optional().describe('why it is nothing, or what is to be known of it'),
  parts: z
    .object({
      input: z.string(),
      of: z.array(z.object({ agentId: z.string(), deviceId: z.string(), amount: z.number() })),
    })
    .optional()
    .describe('what one of the inputs is the sum of'),
})

const SumsSchema = z.object({
  energyMilliJ: z.number().int(),
  revenueNanoUsd: nanoUsd,
  costNanoUsd: nanoUsd,
  demandNanoUsd: nanoUsd.describe('its part of the site’s demand charge'),
})

const ExplainedIntervalSchema = SumsSchema.extend({
  agentId: z.string(),
  deviceId: z.string(),
  owner: z.record(z.string(), z.string()).describe('whom the machine worked for'),
  start: time.optional().describe('absent: no record, but a contract that pays whatever is used'),
  durationMs: z.number().int(),
  coveredMs: z.number().int(),
  powerBasis: z.string().optional(),
  recovered: z.boolean().optional(),
  energy: FormulaSchema.optional().describe(
    'result: energyMilliJ, where it is not what the record says: a meter knows better, or shows more than its machines',
  ),
  revenue: FormulaSchema.describe('result: revenueNanoUsd'),
  cost: FormulaSchema.describe('result: costNanoUsd'),
  demand: FormulaSchema.optional().describe('result: demandNanoUsd'),
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
  contract: FormulaSchema.optional().describe(
    'result: contractNanoUsd, what the contract pays for the minute',
  ),
  intervals: z.array(ExplainedIntervalSchema),
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
