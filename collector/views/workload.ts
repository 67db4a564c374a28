import { z } from 'zod'
import { WORKLOAD_KINDS } from '../economics/workloads.ts'
import { EarningSchema, stale } from './fields.ts'
import { LedgerFigureSchema } from './ledger-figure.ts'

/** A workload now: earnings, work and its newest minute in the ledger. */
export const WorkloadViewSchema = EarningSchema.extend({
  workload: z.string(),
  kind: z.enum(WORKLOAD_KINDS),
  estimatedPowerW: z
    .number()
    .optional()
    .describe(
      'W of powerW that neither a meter nor the machine measured: split, estimated, by model or by rating; absent: none',
    ),
  devices: z.number().int().describe('number of devices that work for it now, at least in part'),
  hashrateHs: z.number().optional().describe('H/s'),
  gpusHeld: z.number().optional().describe('GPUs held; shares of a GPU add up'),
  tokensInPerS: z.number().optional().describe('input tokens per second'),
  tokensOutPerS: z.number().optional().describe('output tokens per second'),
  stale,
  lastMinute: LedgerFigureSchema.optional().describe('the newest settled minute, from the ledger'),
})
export type WorkloadView = z.infer<typeof WorkloadViewSchema>
export type WorkloadKind = WorkloadView['kind']
