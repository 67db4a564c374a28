import { MINUTE_MS } from '../../protocol/units.ts'

/** A stretch is judged after this time, and after so many readings. */
const [STRETCH_MS, STRETCH_READINGS] = [MINUTE_MS, 4]
/** So many stretches in a row must have had a rate. */
const IN_A_ROW = 3

/**
 * The fastest rate that a counter has kept up for some minutes: the slowest of three stretches of at least a minute each, without the
 * largest step of each. So a leap, or one in each minute, proves nothing.
 */
export class ProvenRate {
  #perS: number
  #stretches: number[] = []
  #grown = 0
  #ms = 0
  #readings = 0
  #largest = { grown: 0, ms: 0 }
  /** of the last two steps, units per s */
  #steps: readonly number[] = []

  /** @param perS what an earlier run has proven, units per s */
  constructor(perS = 0) {
    this.#perS = perS
  }

  /** Units per s; undefined: nothing is proven yet. */
  get perS(): number | undefined {
    return this.#perS > 0 ? this.#perS : undefined
  }

  /** The same, and before three stretches three times the fastest of those that there were; undefined: nothing was counted in any. */
  get likelyPerS(): number | undefined {
    const fastest = Math.max(0, ...this.#stretches)
    return this.perS ?? (fastest > 0 ? IN_A_ROW * fastest : undefined)
  }

  /** The slower of the last two steps between readings, units per s: one leap does not raise it. 0 where there are fewer. */
  get latelyPerS(): number {
    return this.#steps.length < 2 ? 0 : Math.min(...this.#steps)
  }

  /** Takes the growth between two readings, at least 0. */
  took(grown: number, ms: number): void {
    if (ms <= 0) return
    this.#steps = [...this.#steps, (grown * 1000) / ms].slice(-2)
    this.#grown += grown
    this.#ms += ms
    this.#readings++
    if (grown >= this.#largest.grown) this.#largest = { grown, ms }
    if (this.#ms < STRETCH_MS || this.#readings < STRETCH_READINGS) return
    const perS = ((this.#grown - this.#largest.grown) * 1000) / (this.#ms - this.#largest.ms)
    this.#stretches = [...this.#stretches, perS].slice(-IN_A_ROW)
    if (this.#stretches.length === IN_A_ROW) this.#perS = Math.max(this.#perS, Math.min(...this.#stretches))
    this.#begin()
  }

  /** The counter has started again, or is another one's: what was kept up so far ends here. */
  interrupted(): void {
    this.#stretches = []
    this.#steps = []
    this.#begin()
  }

  #begin(): void {
    this.#grown = this.#ms = this.#readings = 0
    this.#largest = { grown: 0, ms: 0 }
  }
}
