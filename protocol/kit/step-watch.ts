import type { Clock, Instant } from './clock.ts'

/** A smaller difference between wall clock and steady clock is slewing, or the moments of reading them: not a step. */
const STEP_MS = 1000
/**
 * A clock may be slewed by this much of the time that goes by: Linux takes 500 ppm of frequency, and adjtime(3) adds 500 ppm. Linux slews
 * its time since boot alike, so that no slewing shows there.
 */
const SLEW_RATIO = 0.001
/** A step is seen twice before it counts: the program may have been stopped between the readings of both clocks. */
const LOOKS = 3

/** Notices when the wall clock is set: it then moved otherwise than the clock that never steps. */
export class StepWatch {
  readonly #clock: Clock
  #last: Instant

  /** @param since the instant of an earlier run since the same boot, to go on from */
  constructor(clock: Clock, since: Instant = clock.now()) {
    this.#clock = clock
    this.#last = since
  }

  /** Both clocks at the last look. */
  get last(): Instant {
    return { wallMs: this.#last.wallMs, steadyMs: this.#last.steadyMs }
  }

  /** Both clocks now, and by how much the wall clock was set since the last look, ms; 0 where it was not. */
  look(): { at: Instant; stepMs: number } {
    let at = this.#clock.now()
    let stepMs = stepBetween(this.#last, at)
    const leastMs = STEP_MS + Math.abs(at.steadyMs - this.#last.steadyMs) * SLEW_RATIO
    for (let look = 1; look < LOOKS && Math.abs(stepMs) >= leastMs; look++) {
      const again = this.#clock.now()
      const step = stepBetween(this.#last, again)
      const same = Math.abs(step - stepMs) < STEP_MS
      at = again
      stepMs = step
      if (same) break
    }
    this.#last = at
    return { at, stepMs: Math.abs(stepMs) < leastMs ? 0 : Math.round(stepMs) }
  }
}

const stepBetween = (from: Instant, to: Instant): number =>
  to.wallMs - from.wallMs - (to.steadyMs - from.steadyMs)
