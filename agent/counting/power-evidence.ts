import { areaAboveJ } from './trapezoid.ts'

/** This many times the standard error of the mean power is left open. */
const ERRORS = 6
/** The part by which the readings of a steady load differ at most. */
const STEADY_RATIO = 0.1
/** Fewer may all have missed the same moments. */
const STEADY_READINGS = 10

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
   * J by which the energy may be another one because the load changes between the readings: from the differences of successive
   * readings (von Neumann), so that a load that only wanders slowly leaves little open.
   */
  get spreadJ(): number {
    if (this.#readings === 0) return 0
    return (ERRORS * Math.sqrt(this.#squaresW / 2) * this.ms) / this.#readings / 1000
  }
}
