import { z } from 'zod'
import { unix } from './fields.ts'

/** Severities of alerts, most urgent first. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const
/** An alert as the API and the screens show it. */
export const AlertViewSchema = z.object({
  id: z.string().describe('the same from firing to resolved'),
  rule: z.string(),
  severity: z.enum(SEVERITIES),
  summary: z.string().describe('the problem in one line'),
  subject: z.object({
    agentId: z.string().optional(),
    deviceId: z.string().optional(),
    container: z.string().optional(),
    rack: z.string().optional(),
    workload: z.string().optional(),
    part: z
      .string()
      .optional()
      .describe('part of the collector that stands still, and how: `records/dropped`'),
    quote: z.string().optional().describe('name of a price or network figure'),
  }),
  sinceMs: unix,
  lossUsdPerHour: z.number().describe('estimated loss, USD per hour'),
})
export type AlertView = z.infer<typeof AlertViewSchema>
