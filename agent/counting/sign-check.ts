import { kWh } from './counter-fault.ts'
import { PowerEvidence } from './power-evidence.ts'

/** Judged after this long, and from this much energy on. */
const WINDOW_MS = 15 * 60_000
const LEAST_J = 3_600_000
/**
 * The same at a steady load, whose power is no average that creeps behind another load, once the counter has made so many steps: sooner
 * only a swap is told, because nothing else has to be sure so soon.
 */
const STEADY_MS = 3 * 60_000
const STEADY_J = 360_000
const STEPS = 20
/** How far counter and power may differ, and how much of the other direction there may be. */
const ACCURACY = 0.2
const OTHER = 0.05

/**
 * Notices a meter whose power has its sign the other way than its counters: what the power says flows out, the counter of import counts.
 * One that counts each phase by itself shows another amount in both counters, and is left alone.
 */
export class SignCheck {
  #power = new PowerEvidence()
  /** the same, whichever way it flows */
  #load = new PowerEvidence()
  #start: { energyJ: number; exportedJ: number } | undefined
  #last: { powerW: number; steadyMs: number } | undefined
  #fault: string | undefined

  /**
   * @param maxGapMs over a longer time nothing can be said
   * @param stepJ J of the larger step of both counters
   * @returns what to do; undefined: the sign is right, or not known
   */
  check(
    powerW: number | undefined,
    { energyJ = 0, exportedJ = 0 }: { energyJ?: number | undefined; exportedJ?: number | undefined },
    steadyMs: number,
    maxGapMs: number,
    stepJ: number,
  ): string | undefined {
    const last = this.#last
    this.#last = powerW === undefined ? undefined : { powerW, steadyMs }
    const start = this.#start
    const fell = start && (energyJ < start.energyJ || exportedJ < start.exportedJ)
    if (!last || powerW === undefined || !start || fell || steadyMs - last.steadyMs > maxGapMs) {
      this.#begin({ energyJ, exportedJ })
      return this.#fault
    }
    this.#power.add(last.powerW, powerW, steadyMs - last.steadyMs)
    this.#load.add(Math.abs(last.powerW), Math.abs(powerW), steadyMs - last.steadyMs)
    const inJ = energyJ - start.energyJ
    const outJ = exportedJ - start.exportedJ
    const { drawnJ, backJ, ms } = this.#power
    const leastJ = Math.min(Math.max(inJ, outJ), Math.max(drawnJ, backJ))
    const isOver = ms >= WINDOW_MS && leastJ >= LEAST_J
    const isSteady = this.#load.isSteady && ms >= STEADY_MS
    if (!isOver && !(isSteady && leastJ >= Math.max(STEADY_J, STEPS * stepJ))) return this.#fault
    const fault =
      isSwapped(inJ, outJ, backJ, drawnJ) || isSwapped(outJ, inJ, drawnJ, backJ)
        ? `its power says that ${kWh(Math.max(drawnJ, backJ))} flowed ${backJ > drawnJ ? 'out' : 'in'} in ${Math.round(ms / 1000)} s, and its counters that ${kWh(Math.max(inJ, outJ))} flowed ${inJ > outJ ? 'in' : 'out'}; if the counters are right set invert: power, else invert: true`
        : undefined
    if (!isOver && fault === undefined) return this.#fault
    this.#fault = fault
    this.#begin({ energyJ, exportedJ })
    return this.#fault
  }

  #begin(start: { energyJ: number; exportedJ: number }): void {
    this.#start = start
    this.#power = new PowerEvidence()
    this.#load = new PowerEvidence()
  }
}

/** Whether one counter counts what flows the other way by the power. */
const isSwapped = (countedJ: number, otherJ: number, wrongWayJ: number, rightWayJ: number): boolean =>
  Math.abs(countedJ - wrongWayJ) <= ACCURACY * wrongWayJ &&
  otherJ <= OTHER * wrongWayJ &&
  rightWayJ <= OTHER * wrongWayJ
