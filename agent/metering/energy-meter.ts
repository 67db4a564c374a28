import { areaAboveJ } from '../counting/trapezoid.ts'
import { Counter, type CounterLimit, type CounterState } from './counter.ts'

/** Kept on disk as JSON in the spool's checkpoint. */
export interface EnergyMeterState {
  energy?: CounterState
  drawnMilliJ: number
  energyCarryMilliJ: number
}

/**
 * One device's energy: from its counter, else power integrated by trapezoid. While a counter stands still (it counts in coarse
 * steps) or is missing from a reading, power is integrated, and the counter's next difference is reduced by that energy.
 */
export class EnergyMeter {
  #counter: Counter
  /** energy integrated from power since the counter last moved; the counter's next difference includes it */
  #drawnMilliJ: number
  /** fraction of a mJ that integration left over */
  #carryMilliJ: number
  /** the device has a counter, and this reading did not move it: its next difference includes the energy up to this reading */
  #counterStands = false

  constructor(state?: EnergyMeterState) {
    this.#counter = new Counter(state?.energy)
    this.#drawnMilliJ = state?.drawnMilliJ ?? 0
    this.#carryMilliJ = state?.energyCarryMilliJ ?? 0
  }

  get state(): EnergyMeterState {
    const energy = this.#counter.state
    return {
      ...(energy ? { energy } : {}),
      drawnMilliJ: this.#drawnMilliJ,
      energyCarryMilliJ: this.#carryMilliJ,
    }
  }

  /** Drops the counter: another machine's starts, or the time since the last reading is too long to recover. */
  forgetCounter(): void {
    this.#counter = new Counter()
    this.#drawnMilliJ = 0
  }

  /**
   * Takes the counter's value at a reading.
   * @returns mJ since the counter's last difference, less the energy that was integrated from power meanwhile; undefined where the
   *   counter gives no difference
   */
  count(
    energyJ: number | undefined,
    restarted: boolean | undefined,
    limit: CounterLimit,
  ): number | undefined {
    const before = this.#counter.last
    const countedMilliJ = this.#advance(energyJ, restarted, limit)
    this.#counterStands = before !== undefined && before === this.#counter.last
    // a counter that starts again includes nothing that was drawn before
    if (!this.#counterStands && countedMilliJ === undefined) this.#drawnMilliJ = 0
    return countedMilliJ
  }

  /**
   * mJ of a trapezoid between two power readings, W, of what lies above zero. Call after `count`. A fraction of a mJ is carried over
   * to the next call.
   */
  integrate(fromW: number | undefined, toW: number | undefined, elapsedMs: number): number | undefined {
    if (fromW === undefined || toW === undefined) return undefined
    const exactMilliJ = areaAboveJ(fromW, toW, elapsedMs) * 1000 + this.#carryMilliJ
    const milliJ = Math.floor(exactMilliJ)
    this.#carryMilliJ = exactMilliJ - milliJ
    if (this.#counterStands) this.#drawnMilliJ += milliJ
    return milliJ
  }

  #advance(
    energyJ: number | undefined,
    restarted: boolean | undefined,
    limit: CounterLimit,
  ): number | undefined {
    if (energyJ === undefined) return undefined
    // A booting meter, or the gateway before it, shows 0. Taken as a reset, the next reading would count the meter's whole past.
    if (energyJ === 0 && this.#counter.last !== 0 && restarted !== true) return undefined
    const countedMilliJ = this.#counter.advance(Math.round(energyJ * 1000), restarted, limit)
    if (countedMilliJ === undefined) return undefined
    const drawnMilliJ = Math.min(countedMilliJ, this.#drawnMilliJ)
    this.#drawnMilliJ -= drawnMilliJ
    return countedMilliJ - drawnMilliJ
  }
}
