import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { ProvenRate } from './proven-rate.ts'

/** What one server can do at most. */
export interface Pace {
  /** units per s */
  mostPerS: number
  /** units that may show at once, as they were worked on before and are counted when they are finished */
  atOnce: number
}

/** What is known beside a counter's value. */
export interface Beside {
  /** when what it counts began, by the clock of its readings; absent: not told */
  startedMs?: number | undefined
  /** true: it is the same process as before for certain, so growth is held only against what one server can do */
  isSure?: boolean
  /** true: another counter of the same page has leapt, so nothing is allowed at once */
  isDoubted?: boolean
}

/**
 * `goes-on`: its growth, or its new start, is true. `held`: nothing is known of it at this reading. `first-held`: the same, of the first
 * such reading. `from-first`: it counts from what it showed at that first one. `from-here`: it counts from what it shows now.
 */
export type Verdict = 'goes-on' | 'held' | 'first-held' | 'from-first' | 'from-here'

interface Shown {
  value: number
  atMs: number
}

/** Growth is held against this many times the fastest rate that was proven: for a while, and over a longer time. */
const [HARDER, HARDER_MS, LONG_HARDER] = [10, MINUTE_MS, 2]
/** The same of a counter beside one that has leapt, where no rate is proven, units per s. */
const DOUBTED_PER_S = 500
/** What leapt goes on for this long, and so many readings, at this part of the leap's rate, if it was work: also without its largest step. */
const [WORKS_MS, WORKS_READINGS, WORKS_PART] = [MINUTE_MS, 3, 1 / 4]
/** A page that was kept somewhere, and shown again, is gone after this time. */
const KEPT_MS = 2 * MINUTE_MS
/** A leap that was refused is told until then. */
const TOLD_MS = 10 * MINUTE_MS
/** What a counter can show after a new start: so much whatever it showed before; at least; and per s. */
const [BEGINS_SMALL, BEGINS_AT, BEGINS_PER_S] = [500, 20_000, 1_000]
/** A counter that is back where it was has grown by so many times less than it leapt. */
const [RETURNS_BY, RETURNS_MS] = [10, 24 * HOUR_MS]

/** Whether a counter without a start time may have begun since it was not there. */
export const canBeYoung = (value: number): boolean => value <= BEGINS_AT

/** The most that can be counted in a time. */
export const mostIn = (ms: number, { mostPerS, atOnce }: Pace): number =>
  (mostPerS * Math.max(0, ms)) / 1000 + atOnce

/** The most that a proven rate grows to in a time, without what is counted at once. */
export const mostAt = (provenPerS: number, ms: number): number =>
  (HARDER * provenPerS * Math.min(ms, HARDER_MS) + LONG_HARDER * provenPerS * Math.max(0, ms - HARDER_MS)) /
  1000

/**
 * One counter that may be another server's at any reading, or a kept page's: what it grows by is held against the time. A leap is kept
 * back for a minute, and is work if the counter then goes on so; else counting begins where it leapt to. A fall that no new start explains is
 * kept back for two minutes, and counting begins where it fell to, if it stays there.
 */
export class WatchedCounter {
  readonly #pace: Pace
  /** the last value that was accepted */
  #last: Shown
  /** the last value */
  #shown: Shown
  #odd: (Shown & { leaptPerS?: number }) | undefined
  /** since the leap: how many readings, and the largest growth between two of them */
  #since = { readings: 0, largest: 0 }
  /** what it showed before it started again */
  #fellFrom: Shown | undefined
  #leapToldMs = Number.NEGATIVE_INFINITY
  readonly #proven: ProvenRate

  /** @param provenPerS what an earlier run has proven of it, units per s */
  constructor(value: number, atMs: number, pace: Pace, provenPerS = 0) {
    this.#pace = pace
    this.#proven = new ProvenRate(provenPerS)
    this.#last = this.#shown = { value, atMs }
  }

  /** The last value that was accepted. */
  get lastValue(): number {
    return this.#last.value
  }

  /** For the next run: the last value that was accepted, when that was, and the proven rate per s. */
  get state(): [value: number, atMs: number, provenPerS: number] {
    return [this.#last.value, this.#last.atMs, this.#proven.perS ?? 0]
  }

  /** Whether it has leapt lately by more than was accepted. */
  hasLeapt(nowMs: number): boolean {
    return nowMs - this.#leapToldMs < TOLD_MS
  }

  /** Whether it shows more than can have been added since the last value that was accepted. */
  leaps(value: number, atMs: number, beside: Beside): boolean {
    return value > this.#last.value && !this.#isPossible(this.#last, { value, atMs }, beside)
  }

  /** @param value finite, at least 0 */
  take(value: number, atMs: number, beside: Beside): Verdict {
    const now = { value, atMs }
    this.#prove(now)
    if (value < this.#last.value) return this.#fallen(now, beside)
    if (this.#isBack(now)) {
      this.#fellFrom = undefined
      return this.#accept(now, 'from-here')
    }
    return this.#grown(now, beside)
  }

  #prove(now: Shown): void {
    const { readings, largest } = this.#since
    this.#since = { readings: readings + 1, largest: Math.max(largest, now.value - this.#shown.value) }
    if (now.value < this.#shown.value) this.#proven.interrupted()
    else this.#proven.took(now.value - this.#shown.value, now.atMs - this.#shown.atMs)
    this.#shown = now
  }

  #grown(now: Shown, beside: Beside): Verdict {
    const odd = this.#odd
    const isPossible = this.#isPossible(this.#last, now, beside)
    if (odd?.leaptPerS === undefined || now.value < odd.value)
      return isPossible ? this.#accept(now) : this.#leap(now)
    const ms = now.atMs - odd.atMs
    const { readings, largest } = this.#since
    if (ms < WORKS_MS || readings < WORKS_READINGS) return 'held'
    if (((now.value - odd.value - largest) * 1000) / ms >= WORKS_PART * odd.leaptPerS)
      return this.#accept(now)
    this.#leapToldMs = now.atMs
    return this.#accept(odd, 'from-first')
  }

  #leap(now: Shown): Verdict {
    const s = Math.max(1, now.atMs - this.#last.atMs) / 1000
    this.#since = { readings: 0, largest: 0 }
    this.#odd = { ...now, leaptPerS: (now.value - this.#last.value) / s }
    return 'first-held'
  }

  #fallen(now: Shown, { startedMs = Number.NEGATIVE_INFINITY }: Beside): Verdict {
    // nothing is counted yet, or a page of zeros was shown once: both are known when it counts again
    if (now.value === 0) return 'held'
    const isNewStart =
      startedMs >= this.#last.atMs && now.value <= mostIn(now.atMs - this.#last.atMs, this.#pace)
    if (isNewStart || this.#canHaveBegun(now)) {
      this.#fellFrom = this.#last
      return this.#accept(now)
    }
    const odd = this.#odd
    if (!odd || odd.leaptPerS !== undefined || now.value < odd.value) {
      this.#odd = now
      return 'first-held'
    }
    if (now.atMs - odd.atMs < KEPT_MS) return 'held'
    this.#fellFrom = this.#last
    return this.#accept(odd, 'from-first')
  }

  #accept({ value, atMs }: Shown, verdict: Verdict = 'goes-on'): Verdict {
    this.#last = { value, atMs }
    this.#odd = undefined
    return verdict
  }

  #canHaveBegun({ value, atMs }: Shown): boolean {
    const { mostPerS } = this.#pace
    const perS = Math.min(mostPerS, Math.max(BEGINS_PER_S, LONG_HARDER * (this.#proven.perS ?? 0)))
    const most = Math.max(BEGINS_AT, (perS * (atMs - this.#last.atMs)) / 1000)
    return value <= Math.max(BEGINS_SMALL, Math.min(most, this.#last.value / 2))
  }

  /** Whether it leaps back to where it was before it fell. */
  #isBack(now: Shown): boolean {
    const from = this.#fellFrom
    if (!from || now.value < from.value || this.#last.value >= from.value) return false
    if (now.atMs - from.atMs > RETURNS_MS) return false
    const leapt = now.value - this.#last.value
    return (
      RETURNS_BY * (now.value - from.value) < leapt && !this.#isPossible(this.#last, now, { isDoubted: true })
    )
  }

  /** Whether so much can have been added between two readings. */
  #isPossible(before: Shown, now: Shown, { isSure = false, isDoubted = false }: Beside): boolean {
    const { mostPerS, atOnce } = this.#pace
    const ms = Math.max(0, now.atMs - before.atMs)
    const proven = this.#proven.likelyPerS
    const physical = Math.max(mostPerS, LONG_HARDER * (proven ?? 0))
    let [perS, longPerS] = [physical, physical]
    if (proven !== undefined && !isSure)
      [perS, longPerS] = [Math.min(physical, HARDER * proven), LONG_HARDER * proven]
    if (isDoubted && !isSure && proven === undefined) perS = longPerS = DOUBTED_PER_S
    const most = (perS * Math.min(ms, HARDER_MS) + longPerS * Math.max(0, ms - HARDER_MS)) / 1000
    return now.value - before.value <= most + (isDoubted ? 0 : atOnce)
  }
}
