import { z } from 'zod'
import { unix } from './fields.ts'

/** The parts of the pipeline, in the direction of the data. What stops one stops those after it. */
export const PARTS = ['broker', 'agents', 'store', 'records', 'settling', 'prices'] as const
export type Part = (typeof PARTS)[number]

/** Something that stands still: what waits and does not move. */
export const StandstillSchema = z.object({
  part: z.enum(PARTS),
  kind: z.string().describe('the same for the same cause, for scripts'),
  what: z.string().describe('what stands still, in one line that names nobody'),
  sinceMs: unix.describe('when it last moved, Unix ms'),
  who: z.array(z.string()).optional().describe('the agents or prices, at most 20'),
  count: z.number().int().optional().describe('how many agents or prices'),
  waiting: z.number().int().optional().describe('records or minutes that wait'),
  cause: z.string(),
  cure: z.string().describe('what to do'),
})
export type Standstill = z.infer<typeof StandstillSchema>

/** One part of the pipeline, whether it moves or not. */
const PartViewSchema = z.object({
  part: z.enum(PARTS),
  standsStill: z.boolean(),
  count: z.number().int().describe('agents, prices, or 1'),
  waiting: z.number().int().describe('what waits to be moved'),
  movedMs: unix.optional().describe('when it last moved, Unix ms; absent: not since the start'),
})
export type PartView = z.infer<typeof PartViewSchema>

/** What stands still, and each part of the pipeline. */
export const StandingViewSchema = z.object({
  atMs: unix,
  standstills: z.array(StandstillSchema).describe('the first cause first; empty: everything moves'),
  parts: z.array(PartViewSchema),
})
export type StandingView = z.infer<typeof StandingViewSchema>
