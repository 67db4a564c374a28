import { ownerKey } from '../../protocol/owner.ts'
import { MOST_HASHRATE_HS } from '../../protocol/quantities.ts'
import { apportion, HOUR_MS, workDiff1OfHashrate } from '../../protocol/units.ts'
import type { LastReading } from './last-reading.ts'
import type { OwnerAmount } from './owner-meter.ts'

/** Kept on disk as JSON in the spool's checkpoint. */
export interface WorkEstimateState {
  /** fraction of a difficulty-1 share that the last estimate left over */
  carry: number
  ahead: Ahead[]
}

/** What was estimated for an owner since its counter of work was last seen; the counter's next growth includes it. */
interface Ahead {
  owner: string
  workDiff1: number
  /** time of the last estimate, Unix ms */
  atMs: number
}

/** Which owners a counter counts, at one reading. */
interface Counted {
  /** Unix ms */
  atMs: number
  grown: ReadonlySet<string>
  counting: ReadonlySet<string>
}

/** A counter that returns later than this is another firmware's: its growth does not include what was estimated. */
const AHEAD_KEPT_MS = HOUR_MS

/**
 * The work of a machine whose API has no counter of it: hashrate x accepted part of the shares x time, in whole difficulty-1
 * shares. Where a counter of the same owner returns (another interface of the machine was away), its growth is reduced by what
 * was estimated meanwhile, so that no work is paid twice.
 */
export class WorkEstimate {
  #carry: number
  readonly #ahead: Map<string, Ahead>

  constructor(state?: WorkEstimateState) {
    this.#carry = state?.carry ?? 0
    this.#ahead = new Map(state?.ahead.map((a) => [a.owner, { ...a }]))
  }

  get state(): WorkEstimateState {
    return { carry: this.#carry, ahead: [...this.#ahead.values()].map((a) => ({ ...a })) }
  }

  clockSet(stepMs: number): void {
    for (const ahead of this.#ahead.values()) ahead.atMs += stepMs
  }

  /** Takes what was estimated since from the growth of counters. @param atMs time of the reading, Unix ms */
  reduce(amounts: readonly OwnerAmount[], atMs: number): OwnerAmount[] {
    if (this.#ahead.size === 0) return [...amounts]
    return amounts.map((a) => {
      const key = ownerKey(a.owner)
      const ahead = this.#ahead.get(key)
      if (a.quantity !== 'workDiff1' || !ahead) return a
      const taken = atMs - ahead.atMs < AHEAD_KEPT_MS ? Math.min(a.amount, ahead.workDiff1) : ahead.workDiff1
      ahead.workDiff1 -= taken
      if (ahead.workDiff1 <= 0) this.#ahead.delete(key)
      return atMs - ahead.atMs < AHEAD_KEPT_MS ? { ...a, amount: a.amount - taken } : a
    })
  }

  /**
   * The work between two readings, by owner. It depends on the earlier reading alone, as the holders do.
   * @param of `grown`: keys of the owners whose counter gave the growth of the same time; `counting`: of those that have had a counter
   */
  between(
    { sample, estimate }: LastReading,
    elapsedMs: number,
    { atMs, grown, counting }: Counted,
  ): OwnerAmount[] {
    const { hashrateHs = 0 } = sample
    if (!estimate || !(hashrateHs > 0) || hashrateHs > MOST_HASHRATE_HS) return []
    const holders = estimate.holders.filter(({ owner, share }) => share > 0 && !grown.has(ownerKey(owner)))
    const share = holders.reduce((sum, h) => sum + h.share, 0)
    const exact = workDiff1OfHashrate(hashrateHs * estimate.paidRatio * share, elapsedMs / 1000) + this.#carry
    const whole = Math.floor(exact)
    this.#carry = exact - whole
    const parts = apportion(
      whole,
      holders.map((h) => h.share),
    )
    return holders.map(({ owner }, i) => {
      const amount = parts[i] ?? 0
      const key = ownerKey(owner)
      if (counting.has(key)) this.#note(key, amount, atMs)
      return { owner, quantity: 'estimatedWorkDiff1', amount }
    })
  }

  #note(owner: string, amount: number, atMs: number): void {
    const workDiff1 = (this.#ahead.get(owner)?.workDiff1 ?? 0) + amount
    this.#ahead.set(owner, { owner, workDiff1, atMs })
  }
}
