import type { Interval, IntervalQuantity } from '../../protocol/interval.ts'

/**
 * The most that a ledger row can hold at any price that is known: whole nano-USD below 2^53. What a device can do is much less, and the
 * doubts' affair (`collector/doubts`): a record beyond that is kept, and waits for a person. One beyond this can't be kept.
 */
const MOST: Record<IntervalQuantity | 'coveredMs', number> = {
  coveredMs: 1e10,
  energyMilliJ: 1e15,
  workDiff1: 1e15,
  estimatedWorkDiff1: 1e15,
  hashrateWorkDiff1: 1e15,
  gpuMs: 1e12,
  busyGpuMs: 1e12,
  tokensIn: 1e11,
  tokensInCached: 1e11,
  tokensOut: 1e11,
  exportedMilliJ: 1e15,
}

/** Why a record can't be true, or undefined. */
export function recordFault(record: Interval): string | undefined {
  for (const [name, most] of Object.entries(MOST) as [keyof typeof MOST, number][]) {
    const value = record[name]
    if (value !== undefined && value > most)
      return `the record's ${name} is ${value}, more than ${most}: no row of the ledger can hold that`
  }
  return undefined
}
