import type { CounterSteps } from './counter-steps.ts'
import type { HeldReading } from './held-reading.ts'
import { Standstill } from './standstill.ts'

/** The interval meter accepts a fall at the second reading. */
const AFTER_A_FALL = 2

/** The newest value of a counter that was told. It is told again only where that says something. */
export class ToldValue {
  readonly #still = new Standstill()
  #toldJ: number | undefined
  /** readings that are told though the counter has not moved */
  #again = 0

  /** Whether one was told since counting began. */
  get any(): boolean {
    return this.#toldJ !== undefined
  }

  /** Takes the time between two readings of power, W. */
  add(fromW: number, toW: number, elapsedMs: number): void {
    this.#still.add(fromW, toW, elapsedMs)
  }

  /** Counting begins again at the next value. */
  forget(): void {
    this.#toldJ = undefined
  }

  /** The counter began again. */
  fell(): void {
    this.#again = AFTER_A_FALL
  }

  tell(energyJ: number, steps: CounterSteps): HeldReading {
    if (energyJ !== this.#toldJ) this.#still.end()
    else if (this.#again === 0 && !(steps.hasMoved && this.#still.mayRepeat(steps.knownJ))) return {}
    // the interval meter takes no 0 for a beginning
    if (energyJ > 0 && this.#again > 0) this.#again--
    this.#toldJ = energyJ
    return { energyJ }
  }

  /** Tells one of a meter without power. @returns false: it has not moved, and its last digit is large */
  moved(energyJ: number, isCoarse: boolean): boolean {
    const isNew = energyJ !== this.#toldJ
    if (isNew || !isCoarse) this.#toldJ = energyJ
    return isNew || !isCoarse
  }
}
