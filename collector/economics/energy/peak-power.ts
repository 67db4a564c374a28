import { MINUTE_MS } from '../../../protocol/units.ts'

/** The interval of utilities' demand meters. Quarters of an hour start at the same moments in every time zone. */
const QUARTER_MS = 15 * MINUTE_MS

/** Finds the peak demand: the highest average power of a quarter of an hour. */
export class PeakPower {
  #quarterMs = Number.NaN
  #energyMilliJ = 0
  #peakMilliJ = 0

  /** Adds energy of a minute. Minutes must come in order of time; a minute may come in several parts. */
  add(minuteMs: number, energyMilliJ: number): void {
    const quarterMs = minuteMs - (minuteMs % QUARTER_MS)
    if (quarterMs !== this.#quarterMs) {
      this.#peakMilliJ = this.#highest()
      this.#energyMilliJ = 0
      this.#quarterMs = quarterMs
    }
    this.#energyMilliJ += energyMilliJ
  }

  /** kW */
  get kw(): number {
    // mJ / ms = W
    return this.#highest() / QUARTER_MS / 1000
  }

  #highest(): number {
    return Math.max(this.#peakMilliJ, this.#energyMilliJ)
  }
}
