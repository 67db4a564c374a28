/** A slow device is asked at most this part of the time, so that others than the agent are answered too. */
const BUSY_PART = 0.25
/** But at least so often, unless its interval is longer; and each time-out, so that two failures in a row make no gap. */
const SLOWEST_MS = 5_000
/** The first polls of many devices begin so far apart: together they would be late, and take a busy start for a silent device. */
const APART_MS = 3

export interface RhythmOptions {
  intervalMs: number
  timeoutMs: number
  /** which of how many devices of the agent it is */
  index: number
  of: number
}

/**
 * When a device is polled: at once after the start, then at fixed times, which are spread over the interval by `index`, so that the polls
 * of many devices stay apart. A device whose answers take long has a longer interval.
 */
export class Rhythm {
  readonly #intervalMs: number
  readonly #slowestMs: number
  readonly #firstMs: number
  readonly #phaseMs: number
  #startedMs = 0
  #tookMs = 0

  constructor({ intervalMs, timeoutMs, index, of }: RhythmOptions) {
    this.#intervalMs = intervalMs
    this.#slowestMs = Math.min(SLOWEST_MS, timeoutMs)
    this.#phaseMs = (intervalMs * index) / of
    this.#firstMs = Math.min(index * APART_MS, this.#phaseMs)
  }

  /** The agent starts. @returns ms until the first poll */
  start(nowMs: number): number {
    this.#startedMs = nowMs
    return this.#firstMs
  }

  /** A poll was answered, and took so long. One that took long by chance counts half. */
  took(ms: number): void {
    this.#tookMs = (this.#tookMs + ms) / 2
  }

  /** The interval, ms: the configured one, or so many of it as the device's answers need. */
  get intervalMs(): number {
    const neededMs = Math.min(this.#tookMs / BUSY_PART, this.#slowestMs)
    return this.#intervalMs * Math.max(1, Math.ceil(neededMs / this.#intervalMs))
  }

  /** @param beganMs when the last poll began @returns ms until the next one */
  untilNext(nowMs: number, beganMs: number): number {
    const firstDueMs = this.#startedMs + this.#phaseMs
    // the fixed time next to the start would be too soon after the first poll
    const soonestMs = Math.max(nowMs, beganMs + this.intervalMs - this.#intervalMs / 2)
    // a timer may fire a little early, hence the 0.01
    const intervals = Math.floor((soonestMs - firstDueMs) / this.#intervalMs + 0.01) + 1
    return firstDueMs + intervals * this.#intervalMs - nowMs
  }
}
