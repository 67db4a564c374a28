import type { StepReading } from './step-evidence.ts'
import { areaAboveJ } from './trapezoid.ts'

/**
 * Meters show the mean of their last minutes as their power, sliding or of whole quarters of an hour (demand, as IEC 62056-6-2 tells it). A
 * block that is shown through the next one is up to this far behind the load.
 */
const LAG_MS = 22.5 * 60_000
/** A load that such a power has not shown at all yet is seen in it after this time. */
const WAIT_MS = 35 * 60_000
/** A mean of five minutes or more moves by no such part of the highest power between two polls, but at the end of a block. */
const JUMP = 0.1
const SLIDES_MS = 5 * 60_000
const BLOCK_MS = 4.5 * 60_000
/** Counter and power may differ by this part of the energy in the long run. */
const ACCURACY = 0.1
const SUMS_ACCURACY = 0.15
/** A counter that was refused beside such a power is used again after this time, where the energy is so many times what the lag leaves open. */
const AGREES_AFTER_MS = 2 * 60 * 60_000
const AGREES_TIMES = 4
/** The sums begin again after this time, once they are so many times what the lag leaves open. */
const SUMS_MS = 24 * 60 * 60_000
const SUMS_TIMES = 10

/**
 * Whether a meter's power may be a mean that creeps behind its load, so that its honest counter disagrees with it for a while. However often
 * the load swings, such a counter is never further from its power than the lag makes, but one of another scale is from some hours on. So
 * both are summed up, whatever single windows of readings said, over the times at which energy flowed in the counter's direction alone.
 */
export class MeanPower {
  /** since the last jump up, and the last one down */
  #sinceMs = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY }
  #isInstant = false
  #hasAgreed = false
  /** how long the two have been further apart than the lag makes of the powers that were shown */
  #waitedMs = 0
  #seenJ: number | undefined
  #countedJ = 0
  #drawnJ = 0
  #ms = 0
  /** stretches of one direction: at the beginning of each the power may lag again */
  #stretches = 1
  #wasOneWay = true
  #lowW = Number.POSITIVE_INFINITY
  #highW = 0

  /**
   * @param mostW the highest power that was shown
   * @param stepJ J of a step of the counter
   */
  take({ energyJ, fromW, toW, elapsedMs, twoWay }: StepReading, mostW: number, stepJ: number): void {
    if (fromW === undefined) this.restart()
    else {
      this.#jumped(toW - fromW, elapsedMs, mostW)
    }
    const grownJ = (energyJ ?? this.#seenJ ?? 0) - (this.#seenJ ?? energyJ ?? 0)
    this.#seenJ = energyJ ?? this.#seenJ
    const isOneWay = !twoWay && toW >= 0 && (fromW ?? 0) >= 0
    if (isOneWay && !this.#wasOneWay) this.#stretches++
    this.#wasOneWay = isOneWay
    if (fromW === undefined || !isOneWay) return
    this.#countedJ += grownJ
    this.#drawnJ += areaAboveJ(fromW, toW, elapsedMs)
    this.#ms += elapsedMs
    this.#lowW = Math.min(this.#lowW, fromW, toW)
    this.#highW = Math.max(this.#highW, fromW, toW)
    const apartJ = Math.abs(this.#countedJ - this.#drawnJ) - ACCURACY * this.#drawnJ
    this.#waitedMs = apartJ > this.#openJ + 2 * stepJ ? this.#waitedMs + elapsedMs : 0
    if (this.#ms > SUMS_MS && this.#drawnJ > SUMS_TIMES * this.#openJ) this.restart()
  }

  /** Nothing before this is comparable with what comes. */
  restart(): void {
    this.#countedJ = this.#drawnJ = this.#ms = this.#highW = 0
    this.#stretches = 1
    this.#lowW = Number.POSITIVE_INFINITY
  }

  /** The counter has grown by what the power makes, at a load that neither comes nor goes. */
  agreed(): void {
    this.#hasAgreed = true
    this.restart()
  }

  /** Whether the power may be such a mean, and no steady load has shown yet that it is of the counter's scale. */
  get isUnproven(): boolean {
    return !this.#isInstant && !this.#hasAgreed
  }

  /** Whether the two agree by all that flowed one way, over hours and far more than what the lag leaves open. */
  get agrees(): boolean {
    const isLong = this.#ms >= AGREES_AFTER_MS && this.#drawnJ >= AGREES_TIMES * this.#openJ
    return isLong && Math.abs(this.#countedJ - this.#drawnJ) <= SUMS_ACCURACY * this.#drawnJ
  }

  /** Whether the lag of a mean explains that a counter and its power disagree. */
  get explains(): boolean {
    return !this.#isInstant && this.#waitedMs <= (this.#hasAgreed ? WAIT_MS : 0)
  }

  /** Whether the lag alone makes that they are so far apart, by the powers that were shown. */
  makes({ countedJ, drawnJ }: { countedJ: number; drawnJ: number }): boolean {
    return !this.#isInstant && Math.abs(countedJ - drawnJ) <= ACCURACY * drawnJ + this.#openJ
  }

  /** J by which the lag may put them apart. */
  get #openJ(): number {
    return (this.#stretches * Math.max(0, this.#highW - this.#lowW) * LAG_MS) / 1000
  }

  #jumped(byW: number, elapsedMs: number, mostW: number): void {
    this.#sinceMs.up += elapsedMs
    this.#sinceMs.down += elapsedMs
    if (Math.abs(byW) <= mostW * Math.max(JUMP, (1.5 * elapsedMs) / SLIDES_MS)) return
    const [way, other] = byW > 0 ? (['up', 'down'] as const) : (['down', 'up'] as const)
    // a mean that follows a new load goes one way
    if (this.#sinceMs[other] < BLOCK_MS) this.#isInstant = true
    this.#sinceMs[way] = 0
  }
}
