import { z } from 'zod'
import { EarningSchema } from './fields.ts'
import { LedgerFigureSchema } from './ledger-figure.ts'

export const WORKLOAD_KINDS = [
  'mining',
  'gpu-hour',
  'reserved',
  'tokens',
  'colocation',
  'fixed',
  'idle',
  'overhead',
  'unaccounted',
] as const
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number]

export const WorkloadViewSchema = EarningSchema.extend({
  workload: z.string(),
  kind: z.enum(WORKLOAD_KINDS),
  devices: z.number().int().describe('devices that work for it now, at least in part'),
  hashrateHs: z.number().optional(),
  gpusHeld: z.number().optional(),
  tokensInPerS: z.number().optional(),
  tokensOutPerS: z.number().optional(),
  lastMinute: LedgerFigureSchema.optional().describe('the newest settled minute, from the ledger'),
})
export type WorkloadView = z.infer<typeof WorkloadViewSchema>
