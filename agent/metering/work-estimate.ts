import { type Holder, isUnknownPool, ownerKey } from '../../protocol/owner.ts'
import { MOST_HASHRATE_HS } from '../../protocol/quantities.ts'
import { apportion, workDiff1OfHashrate } from '../../protocol/units.ts'
import type { Reading } from '../plugin/reading.ts'
import type { LastReading } from './last-reading.ts'
import type { OwnerAmount } from './owner-meter.ts'
import { type Shown, type UnseenState, UnseenWork } from './unseen-work.ts'

/** The pools of a machine that counts its work, as they were when it last told its counters. */
interface KnownWork {
  holders: readonly Holder[]
  /** part of the hashrate that is paid, 0 to 1 */
  paidRatio: number
}

/** Kept on disk as JSON in the spool's checkpoint. */
export interface WorkEstimateState {
  /** fraction of a difficulty-1 share that the last estimate left over */
  carry: number
  /** what was estimated for owners whose counter is not seen */
  ahead: UnseenState[]
  known?: KnownWork
}

/** Which owners a counter counts, at one reading. */
interface Counted {
  /** Unix ms */
  atMs: number
  /** keys of those whose counter gave the growth of the same time */
  grown: ReadonlySet<string>
  /** keys of those that have had a counter */
  counting: ReadonlySet<string>
}

/** Which counters this reading lacks, for which the work waits. */
interface Missing extends Omit<Counted, 'counting'> {
  /** keys of the owners whose counter it tells, also where that counter’s value is not used yet; undefined: it tells none */
  told: ReadonlySet<string> | undefined
}

/**
 * The work that no counter tells: hashrate x accepted part of the shares x time, in whole difficulty-1 shares. For a machine whose API has
 * no counter it is booked at once. For one that counts, and whose counter is missing now, it waits for the counter. By `UnseenWork` no
 * work is paid twice, or lost.
 */
export class WorkEstimate {
  #carry: number
  #known: KnownWork | undefined
  readonly #unseen: UnseenWork

  constructor(state?: WorkEstimateState) {
    this.#carry = state?.carry ?? 0
    this.#known = state?.known
    this.#unseen = new UnseenWork(state?.ahead)
  }

  get state(): WorkEstimateState {
    return {
      carry: this.#carry,
      ahead: this.#unseen.state,
      ...(this.#known && { known: this.#known }),
    }
  }

  clockSet(stepMs: number): void {
    this.#unseen.clockSet(stepMs)
  }

  /** The machine has restarted: its counters begin after what is estimated until now. */
  restarted(): void {
    this.#unseen.restarted()
  }

  /** What the counters showed at a reading, as it is to be booked. */
  settle(shown: Shown): OwnerAmount[] {
    return this.#unseen.settle(shown)
  }

  /** Remembers the pools of a machine that tells its counters. */
  note({ sample, counters }: Reading): void {
    const isCounted = counters?.byOwner?.some(({ workDiff1 }) => workDiff1 !== undefined)
    const { holders = [], paidRatio = 1 } = sample
    if (isCounted && holders.length > 0 && !holders.some(({ owner }) => isUnknownPool(owner)))
      this.#known = { holders, paidRatio }
  }

  /** What has waited for a counter for too long, Unix ms. */
  overdue(atMs: number): OwnerAmount[] {
    return this.#unseen.overdue(atMs)
  }

  /** The counters are another machine's, or are not used any more. @returns what waited for them */
  end(): OwnerAmount[] {
    this.#known = undefined
    return this.#unseen.end()
  }

  /** The work between two readings of a machine without a counter, by owner. It depends on the earlier reading alone, as the holders do. */
  between(
    { sample, estimate }: LastReading,
    elapsedMs: number,
    { atMs, grown, counting }: Counted,
  ): OwnerAmount[] {
    const hashrateHs = possible(sample.hashrateHs)
    if (!estimate || !hashrateHs) return []
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
      if (counting.has(ownerKey(owner))) this.#unseen.add(owner, amount, atMs, true)
      return { owner, quantity: 'estimatedWorkDiff1', amount }
    })
  }

  /**
   * Takes the work between two readings of a machine that counts, for the owners whose counter this reading lacks. It waits for the counter.
   * @returns what has waited for too long
   */
  wait(
    { sample, estimate }: LastReading,
    elapsedMs: number,
    { atMs, grown, told: counters }: Missing,
  ): OwnerAmount[] {
    const hashrateHs = possible(sample.hashrateHs)
    const { holders: told = this.#known?.holders ?? [] } = sample
    const holders = told.some(({ owner }) => isUnknownPool(owner)) ? (this.#known?.holders ?? []) : told
    // also what waited before its work was estimated, or before it slept, is overdue one day
    if (estimate || !hashrateHs || !this.#known) return this.#unseen.overdue(atMs)
    for (const { owner, share } of holders) {
      // a list that is told without this owner is no missing answer
      if (grown.has(ownerKey(owner)) || counters?.has(ownerKey(owner)) === false) continue
      const paidHs = hashrateHs * this.#known.paidRatio * share
      this.#unseen.add(owner, workDiff1OfHashrate(paidHs, elapsedMs / 1000), atMs, false)
    }
    return this.#unseen.overdue(atMs)
  }
}

/** A hashrate that no machine has is none. */
const possible = (hashrateHs = 0): number =>
  hashrateHs > 0 && hashrateHs <= MOST_HASHRATE_HS ? hashrateHs : 0
