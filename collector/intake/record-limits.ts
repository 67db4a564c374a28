import type { Interval, IntervalQuantity } from '../../protocol/interval.ts'

/**
 * Upper limits of one record, beyond any machine and beyond a counter read after a week: 1 GW for a quarter of an hour, 7 ZH/s,
 * 2,700 GPU-hours. A counter that jumped would otherwise become an amount that no ledger row can hold, and its minute could never
 * be settled.
 */
const MOST: Record<IntervalQuantity, number> = {
  energyMilliJ: 1e15,
  workDiff1: 1e14,
  estimatedWorkDiff1: 1e14,
  hashrateWorkDiff1: 1e14,
  gpuMs: 1e10,
  busyGpuMs: 1e10,
  tokensIn: 1e11,
  tokensInCached: 1e11,
  tokensOut: 1e11,
  exportedMilliJ: 1e15,
}

/** Why a record can't be true, or undefined. */
export function recordFault(record: Interval): string | undefined {
  for (const [name, most] of Object.entries(MOST) as [IntervalQuantity, number][]) {
    const value = record[name]
    if (value !== undefined && value > most)
      return `the record's ${name} is ${value}, more than ${most}: no machine does that`
  }
  return undefined
}
