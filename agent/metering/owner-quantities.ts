import { ownerKey } from '../../protocol/owner.ts'
import type { OwnerCounters } from '../plugin/reading.ts'

/** The quantities that a machine counts for each owner. */
export const OWNER_QUANTITIES = ['workDiff1', 'tokensIn', 'tokensInCached', 'tokensOut'] as const
export type OwnerQuantity = (typeof OWNER_QUANTITIES)[number]

/** Each owner's counters by its key. Several counters of one owner, such as a pool that is configured twice, count as their sum. */
export function sumByOwner(counters: readonly OwnerCounters[]): Map<string, OwnerCounters> {
  const sums = new Map<string, OwnerCounters>()
  for (const c of counters) {
    const key = ownerKey(c.owner)
    const sum: OwnerCounters = sums.get(key) ?? { owner: c.owner }
    for (const quantity of OWNER_QUANTITIES) {
      const value = c[quantity]
      if (value !== undefined) sum[quantity] = (sum[quantity] ?? 0) + value
    }
    sums.set(key, sum)
  }
  return sums
}
