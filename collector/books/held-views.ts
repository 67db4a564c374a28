import { z } from 'zod'
import { HOLD_KINDS, HOLD_STATES } from '../plugin/held.ts'

/** What the API answers about held records, and about decisions on them. */

const time = z.iso.datetime()
const names = z.array(z.string())

const HeldGroupSchema = z.object({
  kind: z.enum(HOLD_KINDS),
  check: z
    .string()
    .describe('the check that holds them: work, energy, gpu-time, gpu-twice, tokens, coverage, meter ...'),
  agentId: z.string(),
  deviceId: z.string(),
  state: z.enum(HOLD_STATES),
  records: z.number().int(),
  from: time.describe('start of the first record'),
  to: time.describe('start of the last record'),
  reason: z.string().describe('of the newest record'),
})

export const HeldBackSchema = z.object({
  workload: z.string(),
  kind: z.enum(HOLD_KINDS),
  records: z.number().int(),
  revenueUsd: z.number().describe('what their work would earn by the prices of their minutes'),
  energyKwh: z.number().describe('their own energy'),
})
export type HeldBackView = z.infer<typeof HeldBackSchema>

export const HeldSchema = z.object({
  groups: z.array(HeldGroupSchema).describe('newest first'),
  open: z
    .array(HeldBackSchema)
    .describe('open holds of settled minutes in the time asked for, by workload and kind: what is held back'),
})
export type HeldView = z.infer<typeof HeldSchema>

export const DecisionSchema = z.object({
  verdict: z.enum(HOLD_STATES).describe('open: an earlier decision was taken back'),
  records: z.number().int().describe('holds that it was asked for'),
  shiftS: z.number().optional().describe('by so much their time was moved'),
  kinds: names.optional(),
  checks: names.optional(),
  agents: names.optional(),
  devices: names.optional(),
})
