import type { Reading } from '../../plugin/reading.ts'

/** The counter is judged only after a GPU has drawn at least this much since the last judgement, J. */
const JUDGED_FROM_J = 50

/**
 * Finds out whether xpu-smi's `GPU Energy Consumed (J)` is a running counter, which its manual doesn't say. If it grows by less than
 * a quarter of the energy that follows from the power, it counts from the last query or not at all. Then it is left out of all
 * further readings, and the agent integrates the power instead.
 */
export class EnergyCheck {
  readonly #last = new Map<string, { energyJ: number; steadyMs: number }>()
  readonly #refuted = new Set<string>()

  /** The reading, without its energy counter where that was found wrong. @param steadyMs time on a steady clock */
  checked(reading: Reading, steadyMs: number): Reading {
    const { part = '', counters, sample, ...rest } = reading
    const energyJ = counters?.energyJ
    if (energyJ === undefined) return reading
    const last = this.#last.get(part)
    const drawnJ = last ? ((sample.powerW ?? 0) * (steadyMs - last.steadyMs)) / 1000 : 0
    if (last && drawnJ > JUDGED_FROM_J && energyJ - last.energyJ < drawnJ / 4) this.#refuted.add(part)
    if (!last || drawnJ > JUDGED_FROM_J) this.#last.set(part, { energyJ, steadyMs })
    return this.#refuted.has(part) ? { part, sample, ...rest } : reading
  }
}
