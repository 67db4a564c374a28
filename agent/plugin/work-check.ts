import { ownerKey } from '../../protocol/owner.ts'
import { showQuantity } from '../../protocol/quantities.ts'
import { HASHES_PER_DIFF1 } from '../../protocol/units.ts'
import { withFaults } from './faults.ts'
import type { Reading } from './reading.ts'

/** A hashrate of a few seconds is no exact measure: up to this multiple of it nothing is doubted. */
const DOUBTED_FROM = 2
/** Pools accept shares late, after an interruption in one go: work of so long before the window may be in it. */
const LATE_S = 120
/** A counter is left out while honest luck is rarer than this. Nothing is lost by that: when it comes back, it includes the time. */
const HELD_BELOW = 0.02
/** It is refused for the rest of the session where honest luck is rarer than this, after so many polls in which it grew. */
const REFUSED_BELOW = 1e-12
const GROWN_TO_REFUSE = 4
/** Of so many shares that the hashrate stands for, fewer than this part accepted is no luck (Poisson: 1e-14). */
const SHARES_TO_MISS = 60
const MISSED_BELOW = 1 / 5
/** A window is judged afresh after so many polls in which the counter grew: a later contradiction must not drown in it. */
const GROWN_IN_WINDOW = 60
/** Over a longer time between two readings it is unknown whether the machine hashed. */
const LONGEST_MS = 15 * 60_000

/** What was counted, and what the hashrate stands for, in difficulty-1 shares. */
interface Window {
  counted: number
  hashed: number
  /** in shares of the pool's difficulty; 0 while that is unknown */
  hashedShares: number
  seconds: number
  /** polls in which the counter grew */
  grown: number
  last: Mark
}

interface Mark {
  atMs: number
  hs: number
  uptimeS: number
  /** accepted work by owner, or else shares */
  counts: ReadonlyMap<string, number>
}

/**
 * Holds the work that pools accepted against the hashrate of the same miner. Too much of it is a counter of another thing, or in another
 * unit: it is not used. Too little is a hashrate that nobody pays for: it is absent, as no money may rest on it.
 */
export class WorkCheck {
  #window: Window | undefined
  #refused: string | undefined
  #missed: string | undefined

  /** @param steadyMs of a monotonic clock */
  checked(reading: Reading, steadyMs: number): Reading {
    const { sample, counters } = reading
    const isCounted = counters?.byOwner?.some(({ workDiff1 }) => workDiff1 !== undefined) === true
    const counts = countsOf(reading)
    const hs = Math.max(sample.hashrateHs ?? 0, sample.hashrateAvgHs ?? 0)
    if (sample.state !== 'hashing' || !sample.hashrateHs || !counts) {
      this.#window = undefined
      return isCounted && this.#refused ? withoutCounter(reading, this.#refused) : reading
    }
    const mark = { atMs: steadyMs, hs, uptimeS: sample.uptimeS ?? 0, counts }
    const luck = this.#add(
      mark,
      isCounted ? 1 : (reading.shares?.difficulty ?? 0),
      reading.shares?.difficulty,
    )
    if (this.#refused && isCounted) return withoutCounter(reading, this.#refused)
    if (this.#refused) return { ...reading, sample: withFaults(sample, [this.#refused]) }
    if (this.#missed) {
      const { hashrateHs: _, ...rest } = sample
      return { ...reading, sample: withFaults({ ...rest, state: 'faulty' }, [this.#missed]) }
    }
    return luck < HELD_BELOW && isCounted ? heldBack(reading) : reading
  }

  /**
   * @param unit difficulty-1 shares in one of the counts
   * @param difficulty of a share, where it is known
   * @returns how likely so much work is by honest luck; 1: nothing speaks against it
   */
  #add(mark: Mark, unit: number, difficulty = 0): number {
    const window = this.#window
    if (!window || isNewStart(window.last, mark) || window.grown >= GROWN_IN_WINDOW) {
      this.#window = { counted: 0, hashed: 0, hashedShares: 0, seconds: 0, grown: 0, last: mark }
      return 1
    }
    const seconds = (mark.atMs - window.last.atMs) / 1000
    const hashed = (Math.max(mark.hs, window.last.hs) * seconds) / HASHES_PER_DIFF1
    const grown = growthOf(window.last.counts, mark.counts) * unit
    window.counted += grown
    window.hashed += hashed
    window.hashedShares += difficulty > 0 ? hashed / difficulty : 0
    window.seconds += seconds
    if (grown > 0) window.grown++
    window.last = mark
    this.#judge(window, mark.hs)
    return likelihood(window, window.hashed)
  }

  #judge(window: Window, hs: number): void {
    const { counted, hashed, hashedShares, seconds, grown } = window
    const lateDiff1 = (hs * LATE_S) / HASHES_PER_DIFF1
    if (grown >= GROWN_TO_REFUSE && likelihood(window, hashed + lateDiff1) < REFUSED_BELOW)
      this.#refused ??= `its pools accepted ${inHs(counted, seconds)} by its counter while it hashes with ${inHs(hashed, seconds)}, so the counter is of something else and is not used; its work is estimated from the hashrate: check the algorithm and the share difficulty`
    if (hashedShares < SHARES_TO_MISS) return
    // of a pool that accepts nothing at all the share watch tells earlier (agent/polling/share-watch.ts)
    this.#missed =
      counted > 0 && counted < MISSED_BELOW * hashed
        ? `shows ${inHs(hashed, seconds)} but its pools accepted only ${inHs(counted, seconds)} of it; check the rejected shares, and the unit of the hashrate on the machine’s own page`
        : undefined
    this.#window = undefined
  }
}

/** Accepted work by owner; else accepted shares where a share's difficulty is known. */
function countsOf({ counters, shares }: Reading): ReadonlyMap<string, number> | undefined {
  const work = counters?.byOwner?.flatMap(({ owner, workDiff1 }) =>
    workDiff1 === undefined ? [] : [[ownerKey(owner), workDiff1] as const],
  )
  if (work?.length) return new Map(work)
  return shares?.difficulty ? new Map([['shares', shares.accepted]]) : undefined
}

/** A restart, another machine, or a time too long to know. */
function isNewStart(last: Mark, now: Mark): boolean {
  const falls = [...now.counts].some(([owner, count]) => count < (last.counts.get(owner) ?? 0))
  return falls || now.uptimeS < last.uptimeS || now.atMs - last.atMs > LONGEST_MS
}

/** An owner that appears brings its past along, so it counts from the next reading on. */
const growthOf = (before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number =>
  [...now].reduce((sum, [owner, count]) => sum + Math.max(0, count - (before.get(owner) ?? count)), 0)

/**
 * How likely it is that a machine twice as fast has so much accepted. Each poll in which the counter grew stands for one share of the
 * mean size: there are at least so many, and with more the true likelihood is smaller.
 */
function likelihood({ counted, grown }: Window, hashed: number): number {
  if (grown === 0 || counted <= DOUBTED_FROM * hashed) return 1
  return atLeast(grown, (DOUBTED_FROM * grown * hashed) / counted)
}

/** P(N >= n) of a Poisson distribution, for a mean below n. */
function atLeast(n: number, mean: number): number {
  let term = Math.exp(-mean)
  for (let k = 1; k <= n; k++) term *= mean / k
  let sum = 0
  for (let k = n; term > 1e-18 * (sum || 1e-300) && k < n + 200; k++) {
    sum += term
    term *= mean / (k + 1)
  }
  return Math.min(1, sum)
}

const inHs = (diff1: number, seconds: number): string =>
  showQuantity('hashrateHs', (diff1 * HASHES_PER_DIFF1) / seconds / 1e12).replace('H/s', 'TH/s')

function heldBack(reading: Reading): Reading {
  const { counters, ...rest } = reading
  const { byOwner: _, ...others } = counters ?? {}
  return { ...rest, ...(Object.keys(others).length > 0 && { counters: others }) }
}

/** Its work is estimated instead; what the ledger keeps of the counter is forgotten. */
function withoutCounter(reading: Reading, fault: string): Reading {
  const held = heldBack(reading)
  return {
    ...held,
    counters: { ...held.counters, refused: [...(held.counters?.refused ?? []), 'work'] },
    uncountedWork: true,
    sample: withFaults(held.sample, [fault]),
  }
}
