import type { CounterWindow, ShownPower } from './counter-window.ts'

/**
 * Meters show the mean of their last minutes as their power, sliding or of whole quarters of an hour (demand, as IEC 62056-6-2 tells it). A
 * block that is shown through the next one is up to this far behind the load.
 */
const LAG_MS = 22.5 * 60_000
/** A counter that has agreed is kept back so long, until such a power has followed. */
const WAIT_MS = 35 * 60_000
/** A mean of ten minutes or more moves by no such part of the highest power between two polls, but at the end of a block. */
const JUMP = 0.1
const SLIDES_MS = 5 * 60_000
const BLOCK_MS = 8 * 60_000

/** Whether a meter's power may be a mean that creeps behind its load, so that its honest counter disagrees with it for a while. */
export class MeanPower {
  /** since the last jump up, and the last one down */
  #sinceMs = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY }
  #isInstant = false
  #hasAgreed = false
  /** how long the counter has been kept back for it */
  #waitedMs = 0

  /** Takes the time between two readings of power. */
  add(fromW: number, toW: number, elapsedMs: number, mostW: number): void {
    this.#sinceMs.up += elapsedMs
    this.#sinceMs.down += elapsedMs
    this.#waitedMs += elapsedMs
    if (Math.abs(toW - fromW) <= mostW * Math.max(JUMP, (1.5 * elapsedMs) / SLIDES_MS)) return
    const [way, other] = toW > fromW ? (['up', 'down'] as const) : (['down', 'up'] as const)
    // a mean that follows a new load goes one way
    if (this.#sinceMs[other] < BLOCK_MS) this.#isInstant = true
    this.#sinceMs[way] = 0
  }

  /** The counter has grown by what the power makes. @param isSteady no load that comes and goes makes it do so */
  agreed(isSteady: boolean): void {
    this.#waitedMs = 0
    if (isSteady) this.#hasAgreed = true
  }

  /** Whether the lag of a mean explains that a counter and its power disagree. */
  explains(window: CounterWindow, energyJ: number, { mostW }: ShownPower): boolean {
    const apartJ = window.apartJ(energyJ)
    const { isSteady } = window.power
    if (this.#isInstant || apartJ === undefined) return false
    if (this.#hasAgreed && this.#waitedMs <= WAIT_MS) return true
    return (this.#hasAgreed || !isSteady) && apartJ <= (mostW * LAG_MS) / 1000
  }
}
