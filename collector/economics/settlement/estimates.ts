import type { WorkloadOf } from '../workloads.ts'

/** Why the revenue of a payout scheme is an estimate; absent for FPPS, which pays each share its expected reward at once. */
export const ESTIMATES: Partial<Record<WorkloadOf<'mining'>['scheme'], string>> = {
  'pps+': 'PPS+: the transaction fees are an expected value, which the pool pays by the blocks that it finds',
  pplns: 'PPLNS: an expected value, which the pool pays on average',
  solo: 'solo: an expected value, paid only when a block is found',
}
