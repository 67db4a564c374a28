import { ownerKey } from '../../protocol/owner.ts'
import { showQuantity } from '../../protocol/quantities.ts'
import { HASHES_PER_DIFF1 } from '../../protocol/units.ts'
import { withFaults } from './faults.ts'
import { type KnownExcess, LastingExcess } from './lasting-excess.ts'
import type { Reading } from './reading.ts'
import { WorkExcess } from './work-excess.ts'

/** Of so many shares that the hashrate stands for, fewer than this part accepted is no luck (Poisson: 1e-14). */
const SHARES_TO_MISS = 60
const MISSED_BELOW = 1 / 5
/** Over a longer time between two readings it is unknown whether the machine hashed. */
const LONGEST_MS = 15 * 60_000

/** What was counted, and what the hashrate stands for, in difficulty-1 shares. */
interface Window {
  counted: number
  hashed: number
  /** of what is counted at that hashrate: each share has the pool's difficulty of its time */
  variance: number
  seconds: number
}
const nothing = (): Window => ({ counted: 0, hashed: 0, variance: 0, seconds: 0 })

interface Mark {
  atMs: number
  hs: number
  /** 0 where it is unknown */
  expectedHs: number
  uptimeS: number
  /** accepted work by owner, or else shares */
  counts: ReadonlyMap<string, number>
  /** accepted shares; absent where they are not counted */
  accepted: number | undefined
}

/** What a session has learnt of its machine's counter. JSON. */
interface KnownWork {
  /** why it is not used; absent: it is */
  refused?: string
  /** what it has counted too much for hours; absent: nothing that says much */
  lasting?: KnownExcess
}

/**
 * Holds the work that pools accepted against the hashrate of the same miner. Too much of it is a counter of another thing, or in another
 * unit: it is not used. Too little is a hashrate that nobody pays for: it is absent, as no money may rest on it.
 */
export class WorkCheck {
  #last: Mark | undefined
  /** since when it is known to hash, or has hashed for its whole uptime: steady clock, ms */
  #hashesSinceMs = Number.NEGATIVE_INFINITY
  #window = nothing()
  /** of a share, when it was last told; 0: it was not */
  #difficulty = 0
  #excess: WorkExcess
  #refused: string | undefined
  /** why an earlier session refused the counter, until it has agreed for a whole window */
  #distrust: string | undefined
  #missed: string | undefined

  /** @param known what an earlier session has learnt, as `known` was; anything else is taken for nothing */
  constructor(known?: unknown) {
    const { refused, lasting } = (known ?? {}) as Partial<Record<keyof KnownWork, unknown>>
    this.#distrust = typeof refused === 'string' ? refused : undefined
    this.#excess = new WorkExcess(new LastingExcess(lasting))
  }

  /** What the next session should know; undefined: nothing. */
  get known(): KnownWork | undefined {
    const refused = this.#refused ?? this.#distrust
    if (refused !== undefined) return { refused }
    const { known: lasting } = this.#excess.lasting
    return lasting && { lasting }
  }

  /** The next reading is of another machine: it is not compared with those before. */
  forget(): void {
    this.#last = undefined
    this.#excess = new WorkExcess()
  }

  /** @param steadyMs of a monotonic clock */
  checked(reading: Reading, steadyMs: number): Reading {
    const { sample, counters, shares } = reading
    const isCounted = counters?.byOwner?.some(({ workDiff1 }) => workDiff1 !== undefined) === true
    const counts = countsOf(reading)
    const hs = Math.max(sample.hashrateHs ?? 0, sample.hashrateAvgHs ?? 0)
    if (sample.state !== 'hashing' || !sample.hashrateHs || !counts) {
      // an answer that is missing ends no comparison: the next one tells the work of that time too
      if (!missesAnswer(sample)) {
        this.#last = undefined
        this.#hashesSinceMs = Number.POSITIVE_INFINITY
      }
      const fault = this.#refused ?? this.#distrust
      return isCounted && fault ? withoutCounter(reading, fault) : reading
    }
    // one reading without it is no restart
    const uptimeS = sample.uptimeS ?? this.#last?.uptimeS ?? 0
    const { expectedHashrateHs = 0 } = reading.identity
    const mark = {
      atMs: steadyMs,
      hs,
      expectedHs: expectedHashrateHs,
      uptimeS,
      counts,
      accepted: shares?.accepted,
    }
    const held = this.#add(mark, isCounted ? 1 : (shares?.difficulty ?? 0), shares?.difficulty)
    const refused = this.#refused ?? this.#distrust
    if (refused && isCounted) return withoutCounter(reading, refused)
    if (refused) return { ...reading, sample: withFaults(sample, [refused]) }
    if (this.#missed) {
      const { hashrateHs: _, ...rest } = sample
      return { ...reading, sample: withFaults({ ...rest, state: 'faulty' }, [this.#missed]) }
    }
    return held && isCounted ? heldBack(reading) : reading
  }

  /**
   * @param unit difficulty-1 shares in one of the counts
   * @param difficulty of a share, where it is known
   * @returns whether so much work is hardly honest luck
   */
  #add(mark: Mark, unit: number, difficulty = 0): boolean {
    const last = this.#last
    this.#last = mark
    if (!last || isNewStart(last, mark)) {
      this.#begin(last, mark)
      return false
    }
    const seconds = (mark.atMs - last.atMs) / 1000
    const hs = Math.max(mark.hs, last.hs)
    const hashed = (hs * seconds) / HASHES_PER_DIFF1
    const work = growthOf(last.counts, mark.counts) * unit
    if (difficulty > 0) this.#difficulty = difficulty
    if (this.#difficulty > 0) {
      this.#window.counted += work
      this.#window.hashed += hashed
      this.#window.variance += hashed * this.#difficulty
      this.#window.seconds += seconds
      this.#judgeMissed()
    }
    const shares = Math.max(0, (mark.accepted ?? 0) - (last.accepted ?? mark.accepted ?? 0))
    const hashingS = (mark.atMs - this.#hashesSinceMs) / 1000
    const { held, refused, agreed } = this.#excess.add({
      work,
      shares,
      seconds,
      hs,
      expectedHs: mark.expectedHs,
      hashingS,
    })
    if (agreed) this.#distrust = undefined
    if (refused)
      this.#refused ??= `its pools accepted ${inHs(refused.counted, refused.seconds)} by its counter while it hashes with ${inHs(refused.hashed, refused.seconds)}, so the counter is of something else and is not used; its work is estimated from the hashrate: check the algorithm and the share difficulty`
    return held
  }

  /** A new beginning: what was counted before is not compared with later readings. */
  #begin(last: Mark | undefined, mark: Mark): void {
    const fell = last && (mark.uptimeS < last.uptimeS || mark.atMs - last.atMs > LONGEST_MS)
    // at the first reading the machine has hashed for its uptime, as far as is known; else it starts now
    if (this.#hashesSinceMs === Number.NEGATIVE_INFINITY)
      this.#hashesSinceMs = mark.atMs - 1000 * mark.uptimeS
    else if (!last || fell) this.#hashesSinceMs = mark.atMs
    this.#window = nothing()
    this.#excess = new WorkExcess(this.#excess.lasting)
  }

  #judgeMissed(): void {
    const { counted, hashed, variance, seconds } = this.#window
    // as so many shares of one size it varies: where the difficulty changes, the large ones decide
    if (hashed * hashed < SHARES_TO_MISS * variance || hashed === 0) return
    // of a pool that accepts nothing at all the share watch tells earlier (agent/polling/share-watch.ts)
    this.#missed =
      counted > 0 && counted < MISSED_BELOW * hashed
        ? `shows ${inHs(hashed, seconds)} but its pools accepted only ${inHs(counted, seconds)} of it; check the rejected shares, and the unit of the hashrate on the machine’s own page`
        : undefined
    this.#window = nothing()
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

/** Whether it hashes, or may hash, as far as its answers tell. */
const missesAnswer = ({ state, hashrateHs }: Reading['sample']): boolean =>
  state === 'unknown' || (state === 'hashing' && !!hashrateHs)

/** A restart, another machine, or a time too long to know. */
function isNewStart(last: Mark, now: Mark): boolean {
  const falls = [...now.counts].some(([owner, count]) => count < (last.counts.get(owner) ?? 0))
  return falls || now.uptimeS < last.uptimeS || now.atMs - last.atMs > LONGEST_MS
}

/** An owner that appears brings its past along, so it counts from the next reading on. */
const growthOf = (before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number =>
  [...now].reduce((sum, [owner, count]) => sum + Math.max(0, count - (before.get(owner) ?? count)), 0)

const inHs = (diff1: number, seconds: number): string =>
  showQuantity('hashrateHs', (diff1 * HASHES_PER_DIFF1) / seconds / 1e12).replace('H/s', 'TH/s')

function heldBack(reading: Reading): Reading {
  const { counters, ...rest } = reading
  const { byOwner: _, ...others } = counters ?? {}
  return { ...rest, ...(Object.keys(others).length > 0 && { counters: others }) }
}

/** Its work is estimated instead; what the ledger keeps of the counter is forgotten. */
export function withoutCounter(reading: Reading, fault: string): Reading {
  const held = heldBack(reading)
  return {
    ...held,
    counters: { ...held.counters, refused: [...(held.counters?.refused ?? []), 'work'] },
    uncountedWork: true,
    sample: withFaults(held.sample, [fault]),
  }
}
