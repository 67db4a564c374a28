import { MINUTE_MS } from '../../protocol/units.ts'

/** After a longer time without a reading, the power meanwhile is unknown. */
const GAP_MS = 90_000
const HALF_MS = 10 * MINUTE_MS

/** The highest power that a device showed of late, in or out. Times are the collector's clock, Unix ms. */
export class PowerWindow {
  #sinceMs = Number.NEGATIVE_INFINITY
  #lastMs = Number.NEGATIVE_INFINITY
  #turnedMs = 0
  #peakW = 0
  #peakBeforeW = 0

  note(powerW: number, atMs: number): void {
    if (!(atMs >= this.#lastMs && atMs - this.#lastMs <= GAP_MS)) {
      this.#sinceMs = atMs
      this.#turnedMs = atMs
      this.#peakW = 0
      this.#peakBeforeW = 0
    } else if (atMs - this.#turnedMs > HALF_MS) {
      this.#turnedMs = atMs
      this.#peakBeforeW = this.#peakW
      this.#peakW = 0
    }
    this.#lastMs = atMs
    this.#peakW = Math.max(this.#peakW, Math.abs(powerW))
  }

  /** The highest of the last 10 to 20 minutes, since when there is a reading at least every 90 s, and the newest one. */
  get shown(): { peakW: number; sinceMs: number; lastMs: number } | undefined {
    if (!Number.isFinite(this.#lastMs)) return undefined
    return {
      peakW: Math.max(this.#peakW, this.#peakBeforeW),
      sinceMs: this.#sinceMs,
      lastMs: this.#lastMs,
    }
  }
}
