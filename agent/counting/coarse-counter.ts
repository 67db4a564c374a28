/** A counter is coarse from 10 Wh a step on: a machine that draws 1 kW then leaves it unchanged for 36 s or longer. */
const COARSE_STEP_J = 36_000

/**
 * Decides when an energy counter is reported. A fine counter is reported at every reading. A coarse one (0.1 kWh a step) is
 * reported only when it has moved: between two steps the accumulator integrates power, and the step then corrects the sum.
 * Reported at every reading, a coarse counter would give minutes without energy, and then one minute with all of it.
 * A coarse counter that never moves is therefore never used.
 */
export class CoarseCounter {
  readonly #coarse: boolean
  #lastJ: number | undefined

  /** @param stepJ J that the counter's last digit stands for */
  constructor(stepJ: number) {
    this.#coarse = stepJ >= COARSE_STEP_J
  }

  /** J to report; undefined: a coarse counter has not moved. The first reading is always reported, as the start of the count. */
  read(energyJ: number | undefined): number | undefined {
    const moved = energyJ !== this.#lastJ
    this.#lastJ = energyJ ?? this.#lastJ
    return moved || !this.#coarse ? energyJ : undefined
  }
}
