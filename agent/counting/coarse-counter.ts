/** From 10 Wh on, a counter stands still for minutes where a machine draws a kilowatt. */
const COARSE_J = 36_000

/**
 * An energy counter as it should be reported. One that counts in steps of 0.1 kWh is silent between two steps: power is
 * integrated meanwhile, and the step corrects it (see the accumulator). Reported at every reading it would say that nothing
 * was drawn for minutes, and then a minute's record held it all. One that never moves is never believed.
 */
export class CoarseCounter {
  readonly #coarse: boolean
  #last: number | undefined

  /** @param resolutionJ J that its last digit stands for */
  constructor(resolutionJ: number) {
    this.#coarse = resolutionJ >= COARSE_J
  }

  /** J to report; absent: it says nothing new. The first reading is always reported: what was missed is measured from there. */
  read(energyJ: number | undefined): number | undefined {
    const moved = energyJ !== this.#last
    this.#last = energyJ ?? this.#last
    return moved || !this.#coarse ? energyJ : undefined
  }
}
