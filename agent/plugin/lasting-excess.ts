import { HOUR_MS } from '../../protocol/units.ts'
import { GrownWork } from './grown-work.ts'

/** A machine's own hashrate may read a quarter low: what is counted beyond that for long is of something else. */
const TIMES = 1.3
/** It is refused where luck at that multiple is rarer than this. */
const REFUSED_BELOW = 1e-9
/** The averages that a machine shows, and a pool's late answers, are a small part of a time as long as this. */
const LASTING_S = HOUR_MS / 1000
/** Work of so long before the window may be in it beside that. */
const LATE_S = 120
/** A window grows until it has as many shares as it takes, or is so long. Each of these times one begins: a later contradiction must not drown. */
const LONGEST_S = 48 * LASTING_S
const BEGINS_EACH_S = 2 * LASTING_S

/** What was counted, and what the hashrate stands for, in difficulty-1 shares. */
export interface Excess {
  counted: number
  hashed: number
  seconds: number
}

interface Window {
  grown: GrownWork
  hashed: number
  seconds: number
}

/**
 * Finds work that is a little too much for hours. Of n shares the relative noise is 1 / sqrt(n), so twice the hashrate shows after some 300
 * shares, 1.8 times after some 450, and 1.4 times after some 8,000: a window grows with the shares that are needed.
 */
export class LastingExcess {
  #windows: Window[] = []

  /**
   * @param work difficulty-1 shares by the counter
   * @param shares accepted shares; 0 where they are not counted
   * @param hashed difficulty-1 shares that the hashrate stands for
   * @returns what no luck explains; undefined: nothing
   */
  add(work: number, shares: number, hashed: number, seconds: number): Excess | undefined {
    const newest = this.#windows.at(-1)
    if (!newest || newest.seconds >= BEGINS_EACH_S)
      this.#windows.push({ grown: new GrownWork(), hashed: 0, seconds: 0 })
    for (const window of this.#windows) {
      window.grown.add(work, shares)
      window.hashed += hashed
      window.seconds += seconds
    }
    const found = this.#windows.find(isRefused)
    this.#windows = this.#windows.filter((window) => window.seconds < LONGEST_S)
    return found && { counted: found.grown.counted, hashed: found.hashed, seconds: found.seconds }
  }
}

function isRefused({ grown, hashed, seconds }: Window): boolean {
  if (seconds < LASTING_S) return false
  const { counted, shares } = grown.steady
  const possible = TIMES * hashed * (1 + LATE_S / seconds)
  if (shares < 1 || counted <= possible) return false
  return luckiest(shares, (shares * possible) / counted) < REFUSED_BELOW
}

/** Chernoff's bound: P(N >= n) of a Poisson distribution is at most this, for a mean below n. */
const luckiest = (n: number, mean: number): number => Math.exp(n - mean - n * Math.log(n / mean))
