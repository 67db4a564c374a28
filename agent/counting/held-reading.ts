import type { KnownSteps } from './counter-steps.ts'
import type { KnownEvidence } from './known-evidence.ts'
import type { KnownTimes } from './sparse-polls.ts'

/** What the meter shows beside a counter and its power. */
export interface Beside {
  /** W that the power's last digit stands for */
  powerStepW?: number
  /** J by the counter of the other direction; absent: it has none, or it was not read */
  backJ?: number | undefined
  /** W, in the counter's direction, of a reading since the last one that nothing has confirmed */
  unsureW?: number | undefined
}

/** One reading of a counter. */
export interface HeldReading {
  /** J to report; absent: the counter has not moved, is kept back, or is not used */
  energyJ?: number
  /** true: counting starts again here; nothing between the last value and this one is to be booked */
  startsAgain?: true
  /** why the counter is not used */
  fault?: string
  /** what must be told of it though it is used */
  note?: string
}

/** What a counter has taught, for the next run of the agent. JSON. */
export interface KnownCounter extends KnownSteps {
  /** why it is not used */
  fault?: string
  /** what its steps have shown so far, and what times without readings have; absent: nothing, or it is not used */
  evidence?: KnownEvidence
  times?: KnownTimes
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
  /** W between the two that nothing has confirmed */
  unsureW: number | undefined
}
