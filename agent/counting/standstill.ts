import { areaAboveJ } from './trapezoid.ts'

/**
 * A counter that stands though its power has made some of its steps is told for this long: a gateway may repeat its last page, whose
 * watts are then as old as the counter. One that stands longer is left out, so that power is integrated.
 */
const REPEATS_AT_MOST_MS = 60_000
/** Steps of the counter by its power after which it should have moved. */
const STEPS = 2

/** The time since a counter last moved, and the energy by its power. */
export class Standstill {
  #drawnJ = 0
  #ms = 0

  /** Takes the time between two readings of power, W. */
  add(fromW: number, toW: number, elapsedMs: number): void {
    this.#drawnJ += areaAboveJ(fromW, toW, elapsedMs)
    this.#ms += elapsedMs
  }

  /** The counter moved. */
  end(): void {
    this.#drawnJ = this.#ms = 0
  }

  /** Whether the counter stands though it should have moved: it and its power may be those of an earlier page. @param stepJ J */
  mayRepeat(stepJ: number): boolean {
    return this.#ms <= REPEATS_AT_MOST_MS && this.#drawnJ > STEPS * stepJ
  }
}
