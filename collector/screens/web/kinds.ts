import type { WorkloadKind, WorkloadView } from '../../views/workload.ts'

/** Kinds of workload in an operator's words. */
export const KINDS: Record<WorkloadKind, string> = {
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

/** kinds that never earn: their cost is no fault */
export const NEVER_EARNS: ReadonlySet<WorkloadKind> = new Set(['idle', 'overhead', 'unaccounted'])

const BUSINESSES: readonly { name: string; kinds: readonly WorkloadKind[] }[] = [
  { name: 'Mining', kinds: ['mining'] },
  { name: 'AI compute', kinds: ['gpu-hour', 'reserved', 'tokens'] },
  { name: 'Colocation', kinds: ['colocation'] },
]

/** What one of the site's businesses earns for the energy that it uses now. */
export interface Business {
  name: string
  powerW: number
  /** absent at zero energy */
  revenueUsdPerKwh?: number
}

/** Mining and AI side by side, known or not, and colocation where there is any. */
export function businessesOf(workloads: readonly WorkloadView[]): Business[] {
  return BUSINESSES.flatMap(({ name, kinds }) => {
    const own = workloads.filter((w) => kinds.includes(w.kind))
    if (own.length === 0 && name === 'Colocation') return []
    const powerW = own.reduce((sum, w) => sum + w.powerW, 0)
    const revenueUsdPerH = own.reduce((sum, w) => sum + w.revenueUsdPerH, 0)
    return [{ name, powerW, ...(powerW > 0 ? { revenueUsdPerKwh: (revenueUsdPerH * 1000) / powerW } : {}) }]
  })
}
