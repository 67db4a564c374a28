import { areaAboveJ } from './trapezoid.ts'

/** This many times the standard error of the mean power is left open. */
const ERRORS = 6
/** A state that the load has for a part p of the time is missed by N readings with (1 - p)^N: such a p is left open that it is e^-7. */
const MISSED = 7
/** A load may reach so many times the highest power that was seen, between the readings. */
const MAY_REACH = 2
/** How much of a load all readings together may have missed. */
export interface Unseen {
  /** n of e^-n, the chance that they missed it */
  missed: number
  /** its power beside the highest that was seen */
  reach: number
}
/** The part by which the readings of a steady load differ at most. */
const STEADY_RATIO = 0.1
/** Fewer may all have missed the same moments. */
const STEADY_READINGS = 10

/** What the readings so far add up to: J, ms and W. JSON. */
export interface PowerSums {
  drawnJ: number
  backJ: number
  ms: number
  lowW: number
  highW: number
  readings: number
  squaresW: number
}

/** What a meter's own power readings make since some moment, and how exactly they say it. */
export class PowerEvidence {
  /** energy in the counter's direction, and in the other one */
  drawnJ = 0
  backJ = 0
  ms = 0
  #lowW = Number.POSITIVE_INFINITY
  #highW = Number.NEGATIVE_INFINITY
  #readings = 0
  #squaresW = 0

  /** @param sums of an earlier run of the agent, to go on from */
  constructor(sums?: PowerSums) {
    if (!sums) return
    this.drawnJ = sums.drawnJ
    this.backJ = sums.backJ
    this.ms = sums.ms
    this.#lowW = sums.lowW
    this.#highW = sums.highW
    this.#readings = sums.readings
    this.#squaresW = sums.squaresW
  }

  get sums(): PowerSums {
    return {
      drawnJ: this.drawnJ,
      backJ: this.backJ,
      ms: this.ms,
      lowW: this.#lowW,
      highW: this.#highW,
      readings: this.#readings,
      squaresW: this.#squaresW,
    }
  }

  /** Takes the time between two readings of power. */
  add(fromW: number, toW: number, elapsedMs: number): void {
    this.drawnJ += areaAboveJ(fromW, toW, elapsedMs)
    this.backJ += areaAboveJ(-fromW, -toW, elapsedMs)
    this.ms += elapsedMs
    this.#readings++
    this.#lowW = Math.min(this.#lowW, fromW, toW)
    this.#highW = Math.max(this.#highW, fromW, toW)
    this.#squaresW += (toW - fromW) ** 2
  }

  /** Whether all readings show one load: neither one that comes and goes, nor an average that creeps behind it. */
  get isSteady(): boolean {
    if (this.#readings < STEADY_READINGS) return false
    return this.#lowW > 0 && this.#highW - this.#lowW <= STEADY_RATIO * this.#highW
  }

  /**
   * J by which the energy may be another one because readings of a steady load have missed another state of it. The more readings there
   * are, the less is left open.
   * @param mostW the highest power that its meter has shown
   */
  unseenJ(mostW: number, { missed, reach }: Unseen = { missed: MISSED, reach: MAY_REACH }): number {
    if (this.#readings === 0 || this.ms === 0) return 0
    const meanW = (this.drawnJ * 1000) / this.ms
    const leapW = Math.max(meanW, reach * mostW - meanW)
    return (leapW * (1 - Math.exp(-missed / this.#readings)) * this.ms) / 1000
  }

  /**
   * J by which the energy may be another one because the load changes between the readings: from the differences of successive
   * readings (von Neumann), so that a load that only wanders slowly leaves little open.
   */
  get spreadJ(): number {
    if (this.#readings === 0) return 0
    return (ERRORS * Math.sqrt(this.#squaresW / 2) * this.ms) / this.#readings / 1000
  }
}
