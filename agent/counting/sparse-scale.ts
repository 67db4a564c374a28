import { type Disagreement, doubtedCounter } from './counter-fault.ts'
import { leastW, type ShownPower } from './counter-window.ts'
import { hasNumbers, isPowerSums } from './known-evidence.ts'
import { PowerEvidence, type PowerSums } from './power-evidence.ts'
import { areaAboveJ } from './trapezoid.ts'

/** A time between two readings. */
export interface SparseTime {
  elapsedMs: number
  /** W at both ends, in the counter's direction */
  fromW: number
  toW: number
  /** J by the counter */
  grownJ: number
  /** J of a step of the counter: the largest that it may have */
  stepJ: number
  /** J by the counter of the other direction, which counts as much too much where a meter counts each phase by itself */
  backJ?: number
  /** W that a reading within this time showed, and no other one: it may be wild, or the load that explains the counter */
  unsureW?: number | undefined
}

/** The part by which a counter and its power may differ. */
const ACCURACY = 0.2
/**
 * What the readings may all have missed: a load of up to 20 times the highest power that was seen, for such a part of the time that they miss
 * it with e^-16, once in 9 million.
 */
const UNSEEN = { missed: 16, reach: 20 }
/** Of fewer readings their spread is not known. */
const LEAST_TIMES = 30
/** After so many times that together agree the next ones are judged afresh, and after so many at all: a later disagreement must not drown. */
const BLOCK_TIMES = 100
const MOST_TIMES = 2_000

/** What the times so far add up to, for the next run of the agent. JSON. */
export interface KnownScale {
  countedJ: number
  largestJ: number
  power: PowerSums
  told?: string
}

/**
 * A counter that is read more than some minutes apart, and is off by less than any load could be that comes and goes: over hundreds of
 * readings even that leaves little open. It is told and goes on being used, because a load that comes and goes in step with the polls, such
 * as a timer's, looks the same.
 */
export class SparseScale {
  #power = new PowerEvidence()
  #times = 0
  #countedJ = 0
  /** the largest growth, which may be one leap */
  #largestJ = 0
  /** the newest times, up to a block of them */
  #block = { times: 0, countedJ: 0, drawnJ: 0 }
  #told: string | undefined

  /** @param known as `known` of an earlier run was; anything else is taken for nothing */
  constructor(known?: unknown) {
    if (!hasNumbers(known, ['countedJ', 'largestJ'])) return
    const { countedJ, largestJ, power, told } = known as Record<keyof KnownScale, unknown>
    if (!isPowerSums(power)) return
    this.#power = new PowerEvidence(power)
    this.#times = power.readings
    this.#countedJ = countedJ as number
    this.#largestJ = largestJ as number
    if (typeof told === 'string') this.#told = told
  }

  /** What the next run of the agent should know; undefined: nothing. */
  get known(): KnownScale | undefined {
    if (this.#times === 0 && this.#told === undefined) return undefined
    const sums = { countedJ: this.#countedJ, largestJ: this.#largestJ, power: this.#power.sums }
    return { ...sums, ...(this.#told !== undefined && { told: this.#told }) }
  }

  /** How far counter and power are apart, until they agree again; undefined: as far as is known they agree. */
  get told(): string | undefined {
    return this.#told
  }

  /** Nothing before this is in doubt. */
  end(): void {
    this.#told = undefined
    this.#start()
  }

  /** Takes a time between two readings. */
  take(time: SparseTime, shown: ShownPower): void {
    const { elapsedMs, fromW, toW, grownJ, backJ = 0 } = time
    // where power flows both ways a meter may count any amount in both
    if (fromW < 0 || toW < 0 || backJ > 0) {
      this.end()
      return
    }
    this.#power.add(fromW, toW, elapsedMs)
    this.#times++
    this.#countedJ += grownJ
    this.#largestJ = Math.max(this.#largestJ, grownJ)
    const than = this.#verdict(time, shown)
    const { drawnJ, ms } = this.#power
    if (than !== undefined)
      this.#told ??= doubtedCounter({ than, countedJ: this.#countedJ, drawnJ, ms }, this.#times)
    if (this.#blockAgrees(time)) this.end()
    else if (this.#times >= MOST_TIMES) this.#start()
  }

  /** Whether a whole block of times agrees. */
  #blockAgrees({ elapsedMs, fromW, toW, grownJ, stepJ }: SparseTime): boolean {
    const block = this.#block
    block.times++
    block.countedJ += grownJ
    block.drawnJ += areaAboveJ(fromW, toW, elapsedMs)
    if (block.times < BLOCK_TIMES) return false
    this.#block = { times: 0, countedJ: 0, drawnJ: 0 }
    return Math.abs(block.countedJ - block.drawnJ) <= ACCURACY * block.drawnJ + 2 * stepJ
  }

  #verdict({ stepJ }: SparseTime, shown: ShownPower): Disagreement['than'] | undefined {
    if (this.#times < LEAST_TIMES) return undefined
    const power = this.#power
    const { drawnJ, ms, spreadJ } = power
    const openJ = spreadJ + 2 * stepJ + this.#largestJ + (leastW(shown) * ms) / 1000
    // the highest power of an earlier run of the agent counts too
    const mostW = Math.max(shown.mostW, power.sums.highW)
    if (this.#countedJ > (1 + ACCURACY) * drawnJ + openJ + power.unseenJ(mostW, UNSEEN)) return 'more'
    const missedJ = drawnJ * (1 - Math.exp(-UNSEEN.missed / this.#times))
    return this.#countedJ < (1 - ACCURACY) * drawnJ - openJ - missedJ ? 'less' : undefined
  }

  #start(): void {
    this.#power = new PowerEvidence()
    this.#times = this.#countedJ = this.#largestJ = 0
    this.#block = { times: 0, countedJ: 0, drawnJ: 0 }
  }
}
