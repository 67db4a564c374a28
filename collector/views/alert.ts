import { z } from 'zod'
import { unix } from './fields.ts'

export const SEVERITIES = ['critical', 'warning', 'info'] as const
export const AlertViewSchema = z.object({
  id: z.string().describe('stays the same from firing to resolved'),
  rule: z.string(),
  severity: z.enum(SEVERITIES),
  summary: z.string().describe('what is wrong, in one line'),
  subject: z.object({
    agentId: z.string().optional(),
    deviceId: z.string().optional(),
    container: z.string().optional(),
    rack: z.string().optional(),
    workload: z.string().optional(),
    quote: z.string().optional().describe('name of a price or network figure'),
  }),
  sinceMs: unix,
  lossUsdPerHour: z.number(),
})
export type AlertView = z.infer<typeof AlertViewSchema>
