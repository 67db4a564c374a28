import { defined } from '../../protocol/kit/defined.ts'
import { counterFault, type Disagreement, wrongForATime } from './counter-fault.ts'
import { CounterSteps } from './counter-steps.ts'
import { CounterWindow, type ShownPower, showMore } from './counter-window.ts'
import { Doubts } from './doubts.ts'
import { COARSE_STEP_J, FirstStep } from './first-step.ts'
import type { Beside, HeldReading, KnownCounter, Moment } from './held-reading.ts'
import { MeanPower } from './mean-power.ts'
import { Refusal } from './refusal.ts'
import { mostOverGapJ, SparsePolls } from './sparse-polls.ts'
import { StepEvidence } from './step-evidence.ts'
import { ToldValue } from './told-value.ts'

/** Over a longer time between two readings their power alone does not say what flowed; see sparse-polls.ts. */
export const JUDGED_AT_MOST_MS = 5 * 60_000
/** Windows in a row that disagree. One may hold a meter's replacement, or a counter that was set. */
const WINDOWS_TO_REFUSE = 2

/**
 * A meter's energy counter, held against the power that the same meter shows. It is reported only when it has moved: between two
 * steps the interval meter integrates power, and the step corrects the sum. So it costs nothing to keep a value back, and each value
 * that its own power can't make is kept back: a single 0 or a wild one is gone with the next reading. A counter that falls is taken
 * as it is at the second reading. One that disagrees over two windows, or leaps about, is of something else (a wrong map, another scale): it
 * is not used from then on, and the fault tells both figures. One that an earlier run refused is used again once it agrees for a whole window.
 */
export class HeldCounter {
  readonly #steps: CounterSteps
  readonly #sparse: SparsePolls
  readonly #told = new ToldValue()
  readonly #mean = new MeanPower()
  readonly #byStep: StepEvidence
  readonly #shown: ShownPower = { mostW: 0, alongW: 0, stepW: 0 }
  #window: CounterWindow | undefined
  #power: { powerW: number; steadyMs: number } | undefined
  /** the newest value that was accepted, and the newest at all */
  #goodJ: number | undefined
  #seenJ: number | undefined
  readonly #doubts = new Doubts()
  readonly #firstStep: FirstStep
  /** the counter of the other direction: at this reading, and when the newest value was accepted */
  #backJ: number | undefined
  #backGoodJ: number | undefined
  #strikes = 0
  readonly #refusal: Refusal
  /** it was wrong for a window, until it agrees for one */
  #wasWrong: string | undefined

  /**
   * @param stepJ J that the counter's last digit stands for
   * @param known what an earlier run of the agent has learnt of it
   */
  constructor(stepJ: number, known: KnownCounter = {}) {
    this.#steps = new CounterSteps(stepJ, known)
    this.#refusal = new Refusal(known.fault)
    this.#firstStep = new FirstStep(this.#steps.hasMoved)
    this.#byStep = new StepEvidence(known.evidence)
    this.#sparse = new SparsePolls(known.times)
  }

  /** What the next run of the agent should know. */
  get known(): KnownCounter {
    const fault = this.#refusal.told
    if (fault !== undefined) return { ...this.#steps.known, fault }
    return { ...this.#steps.known, ...defined({ evidence: this.#byStep.known, times: this.#sparse.known }) }
  }

  /** J of a step, as far as it is known. */
  get stepJ(): number {
    return this.#steps.knownJ
  }

  /** It is not used from here on: what it and the counter of the other direction say together can't be. */
  refuse(disagreement: Disagreement): void {
    this.#refusal.add(counterFault(disagreement), 'for good')
  }

  /**
   * @param powerW positive in the counter's direction; undefined where the meter shows none: the counter is then taken as it is
   * @param steadyMs ms of a monotonic clock
   */
  read(
    energyJ: number | undefined,
    powerW: number | undefined,
    steadyMs: number,
    beside: Beside = {},
  ): HeldReading {
    const before = this.#refusal.told
    if (before !== undefined && this.#refusal.isForGood) return { fault: before }
    const reading = this.#read(energyJ, powerW, steadyMs, beside)
    const fault = this.#refusal.told
    if (fault !== undefined) return { fault }
    const note = this.#wasWrong ?? this.#sparse.told
    if (before === undefined) return { ...reading, ...defined({ note }) }
    // trusted from here on: nothing before was told
    return energyJ === undefined ? {} : { energyJ, startsAgain: true }
  }

  #read(
    energyJ: number | undefined,
    powerW: number | undefined,
    steadyMs: number,
    { powerStepW = 0, backJ, unsureW }: Beside,
  ): HeldReading {
    const before = this.#power
    const elapsedMs = before && steadyMs - before.steadyMs
    const gap = elapsedMs === undefined || elapsedMs > JUDGED_AT_MOST_MS
    if (powerW === undefined) return gap ? this.#unjudged(energyJ) : {}
    showMore(this.#shown, powerW, powerStepW)
    if (!gap && before) {
      this.#window?.power.add(before.powerW, powerW, elapsedMs)
      this.#told.add(before.powerW, powerW, elapsedMs)
    }
    this.#power = { powerW, steadyMs }
    const twoWay = backJ !== undefined && this.#backJ !== undefined && backJ !== this.#backJ
    this.#backJ = backJ ?? this.#backJ
    this.#window?.saw(powerW, twoWay, this.#backJ)
    const fromW = gap ? undefined : before?.powerW
    const since = { energyJ, fromW, toW: powerW, elapsedMs: elapsedMs ?? 0, twoWay }
    this.#mean.take(since, this.#shown.mostW, this.#steps.knownJ)
    const disagreement = this.#byStep.take(since, this.#shown, this.#steps)
    if (disagreement && !this.#mean.makes(disagreement)) this.#refuse(disagreement)
    if (energyJ === undefined) return {}
    const at = { ...since, steadyMs, gap, fromW: before?.powerW, unsureW }
    const reading = this.#judged(energyJ, at)
    this.#seenJ = energyJ
    return reading
  }

  /** A meter without power. */
  #unjudged(energyJ: number | undefined): HeldReading {
    this.#window = undefined
    this.#goodJ = undefined
    this.#byStep.end()
    const begun = this.#told.any
    const isCoarse = this.#steps.lastDigitJ >= COARSE_STEP_J
    if (energyJ === undefined || !this.#told.moved(energyJ, isCoarse)) return {}
    const isOlder = this.#firstStep.isOlderWithoutPower(begun) && isCoarse
    // what was kept back is never told without a power that agrees
    const isInDoubt = this.#sparse.keepsBack
    this.#sparse.end()
    return isOlder || isInDoubt ? { energyJ, startsAgain: true } : { energyJ }
  }

  #judged(energyJ: number, at: Moment): HeldReading {
    const { steadyMs, gap } = at
    const window = this.#window
    const goodJ = this.#goodJ
    if (!window || goodJ === undefined) return this.#goOn(energyJ)
    if (energyJ < goodJ) return this.#fallen(energyJ, goodJ, steadyMs, gap)
    this.#doubts.risen()
    const grownJ = energyJ - goodJ
    if (energyJ > (this.#seenJ ?? energyJ)) window.rose(energyJ - (this.#seenJ ?? energyJ))
    // what is below the last value was doubted for nothing: that value was a single wild one
    const isGone = energyJ < (this.#seenJ ?? energyJ)
    if (gap && this.#doubts.any && !isGone) return this.#beginAgain(energyJ)
    const overGap = gap || this.#doubts.sinceGap
    const mostGapJ = mostOverGapJ(this.#shown, at.elapsedMs, this.#steps.knownJ)
    if (overGap && grownJ <= mostGapJ) return this.#overGap(energyJ, grownJ, at)
    if (!gap && !this.#sparse.keepsBack) this.#sparse.end()
    if (!this.#doubts.any && this.#firstStep.isOlder(energyJ, grownJ, window, this.#shown, this.#steps))
      return this.#countFromStep(energyJ, grownJ, window)
    const mostJ = window.mostAtOnceJ(this.#shown, this.#steps)
    // what stays where it has leapt to is one leap, not one at each reading
    if (grownJ > mostJ && Math.abs(energyJ - (this.#seenJ ?? goodJ)) > mostJ)
      this.#refusal.leapt(steadyMs, grownJ, this.#shown.mostW)
    if (this.#refusal.isForGood) return {}
    const verdict = window.verdict(energyJ, this.#shown, this.#steps)
    if (verdict !== undefined) {
      if (!gap && window.mayLag(energyJ) && this.#mean.explains) {
        this.#doubts.end()
        return {}
      }
      const doubt = this.#doubts.add(gap, isGone)
      if (doubt === 'first') return {}
      const isJudged = window.isOver(energyJ, this.#steps) || window.isPlain(energyJ, this.#steps)
      if (overGap || isJudged) return this.#strike(energyJ, window, verdict)
      if (doubt !== 'many') return {}
      this.#told.forget()
      this.#firstStep.forget()
      return { startsAgain: true }
    }
    this.#doubts.end()
    if (window.isSteadyAgreement(energyJ, this.#steps)) this.#mean.agreed()
    if (grownJ > 0 && this.#told.any) this.#firstStep.past()
    this.#steps.grew(grownJ)
    this.#steps.showed(energyJ)
    this.#accept(energyJ)
    const agrees = grownJ > 0 && window.isOver(energyJ, this.#steps)
    if (agrees) this.#sparse.end()
    const told = this.#sparse.keepsBack ? {} : this.#told.tell(energyJ, this.#steps)
    if (agrees) {
      this.#strikes = 0
      this.#wasWrong = undefined
      this.#refusal.agreed(this.#mean.agrees)
      this.#startWindow(energyJ)
    }
    return told
  }

  #countFromStep(energyJ: number, grownJ: number, window: CounterWindow): HeldReading {
    this.#steps.grew(grownJ)
    // a window that has seen a step before knows when it began, and goes on: else a counter that is doubted again and again is never judged
    if (window.rises > 1) this.#accept(energyJ)
    else this.#startWindow(energyJ)
    this.#told.tell(energyJ, this.#steps)
    this.#firstStep.past()
    return { energyJ, startsAgain: true }
  }

  /** A time without readings: one alone says little, many alike a lot. */
  #overGap(energyJ: number, grownJ: number, { gap, elapsedMs, fromW, unsureW }: Moment): HeldReading {
    const toW = this.#power?.powerW
    this.#steps.showed(energyJ)
    const isWhole = gap && !this.#doubts.any && fromW !== undefined && toW !== undefined
    if (isWhole) {
      this.#steps.grewOverGap(grownJ, (Math.max(fromW, toW) * elapsedMs) / 1000)
      const backJ = Math.max(0, (this.#backJ ?? 0) - (this.#backGoodJ ?? this.#backJ ?? 0))
      const time = { elapsedMs, fromW, toW, grownJ, stepJ: this.#steps.possibleJ, backJ, unsureW }
      const { refused, trusted } = this.#sparse.take(time, this.#shown)
      if (refused) this.refuse(refused)
      if (trusted) this.#refusal.agreed(false)
    }
    return this.#goOn(energyJ)
  }

  /**
   * A reset, a wrap and a new meter stay; a 0 of a meter that boots, and a torn value, are gone with the next reading. Power says what
   * flowed meanwhile, so that nothing of what a new meter shows is booked; over a gap only the counter can say it.
   */
  #fallen(energyJ: number, goodJ: number, steadyMs: number, gap: boolean): HeldReading {
    // a true counter that begins again is near 0
    if (energyJ > goodJ / 2 && energyJ < (this.#seenJ ?? goodJ))
      this.#refusal.leapt(steadyMs, goodJ - energyJ, this.#shown.mostW)
    const stays = this.#doubts.fell(gap, this.#seenJ !== undefined && energyJ >= this.#seenJ)
    if (stays === undefined) return {}
    this.#mean.restart()
    if (stays === 'since now') return this.#beginAgain(energyJ)
    this.#told.fell()
    return this.#begin(energyJ)
  }

  #begin(energyJ: number): HeldReading {
    this.#startWindow(energyJ)
    return this.#told.tell(energyJ, this.#steps)
  }

  /** Counts from here on, and tells nothing while the counter is kept back. */
  #goOn(energyJ: number): HeldReading {
    this.#startWindow(energyJ)
    return this.#sparse.keepsBack ? {} : this.#told.tell(energyJ, this.#steps)
  }

  #beginAgain(energyJ: number): HeldReading {
    this.#begin(energyJ)
    this.#firstStep.forget()
    return { energyJ, startsAgain: true }
  }

  #accept(energyJ: number): void {
    this.#goodJ = energyJ
    this.#backGoodJ = this.#backJ
  }

  #startWindow(energyJ: number): void {
    this.#doubts.end()
    this.#accept(energyJ)
    this.#window = new CounterWindow(energyJ, { backJ: this.#backJ })
  }

  /** Not used for good; where the power may be a mean that has not followed yet, until counter and power agree. */
  #refuse(apart: Disagreement): void {
    this.#refusal.add(counterFault(apart), this.#mean.isUnproven ? 'until it agrees' : 'for good')
    this.#strikes = 0
    this.#mean.restart()
  }

  #strike(energyJ: number, window: CounterWindow, than: 'more' | 'less'): HeldReading {
    const countedJ = energyJ - window.startJ
    // the first step of a counter whose steps are larger than its last digit says nothing
    const firstStep = than === 'more' && window.isFirstStep(energyJ)
    const stands = than === 'less' && countedJ === 0
    if (!firstStep) this.#strikes++
    const apart = { than, countedJ, drawnJ: window.power.drawnJ, ms: window.power.ms }
    if (this.#strikes >= WINDOWS_TO_REFUSE || stands) {
      this.#refuse(apart)
      return this.#beginAgain(energyJ)
    }
    if (window.isSure(energyJ, than, this.#shown, this.#steps)) this.#wasWrong = wrongForATime(apart)
    return this.#beginAgain(energyJ)
  }
}
