import { ownerKey } from '../../protocol/owner.ts'
import type { OwnerCounters } from '../plugin/reading.ts'

/** The quantities that a machine counts for each owner. */
export const OWNER_QUANTITIES = ['workDiff1', 'tokensIn', 'tokensInCached', 'tokensOut'] as const
export type OwnerQuantity = (typeof OWNER_QUANTITIES)[number]

/** Between an owner's key and the name of his counter: no name has it. */
export const NAMED = '\u0000'

/**
 * Each owner's counters by its key, and by the counter's name where it has one. Several counters of one owner without a name, such as a
 * pool that is configured twice, count as their sum.
 */
export function sumByOwner(counters: readonly OwnerCounters[]): Map<string, OwnerCounters> {
  const sums = new Map<string, OwnerCounters>()
  for (const c of counters) {
    const key = ownerKey(c.owner) + (c.counter === undefined ? '' : NAMED + c.counter)
    const sum: OwnerCounters = sums.get(key) ?? { owner: c.owner }
    for (const quantity of OWNER_QUANTITIES) {
      const value = c[quantity]
      if (value !== undefined) sum[quantity] = (sum[quantity] ?? 0) + value
    }
    sums.set(key, sum)
  }
  return sums
}
