import { kWh } from './counter-fault.ts'
import { PowerEvidence } from './power-evidence.ts'

/** Which figure of a meter has the wrong direction. */
export type Wrong = 'power' | 'counters'

/** What is known of it, for the next run of the agent. JSON. */
export interface KnownSign {
  wrong: Wrong
  fault: string
}

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
  /** which figure is not used since they contradict each other first */
  #wrong: Wrong | undefined

  /** @param known as `known` of an earlier run was; anything else is taken for nothing */
  constructor(known?: unknown) {
    const { wrong, fault } = (known ?? {}) as Partial<Record<'wrong' | 'fault', unknown>>
    if ((wrong !== 'power' && wrong !== 'counters') || typeof fault !== 'string') return
    this.#wrong = wrong
    this.#fault = fault
  }

  /** What the next run of the agent should know; undefined: nothing. */
  get known(): KnownSign | undefined {
    return this.#wrong === undefined || this.#fault === undefined
      ? undefined
      : { wrong: this.#wrong, fault: this.#fault }
  }

  /**
   * The figure that is not used; undefined: both agree. A meter draws, and one of own generation shows that as positive too, so the one that says
   * in is likelier right.
   */
  get wrong(): Wrong | undefined {
    return this.#wrong
  }

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
      isOneWay(inJ, outJ, backJ, drawnJ) || isOneWay(outJ, inJ, drawnJ, backJ)
        ? `its power says that ${kWh(Math.max(drawnJ, backJ))} flowed ${backJ > drawnJ ? 'out' : 'in'} in ${Math.round(ms / 1000)} s, and its counters that ${kWh(Math.max(inJ, outJ))} flowed ${inJ > outJ ? 'in' : 'out'}; if the counters are right set invert: power, else invert: true; until then ${(this.#wrong ?? (backJ > drawnJ ? 'power' : 'counters')) === 'power' ? 'its power is' : 'its counters are'} not used`
        : undefined
    const agrees = isOneWay(inJ, outJ, drawnJ, backJ) || isOneWay(outJ, inJ, backJ, drawnJ)
    if (fault === undefined && !isOver && !(agrees && this.#fault !== undefined)) return this.#fault
    if (fault !== undefined) {
      this.#fault = fault
      this.#wrong ??= backJ > drawnJ ? 'power' : 'counters'
    } else if (agrees) this.#fault = this.#wrong = undefined
    this.#begin({ energyJ, exportedJ })
    return this.#fault
  }

  #begin(start: { energyJ: number; exportedJ: number }): void {
    this.#start = start
    this.#power = new PowerEvidence()
    this.#load = new PowerEvidence()
  }
}

/** Whether one counter alone counts what flows one way by the power. */
const isOneWay = (countedJ: number, otherJ: number, flowedJ: number, backJ: number): boolean =>
  Math.abs(countedJ - flowedJ) <= ACCURACY * flowedJ && otherJ <= OTHER * flowedJ && backJ <= OTHER * flowedJ
