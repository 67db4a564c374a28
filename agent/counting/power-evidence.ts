import { areaAboveJ } from './trapezoid.ts'

/** This many times the standard error of the mean power is left open. */
const ERRORS = 6

/** What a meter's own power readings make since some moment, and how exactly they say it. */
export class PowerEvidence {
  /** energy in the counter's direction, and in the other one */
  drawnJ = 0
  backJ = 0
  ms = 0
  #readings = 0
  #squaresW = 0

  /** Takes the time between two readings of power. */
  add(fromW: number, toW: number, elapsedMs: number): void {
    this.drawnJ += areaAboveJ(fromW, toW, elapsedMs)
    this.backJ += areaAboveJ(-fromW, -toW, elapsedMs)
    this.ms += elapsedMs
    this.#readings++
    this.#squaresW += (toW - fromW) ** 2
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
