import { z } from 'zod'
import { QuoteSchema } from '../../protocol/quote.ts'
import type { RepricingRequest } from '../settling/repricer.ts'
import type { Explanation } from '../views/explanation.ts'
import { LedgerFigureSchema } from '../views/ledger-figure.ts'

/** What the API says of the books: what was corrected, lost, or put aside. */

const time = z.iso.datetime()

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
