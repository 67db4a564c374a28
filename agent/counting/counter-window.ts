import { JOULES_PER_KWH } from '../../protocol/units.ts'
import type { Disagreement } from './counter-fault.ts'
import { type CounterSteps, MOST_STEP_J } from './counter-steps.ts'
import { PowerEvidence } from './power-evidence.ts'

/** The part by which a meter's counter and its power may differ over minutes: power can be an average of a quarter of an hour. */
const ACCURACY = 0.2
/**
 * The same in the long run, and at a steady load. Meters of class 1 are exact to 1 % (IEC 62053-21), and transformers or transducers add 1 to
 * 3 %, to both figures alike.
 */
const LONG_ACCURACY = 0.1
/**
 * The same where power flows both ways: a meter that counts each phase by itself counts more than the sum of its phases. It counts as much
 * more the other way too, so the net of both counters must say it as well.
 */
const TWO_WAY_ACCURACY = 2
/** A difference beyond this factor is judged earlier. */
const GROSS_FACTOR = 3
/** A load may come and go between two readings: for this long at the highest power that was seen. */
const UNSEEN_MS = 120_000
/** Below this a power reading says little, and below this part of the highest power that was seen. */
const LEAST_W = 10
const LEAST_RATIO = 0.01
/** A window is judged after this long, and after this many steps of the counter by its power. */
const WINDOW_MS = 60 * 60_000
const GROSS_WINDOW_MS = 15 * 60_000
/** The same at a steady load of a counter that moves, where nothing else explains a difference. */
const STEADY_GROSS_WINDOW_MS = 3 * 60_000
const STEADY_WINDOW_MS = 5 * 60_000
const STEPS = 20
/** A counter that has moved less often may have larger steps than were seen. */
const MOVES = 3
/** A counter that stands still while its own power makes this much counts nothing. */
const STANDS_AT_MOST_J = 200 * JOULES_PER_KWH

/** What a meter's power has shown so far. */
export interface ShownPower {
  /** the highest, of both directions, and in that of the counter, W */
  mostW: number
  alongW: number
  /** W that its last digit stands for */
  stepW: number
}

/** Takes a power, W, positive in the counter's direction. @param stepW W that its last digit stands for */
export function showMore(shown: ShownPower, powerW: number, stepW: number): void {
  shown.mostW = Math.max(shown.mostW, Math.abs(powerW))
  shown.alongW = Math.max(shown.alongW, powerW)
  shown.stepW = Math.max(shown.stepW, stepW)
}

/** By what a counter and its power may differ: a part of the energy, and J. */
interface Allowance {
  accuracy: number
  openJ: number
}

/** What readings may all have missed once in 9 million times, of a load of up to twice the highest power that was seen. */
const HARDLY_UNSEEN = { missed: 16, reach: 2 }

/** Whether a counter has grown by more or by less than its power can make. */
export type Verdict = 'more' | 'less' | undefined

/** Below this the power says nothing. */
export const leastW = ({ mostW, stepW }: Pick<ShownPower, 'mostW' | 'stepW'>): number =>
  Math.max(LEAST_W, stepW, LEAST_RATIO * mostW)

/** A stretch of readings of a counter that are judged together, and what their power says. */
export class CounterWindow {
  readonly startJ: number
  readonly power: PowerEvidence
  /** how often the counter has moved up */
  rises = 0
  /** the largest of those moves, J: a moment that the power did not show */
  #largestJ = 0
  /** whether power flowed the other way too */
  twoWay = false
  /** the counter of the other direction, J: when the window began, and now */
  #backStartJ: number | undefined
  #backJ: number | undefined

  /**
   * @param backJ J by the counter of the other direction
   * @param power what is known of the power already
   */
  constructor(startJ: number, { backJ, power }: { backJ?: number | undefined; power?: PowerEvidence } = {}) {
    this.startJ = startJ
    this.power = power ?? new PowerEvidence()
    this.#backStartJ = this.#backJ = backJ
  }

  /**
   * Takes what the meter shows beside the counter.
   * @param twoWay whether the counter of the other direction has moved
   */
  saw(powerW: number, twoWay: boolean, backJ: number | undefined): void {
    if (twoWay || powerW < 0) this.twoWay = true
    this.#backJ = backJ
    this.#backStartJ ??= backJ
  }

  /** J by which the counter of the other direction has grown. */
  get #countedBackJ(): number {
    return Math.max(0, (this.#backJ ?? 0) - (this.#backStartJ ?? 0))
  }

  /** Takes a move up of the counter. */
  rose(byJ: number): void {
    this.rises++
    this.#largestJ = Math.max(this.#largestJ, byJ)
  }

  /** J. More than that no load makes since the window began, however it came and went. */
  mostAtOnceJ({ mostW }: ShownPower, steps: CounterSteps): number {
    const unseenJ = (Math.max(mostW, 1000) * UNSEEN_MS) / 1000
    return 10 * (this.power.drawnJ + this.power.backJ + unseenJ) + 2 * steps.knownJ + MOST_STEP_J
  }

  /**
   * Holds the growth since the window began against its power.
   * @param stepsOpenJ J of which the counter's steps leave open when they flowed: of one at each end, where nothing else is known
   */
  verdict(
    energyJ: number,
    shown: ShownPower,
    steps: CounterSteps,
    stepsOpenJ: number = 2 * steps.knownJ,
  ): Verdict {
    const { power, twoWay, rises } = this
    const countedJ = energyJ - this.startJ
    const all = this.#allowances(shown, steps, stepsOpenJ)
    const flowedJ = twoWay ? power.drawnJ + power.backJ : power.drawnJ
    const alsoJ = twoWay ? power.backJ : 0
    const netMoreJ = countedJ - this.#countedBackJ - (power.drawnJ - power.backJ)
    const isMore = ({ accuracy, openJ }: Allowance) =>
      countedJ > power.drawnJ + (twoWay ? TWO_WAY_ACCURACY : accuracy) * flowedJ + openJ + alsoJ &&
      netMoreJ > accuracy * flowedJ + openJ
    if (all.some(isMore)) return 'more'
    const stepIsKnown = rises >= MOVES && steps.hasMoved
    const isLess = ({ accuracy, openJ }: Allowance) =>
      countedJ < (twoWay ? power.drawnJ / GROSS_FACTOR : (1 - accuracy) * power.drawnJ) - openJ
    if (stepIsKnown && all.some(isLess)) return 'less'
    const stands = rises === 0 && countedJ === 0 && power.ms >= GROSS_WINDOW_MS
    return stands && power.drawnJ - all[0].openJ > STANDS_AT_MOST_J ? 'less' : undefined
  }

  /** What the power may be wrong by, at any load; and at a steady one, of which many readings leave little open. */
  #allowances(shown: ShownPower, steps: CounterSteps, stepsOpenJ: number): [Allowance, ...Allowance[]] {
    const { power, twoWay } = this
    const alwaysJ = power.spreadJ + stepsOpenJ + (leastW(shown) * power.ms) / 1000
    const unseenMs = twoWay ? UNSEEN_MS + power.ms / 2 : UNSEEN_MS
    // a site that sends out much by day may never draw as much
    const mostW = twoWay ? shown.mostW : shown.alongW
    const any = {
      accuracy: power.ms >= WINDOW_MS ? LONG_ACCURACY : ACCURACY,
      openJ: alwaysJ + (mostW * unseenMs) / 1000,
    }
    if (power.ms < STEADY_WINDOW_MS || !this.#isLive(steps)) return [any]
    return [any, { accuracy: LONG_ACCURACY, openJ: alwaysJ + power.unseenJ(mostW) }]
  }

  /** Whether the load was steady, and the counter moved meanwhile. */
  #isLive(steps: CounterSteps): boolean {
    return this.rises >= MOVES && steps.hasMoved && !this.twoWay && this.power.isSteady
  }

  /**
   * Whether no chance makes the disagreement of this window alone, and no single leap: at a steady load.
   * @param than as `verdict` said
   */
  isSure(energyJ: number, than: Disagreement['than'], shown: ShownPower, steps: CounterSteps): boolean {
    const { power } = this
    const countedJ = energyJ - this.startJ
    if (!this.#isLive(steps)) return false
    const [{ accuracy, openJ }] = this.#allowances(shown, steps, 2 * steps.knownJ + this.#largestJ)
    const apartJ = than === 'more' ? countedJ - power.drawnJ : power.drawnJ - countedJ
    return apartJ > accuracy * power.drawnJ + openJ + power.unseenJ(shown.mostW, HARDLY_UNSEEN)
  }

  /** Whether a power that lags may explain the disagreement: no single leap of the counter makes it, and it moves. */
  mayLag(energyJ: number): boolean {
    const { drawnJ } = this.power
    const countedJ = energyJ - this.startJ
    const isLeap = countedJ > drawnJ && countedJ - drawnJ <= 2 * this.#largestJ
    const isStill = this.rises === 0 && countedJ === 0
    return !this.twoWay && !isLeap && !isStill
  }

  /** Whether counter and power agree by all that they say, at a steady load. */
  isSteadyAgreement(energyJ: number, steps: CounterSteps): boolean {
    const { power } = this
    const isLong = power.ms >= STEADY_WINDOW_MS && power.drawnJ >= STEPS * steps.knownJ
    const apartJ = Math.abs(energyJ - this.startJ - power.drawnJ)
    return isLong && this.#isLive(steps) && apartJ <= LONG_ACCURACY * power.drawnJ
  }

  /** Whether the window has seen enough. */
  isOver(energyJ: number, steps: CounterSteps): boolean {
    const { most, gross } = this.#sides(energyJ)
    return this.power.ms >= (gross ? GROSS_WINDOW_MS : WINDOW_MS) && most >= STEPS * steps.knownJ
  }

  /** Whether a disagreement is so plain that the window need not be seen to its end: at a steady load, by three times sooner. */
  isPlain(energyJ: number, steps: CounterSteps): boolean {
    const { most, gross } = this.#sides(energyJ)
    const isEven = energyJ - this.startJ > 2 * this.#largestJ
    const leastMs = gross ? STEADY_GROSS_WINDOW_MS : STEADY_WINDOW_MS
    return isEven && this.#isLive(steps) && this.power.ms >= leastMs && most >= STEPS * steps.knownJ
  }

  /**
   * Whether a first movement, of a step at most, holds energy from before the window: more than the highest power makes since then, and the
   * counter of the other direction with it.
   * @param grownJ J of the movement
   */
  isFromBefore(grownJ: number, { mostW }: ShownPower): boolean {
    return grownJ - this.#countedBackJ > ((1 + LONG_ACCURACY) * mostW * this.power.ms) / 1000
  }

  #sides(energyJ: number): { most: number; gross: boolean } {
    const countedJ = energyJ - this.startJ
    const most = Math.max(countedJ, this.power.drawnJ)
    return { most, gross: most > GROSS_FACTOR * Math.min(countedJ, this.power.drawnJ) }
  }

  /** Whether all that it counted may be one step of a counter whose steps are larger than its last digit. */
  isFirstStep(energyJ: number): boolean {
    return this.rises === 1 && energyJ - this.startJ <= MOST_STEP_J
  }
}
