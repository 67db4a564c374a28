import { HOUR_MS } from '../../protocol/units.ts'
import { GrownWork } from './grown-work.ts'

/** A machine's own hashrate may read a quarter low: what is counted beyond that for long is of something else ... */
const TIMES = 1.3
/** ... and where it shows what it is expected to hash with, it reads no quarter low. */
const TIMES_OF_EXPECTED = 1.15
/** It is refused where luck at that multiple is rarer than this. */
const REFUSED_BELOW = 1e-9
/** The averages that a machine shows, and a pool's late answers, are a small part of a time as long as this. */
const LASTING_S = HOUR_MS / 1000
/** Work of so long before the window may be in it beside that. */
const LATE_S = 600
/** A window grows until it has as many shares as it takes, or is so long. Each of these times one begins: a later contradiction must not drown. */
const LONGEST_S = 48 * LASTING_S
const BEGINS_EACH_S = 2 * LASTING_S

/** What was counted, and what the hashrate stands for, in difficulty-1 shares. */
export interface Excess {
  counted: number
  hashed: number
  seconds: number
}

/** What a machine hashed in a time. */
interface Hashed {
  hashed: number
  expected: number
  seconds: number
}

interface Window {
  grown: GrownWork
  hashed: number
  /** difficulty-1 shares that the machine can have hashed at most */
  possible: number
  seconds: number
}

/**
 * Finds work that is a little too much for hours. Of n shares the relative noise is 1 / sqrt(n), so twice the hashrate shows after some 200
 * shares and an hour, and 1.4 times after some 1,500: a window grows with the shares that are needed. Where the expected hashrate is unknown, or not
 * reached, it takes more: 400 and 10,000.
 */
export class LastingExcess {
  #windows: Window[] = []

  /**
   * @param work difficulty-1 shares by the counter
   * @param shares accepted shares; 0 where they are not counted
   * @param machine difficulty-1 shares that its hashrate stands for, and the one that is expected of it; 0 where that is unknown
   * @returns what no luck explains; undefined: nothing
   */
  add(work: number, shares: number, { hashed, expected, seconds }: Hashed): Excess | undefined {
    const possible = Math.min(
      TIMES * hashed,
      expected > 0 ? TIMES_OF_EXPECTED * Math.max(hashed, expected) : Number.POSITIVE_INFINITY,
    )
    const newest = this.#windows.at(-1)
    if (!newest || newest.seconds >= BEGINS_EACH_S)
      this.#windows.push({ grown: new GrownWork(), hashed: 0, possible: 0, seconds: 0 })
    for (const window of this.#windows) {
      window.grown.add(work, shares)
      window.hashed += hashed
      window.possible += possible
      window.seconds += seconds
    }
    const found = this.#windows.find(isRefused)
    this.#windows = this.#windows.filter((window) => window.seconds < LONGEST_S)
    return found && { counted: found.grown.counted, hashed: found.hashed, seconds: found.seconds }
  }
}

function isRefused({ grown, possible: each, seconds }: Window): boolean {
  if (seconds < LASTING_S) return false
  const { counted, shares } = grown.steady
  const possible = each * (1 + LATE_S / seconds)
  if (shares < 1 || counted <= possible) return false
  return luckiest(shares, (shares * possible) / counted) < REFUSED_BELOW
}

/** Chernoff's bound: P(N >= n) of a Poisson distribution is at most this, for a mean below n. */
const luckiest = (n: number, mean: number): number => Math.exp(n - mean - n * Math.log(n / mean))
