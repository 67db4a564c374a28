import { MINUTE_MS } from '../../../protocol/units.ts'

/** What utilities measure demand by. Every time zone’s quarters of an hour are those of UTC. */
const QUARTER_MS = 15 * MINUTE_MS

/** The highest average power of a quarter of an hour. */
export class PeakPower {
  #quarterMs = Number.NaN
  #energyMilliJ = 0
  #peakMilliJ = 0

  /** Adds energy of a minute; minutes come in order of time, each in any number of parts. */
  add(minuteMs: number, energyMilliJ: number): void {
    const quarterMs = minuteMs - (minuteMs % QUARTER_MS)
    if (quarterMs !== this.#quarterMs) {
      this.#peakMilliJ = this.#highest()
      this.#energyMilliJ = 0
      this.#quarterMs = quarterMs
    }
    this.#energyMilliJ += energyMilliJ
  }

  get kw(): number {
    // mJ/ms are W
    return this.#highest() / QUARTER_MS / 1000
  }

  #highest(): number {
    return Math.max(this.#peakMilliJ, this.#energyMilliJ)
  }
}
