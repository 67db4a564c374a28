import type { WorkloadKind, WorkloadView } from '../../../views/workload.ts'
import { isEstimated } from './estimated.ts'

/** Names of the kinds of workload for an operator. */
export const KIND_NAMES: Record<WorkloadKind, string> = {
  mining: 'mining',
  'gpu-hour': 'GPU hours',
  reserved: 'reserved GPUs',
  tokens: 'tokens',
  colocation: 'colocation',
  fixed: 'fixed fee',
  idle: 'earns nothing',
  overhead: 'cooling, losses, network',
  unaccounted: 'meters that disagree',
}

/** Kinds that never earn: their cost is no loss to warn of. */
export const NEVER_EARNS: ReadonlySet<WorkloadKind> = new Set(['idle', 'overhead', 'unaccounted'])

const BUSINESSES: readonly { name: string; kinds: readonly WorkloadKind[] }[] = [
  { name: 'Mining', kinds: ['mining'] },
  { name: 'AI compute', kinds: ['gpu-hour', 'reserved', 'tokens'] },
  { name: 'Colocation', kinds: ['colocation'] },
]

/** Mining, AI compute or colocation: its power and earnings now. */
export interface Business {
  name: string
  powerW: number
  /** absent without power */
  revenueUsdPerKwh?: number
  /** true: a part of the above rests on an estimate */
  isEstimated: boolean
}

/** Mining and AI compute, even without workloads, and colocation if there is any. */
export function businessesOf(workloads: readonly WorkloadView[]): Business[] {
  return BUSINESSES.flatMap(({ name, kinds }) => {
    const own = workloads.filter((w) => kinds.includes(w.kind))
    if (own.length === 0 && name === 'Colocation') return []
    const powerW = own.reduce((sum, w) => sum + w.powerW, 0)
    const revenueUsdPerH = own.reduce((sum, w) => sum + w.revenueUsdPerH, 0)
    return [
      {
        name,
        powerW,
        isEstimated: own.some(isEstimated),
        ...(powerW > 0 ? { revenueUsdPerKwh: (revenueUsdPerH * 1000) / powerW } : {}),
      },
    ]
  })
}
