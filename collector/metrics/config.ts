import { z } from 'zod'
import { MatchSchema } from '../economics/workloads.ts'

/** `metrics:` of the collector's configuration. */
export const MetricsSchema = z
  .strictObject({
    devices: z
      .union([z.boolean(), z.array(MatchSchema).min(1).max(100)])
      .default(false)
      .describe(
        'which devices have figures of their own on /metrics, eight series each: none (false), all (true), or those that match one of these rules; a rule is a set of facts (agent, device, kind, driver, model, container, rack, algorithm, tag.NAME), with * for any text',
      ),
  })
  .describe('what the page /metrics shows for Prometheus')

export type MetricsConfig = z.output<typeof MetricsSchema>
