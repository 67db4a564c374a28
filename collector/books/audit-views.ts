import { z } from 'zod'
import { QuoteSchema } from '../../protocol/quote.ts'
import { LOSS_KINDS } from '../plugin/audit-store.ts'
import { HOLD_KINDS } from '../plugin/held.ts'
import { LedgerFigureSchema } from '../views/ledger-figure.ts'
import { DecisionSchema } from './held-views.ts'

/** What the API answers about repricings, lost records and quarantined messages. */

const time = z.iso.datetime()

export const RepricingSchema = z.object({
  id: z.string(),
  at: time.describe('time of the request'),
  by: z.string(),
  reason: z.string(),
  from: time,
  to: time,
  quotes: z.array(QuoteSchema),
  rules: z.string().optional().describe('version of the rules that replace those in force at the time'),
  decision: DecisionSchema.optional().describe(
    'present: a person accepted or rejected held records, and their minutes are settled again with their own prices',
  ),
  doneTo: time.describe('every minute before this is repriced'),
  done: z.boolean(),
  cancelled: z
    .object({ at: time, by: z.string() })
    .optional()
    .describe('present: a person ended it; minutes from `doneTo` on keep the figures that they had'),
})
export type RepricingView = z.infer<typeof RepricingSchema>

export const AuditSchema = RepricingSchema.extend({
  kind: z
    .enum(['repricing', 'statement'])
    .describe('statement: an issued statement, whose number is its id; it changes no figure'),
  changes: z.array(z.object({ before: LedgerFigureSchema, after: LedgerFigureSchema })),
})
export type AuditView = z.infer<typeof AuditSchema>

export const LossSchema = z.object({
  agentId: z.string(),
  records: z.number().int(),
  at: time.describe('when the agent reported the loss; of held records, the last of them'),
  held: z
    .enum(HOLD_KINDS)
    .optional()
    .describe('present: not lost, but held for this until a person decides; see /api/v1/doubts'),
  cause: z
    .string()
    .optional()
    .describe('present: why, where it was not the agent’s spool that was full or damaged'),
  kind: z
    .enum(LOSS_KINDS)
    .optional()
    .describe(
      'present: the numbers of the agent’s records told of it. went-back: the spool was restored, rolled back or copied, and what it recorded since then may be missing. another-spool: the agent sends from a spool that is not the one before. reset: a person put its numbers back, and nothing is lost',
    ),
  from: time.optional().describe('approximate begin of the lost records'),
  to: time.optional().describe('approximate end of the lost records'),
})
export type LossView = z.infer<typeof LossSchema>

export const UnpricedSchema = z.object({
  name: z.string().describe('the price that was not known'),
  from: time,
  to: time,
  minutes: z.number().int(),
  workloads: z
    .array(
      z.object({
        workload: z.string(),
        workDiff1: z.number().optional().describe('difficulty-1 shares that earn nothing yet'),
        energyJ: z.number().optional().describe('J that cost nothing yet'),
      }),
    )
    .describe('what is unpriced in that time'),
  cure: z.string().describe('the command that prices it, with VALUE and NAME to fill in'),
})
export type UnpricedView = z.infer<typeof UnpricedSchema>

export const QuarantineSchema = z.object({
  count: z.number().int().describe('messages and records quarantined since the collector started'),
  agents: z.array(z.object({ agentId: z.string(), count: z.number().int() })),
  newest: z.array(
    z.object({
      at: time,
      agentId: z.string(),
      topic: z.string(),
      reason: z.string(),
      payload: z.string().describe('begin of the message'),
    }),
  ),
})
export type QuarantineView = z.infer<typeof QuarantineSchema>
