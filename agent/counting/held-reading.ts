import type { KnownSteps } from './counter-steps.ts'

/** One reading of a counter. */
export interface HeldReading {
  /** J to report; absent: the counter has not moved, is kept back, or is not used */
  energyJ?: number
  /** true: counting starts again here; nothing between the last value and this one is to be booked */
  startsAgain?: true
  /** why the counter is not used */
  fault?: string
}

/** What a counter has taught, for the next run of the agent. JSON. */
export interface KnownCounter extends KnownSteps {
  /** why it is not used */
  fault?: string
}

/** When a reading came. */
export interface Moment {
  steadyMs: number
  /** true: too long after the last one for the power alone to say what flowed */
  gap: boolean
  /** 0: there was none */
  elapsedMs: number
  /** W at the last one */
  fromW: number | undefined
}
