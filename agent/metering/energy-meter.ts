import { areaAboveJ } from '../counting/trapezoid.ts'
import { Counter, type CounterLimit, type CounterState } from './counter.ts'

/** Kept on disk as JSON in the spool's checkpoint. */
export interface EnergyMeterState {
  energy?: CounterState
  drawnMilliJ: number
  energyCarryMilliJ: number
  /** fraction of a mJ that a part of a shared counter left over */
  partCarryMilliJ?: number
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
  #partCarryMilliJ: number
  /** the device has a counter, and this reading did not move it: its next difference includes the energy up to this reading */
  #counterStands = false

  constructor(state?: EnergyMeterState) {
    this.#counter = new Counter(state?.energy)
    this.#drawnMilliJ = state?.drawnMilliJ ?? 0
    this.#carryMilliJ = state?.energyCarryMilliJ ?? 0
    this.#partCarryMilliJ = state?.partCarryMilliJ ?? 0
  }

  get state(): EnergyMeterState {
    const energy = this.#counter.state
    return {
      ...(energy ? { energy } : {}),
      drawnMilliJ: this.#drawnMilliJ,
      energyCarryMilliJ: this.#carryMilliJ,
      ...(this.#partCarryMilliJ > 0 && { partCarryMilliJ: this.#partCarryMilliJ }),
    }
  }

  /** Whether the counter, seen since `sinceMs`, has not told its growth up to a reading at `atMs`, Unix ms. */
  awaits(sinceMs: number, atMs: number): boolean {
    const seenMs = this.#counter.state?.atMs
    return seenMs !== undefined && seenMs >= sinceMs && seenMs < atMs
  }

  clockSet(stepMs: number): void {
    this.#counter.clockSet(stepMs)
  }

  /** Drops the counter: another machine's starts, or the time since the last reading is too long to recover. */
  forgetCounter(): void {
    this.#counter = new Counter()
    this.#drawnMilliJ = 0
  }

  /**
   * Takes the counter's value at a reading.
   * @param part the part of the growth that is this device's, 0 to 1; undefined: all of it
   * @returns mJ since the counter's last difference, less the energy that was integrated from power meanwhile; undefined where the
   *   counter gives no difference
   */
  count(
    energyJ: number | undefined,
    restarted: boolean | undefined,
    limit: CounterLimit,
    part?: number,
  ): number | undefined {
    const before = this.#counter.last
    const countedMilliJ = this.#advance(energyJ, restarted, limit, part)
    this.#counterStands = before !== undefined && before === this.#counter.last
    const fell = before !== undefined && this.#counter.last !== undefined && this.#counter.last < before
    // a counter that starts again includes nothing that was drawn before
    if (!this.#counterStands && (countedMilliJ === undefined || fell)) this.#drawnMilliJ = 0
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
    part: number | undefined,
  ): number | undefined {
    if (energyJ === undefined) return undefined
    // A booting meter, or the gateway before it, shows 0. Taken as a reset, the next reading would count the meter's whole past.
    if (energyJ === 0 && this.#counter.last !== 0 && restarted !== true) return undefined
    const grownMilliJ = this.#counter.advance(Math.round(energyJ * 1000), restarted, limit)
    if (grownMilliJ === undefined) return undefined
    const countedMilliJ = part === undefined ? grownMilliJ : this.#partOf(grownMilliJ, part)
    const drawnMilliJ = Math.min(countedMilliJ, this.#drawnMilliJ)
    this.#drawnMilliJ -= drawnMilliJ
    return countedMilliJ - drawnMilliJ
  }

  /** A part of whole mJ as whole mJ. The fraction is carried over, so that the parts of a package add up to its counter. */
  #partOf(milliJ: number, part: number): number {
    const exactMilliJ = milliJ * Math.min(1, Math.max(0, part)) + this.#partCarryMilliJ
    const wholeMilliJ = Math.floor(exactMilliJ)
    this.#partCarryMilliJ = exactMilliJ - wholeMilliJ
    return wholeMilliJ
  }
}
