import type { Repricing } from './audit-store.ts'
import type { Decision, HeldBackBucket, HeldFilter, HeldGroup, HeldMark, HeldRecord } from './held.ts'

/** The part of the store that keeps held records. `Store.intervals` and every ledger sum leave them out until they are accepted. */
/** The limit of whoever reads all held records of a time: there can't be more. */
export const ALL_HELD = 10_000_000

export interface HeldStore {
  /** Rises with each change of holds, or of what they are worth, that is made through this store: what was read before it is old. */
  readonly heldVersion: number
  /** Holds records that are stored already, or will be. A hold whose key is there changes nothing, also where it is decided. */
  hold(marks: readonly HeldMark[]): Promise<void>
  /** At most `limit`, oldest record first. */
  held(filter: HeldFilter, limit: number): Promise<HeldRecord[]>
  /** At most `limit` groups, the newest first; the reason is that of the group's newest record. */
  heldGroups(filter: HeldFilter, limit: number): Promise<HeldGroup[]>
  /**
   * Carries out the decision of a repricing on the holds that match, and keeps the repricing. Asked again after a crash, it does what
   * is left. Settling the minutes is the repricer's.
   */
  decide(repricing: Repricing & { decision: Decision }): Promise<void>
  /** UTC minutes at or after `fromMs` with holds whose last decision is this, oldest first, at most `limit`. */
  decidedMinutes(repricingId: string, fromMs: number, limit: number): Promise<number[]>
  /** Open holds of settled minutes in [fromMs, toMs), by buckets at multiples of `stepMs`, in order of time, workload and kind. */
  heldBack(fromMs: number, toMs: number, stepMs: number): Promise<HeldBackBucket[]>
}
