import { type CounterSteps, MOST_STEP_J } from './counter-steps.ts'
import type { CounterWindow, ShownPower } from './counter-window.ts'

/** A counter that stood for so many readings at first has large steps, and its first one began before them. */
const STOOD_AT_FIRST = 3
/** Counters whose last digit is smaller are told at every reading where the meter shows no power. */
export const COARSE_STEP_J = 36_000

/**
 * The first step of a counter since counting began. Only its power says what flowed since then; a part of the step is older than the first
 * reading, and the counter counts from here on. A value with digits that no large step makes shows that the steps are small.
 */
export class FirstStep {
  /** whether the counter has moved since counting began */
  #isKnown: boolean
  #stood = 0

  constructor(isKnown: boolean) {
    this.#isKnown = isKnown
  }

  /** The counter moved, or counts from here on. */
  past(): void {
    this.#isKnown = true
  }

  /** Counting begins again. */
  forget(): void {
    this.#isKnown = false
    this.#stood = 0
  }

  /** Of a meter without power: nothing says how much of it is older. @param begun whether a value was told before */
  isOlderWithoutPower(begun: boolean): boolean {
    const isOlder = !this.#isKnown && begun
    this.#isKnown ||= begun
    return isOlder
  }

  /** Whether the counter's first movement is a step of which a part is older than the first reading. */
  isOlder(
    energyJ: number,
    grownJ: number,
    window: CounterWindow,
    shown: ShownPower,
    steps: CounterSteps,
  ): boolean {
    if (this.#isKnown) return false
    if (grownJ === 0) this.#stood++
    if (grownJ === 0 || grownJ > MOST_STEP_J) return false
    if (steps.largestJ(energyJ, grownJ) < COARSE_STEP_J) return false
    return this.#stood >= STOOD_AT_FIRST || window.isFromBefore(grownJ, shown)
  }
}
