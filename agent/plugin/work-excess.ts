import { HASHES_PER_DIFF1 } from '../../protocol/units.ts'
import { GrownWork } from './grown-work.ts'
import { type Excess, LastingExcess } from './lasting-excess.ts'

/** Up to this multiple of the hashrate nothing is held back: a hashrate of a few seconds is no exact measure. */
const HELD_FROM = 2
/** A counter is left out while honest luck is rarer than this. Nothing is lost by that: when it comes back, it includes the time. */
const HELD_BELOW = 0.02
/** It comes back where luck is more likely than this: one poll without a share decides nothing. */
const BACK_FROM = 0.1
/** It is refused for the rest of the session where luck at `times` the hashrate is rarer than this, after so many polls in which it grew. */
const REFUSED_BELOW = 1e-9
const GROWN_TO_REFUSE = 4
/** Work of so long before the window may be in it beside that. */
const LATE_S = 120
/** A hashrate that is an average of 15 min reads low for as long after a start: then only a counter of another thing is refused. */
const WARM_UP_S = 16 * 60
const WHILE_WARMING_UP = 40
/** Later it reads low after a change of the tuning, for less time and by less: so many times within minutes ... */
const SOON = 2
/** ... and so many over a longer time. */
const STEADY = 1.5
const STEADY_S = 600
/** Shares and time of a window: a later contradiction must not drown in it. */
const SHARES_IN_WINDOW = 400
const SECONDS_IN_WINDOW = 2 * STEADY_S
/** A counter that was refused is used again where it stays below so many times the hashrate for a window: of its shares the noise is 5 %. */
const AGREES_BELOW = 1.2
/** Weight of the newest hashrate in the mean of which the highest is taken: single readings scatter. */
const NEWEST = 0.2
/** More than this add nothing to the certainty, and would overflow the sum. */
const SHARES_IN_SUM = 500

/** What was counted between two polls of a machine that hashes. */
export interface WorkStep {
  /** difficulty-1 shares by the counter */
  work: number
  /** accepted shares; 0 where they are not counted */
  shares: number
  seconds: number
  /** the higher hashrate of both polls, H/s */
  hs: number
  /** the hashrate that is expected of the machine, H/s; 0 where that is unknown */
  expectedHs: number
  /** since the machine was seen to start, or to start again */
  hashingS: number
}

/** Sums of steps. */
class Window {
  readonly #grown = new GrownWork()
  /** difficulty-1 shares that the hashrate stands for */
  hashed = 0
  seconds = 0
  /** hashrate, H/s: fading mean, and its highest */
  #meanHs = 0
  #peakHs = 0
  /** whether it began while the machine was warming up */
  readonly isOfWarmUp: boolean

  /** @param fromS time for which the machine had been hashing when the window began */
  constructor(fromS: number) {
    this.isOfWarmUp = fromS < WARM_UP_S
  }

  add({ work, shares, seconds, hs }: WorkStep): void {
    this.hashed += (hs * seconds) / HASHES_PER_DIFF1
    this.seconds += seconds
    this.#meanHs += (this.#meanHs === 0 ? 1 : NEWEST) * (hs - this.#meanHs)
    this.#peakHs = Math.max(this.#peakHs, this.#meanHs)
    this.#grown.add(work, shares)
  }

  get counted(): number {
    return this.#grown.counted
  }

  get shares(): number {
    return this.#grown.shares
  }

  get isFull(): boolean {
    return this.shares >= SHARES_IN_WINDOW && this.seconds >= SECONDS_IN_WINDOW
  }

  /** How likely a machine twice as fast has so much accepted. */
  get luck(): number {
    return likelihood(this.shares, this.counted, HELD_FROM * this.hashed)
  }

  /** Whether no luck explains so much. */
  get isRefused(): boolean {
    if (this.isOfWarmUp) return this.#isBeyond(WHILE_WARMING_UP)
    return this.#isBeyond(this.seconds < STEADY_S ? SOON : STEADY)
  }

  /** @param times its highest hashrate is given so often */
  #isBeyond(times: number): boolean {
    if (this.#grown.grown < GROWN_TO_REFUSE) return false
    const { counted, shares } = this.#grown.steady
    const possible = (times * this.#peakHs * (this.seconds + LATE_S)) / HASHES_PER_DIFF1
    return likelihood(shares, counted, possible) < REFUSED_BELOW
  }
}

/** How a poll's work is to be taken. */
interface Verdict {
  /** the counter is left out for now */
  held: boolean
  /** it is left out for good: difficulty-1 shares by the counter and by the hashrate, and the time of both */
  refused?: Excess
  /** it has agreed for a whole window */
  agreed: boolean
}

/**
 * Finds work that no luck explains: what a counter grew by, held against the hashrate of the same polls. The older of two windows says
 * what is held, and the younger one follows it when it is full, so that a doubt outlives a window. What is too much by little shows in
 * hours (`lasting-excess.ts`).
 */
export class WorkExcess {
  #older: Window | undefined
  #younger: Window | undefined
  #held = false
  /** what is too much by little: it outlives a restart of the machine */
  readonly lasting: LastingExcess

  constructor(lasting = new LastingExcess()) {
    this.lasting = lasting
  }

  add(step: WorkStep): Verdict {
    const fromS = step.hashingS - step.seconds
    this.#older ??= new Window(fromS)
    if (fromS >= WARM_UP_S && this.#older.isOfWarmUp && this.#younger?.isOfWarmUp !== false)
      this.#younger = new Window(fromS)
    else if (this.#older.shares >= SHARES_IN_WINDOW / 2) this.#younger ??= new Window(fromS)
    this.#older.add(step)
    this.#younger?.add(step)
    this.#held = this.#older.luck < (this.#held ? BACK_FROM : HELD_BELOW)
    const held = this.#held
    const lasting = fromS < WARM_UP_S ? undefined : this.lasting.add(step.work, step.shares, hashedIn(step))
    const refused = [this.#older, this.#younger].find((window) => window?.isRefused) ?? lasting
    const agreed =
      this.#older.isFull && !held && !refused && this.#older.counted < AGREES_BELOW * this.#older.hashed
    if (this.#older.isFull && this.#younger) {
      this.#older = this.#younger
      this.#younger = undefined
    }
    if (!refused) return { held, agreed }
    const { counted, hashed, seconds } = refused
    return { held, agreed, refused: { counted, hashed, seconds } }
  }
}

const hashedIn = ({ hs, expectedHs, seconds }: WorkStep) => ({
  hashed: (hs * seconds) / HASHES_PER_DIFF1,
  expected: (expectedHs * seconds) / HASHES_PER_DIFF1,
  seconds,
})

/** How likely work of so many shares is where `possible` is the mean. */
function likelihood(shares: number, counted: number, possible: number): number {
  if (shares < 1 || counted <= possible) return 1
  const n = Math.floor(Math.min(shares, SHARES_IN_SUM))
  return atLeast(n, (n * possible) / counted)
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
