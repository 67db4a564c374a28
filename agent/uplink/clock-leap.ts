import type { Clock } from '../../protocol/kit/clock.ts'

/** A smaller step is NTP's, or the moments of reading two clocks. */
const LEAP_MS = 10_000

/**
 * Notices that the wall clock leapt ahead of the steady one. So it does after a virtual machine was put back to an earlier state with its
 * memory: what it has numbered since is forgotten, and nothing else tells.
 */
export class ClockLeap {
  readonly #clock: Clock
  #differenceMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#differenceMs = this.#difference()
  }

  /** Whether the clock leapt since the last call. */
  since(): boolean {
    const before = this.#differenceMs
    this.#differenceMs = this.#difference()
    return this.#differenceMs - before > LEAP_MS
  }

  #difference(): number {
    const { wallMs, steadyMs } = this.#clock.now()
    return wallMs - steadyMs
  }
}
