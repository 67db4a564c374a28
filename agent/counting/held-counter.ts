import { JOULES_PER_KWH } from '../../protocol/units.ts'
import { kWh, Oddities } from './oddities.ts'
import { PowerEvidence } from './power-evidence.ts'
import { areaAboveJ } from './trapezoid.ts'

/** Over a longer time without power nothing can be said: a site may have been idle at both ends and busy between. */
export const JUDGED_AT_MOST_MS = 5 * 60_000
/** Over a gap nothing else can be said than that no meter shows a thousandth of its load at all other times. */
const GAP_FACTOR = 1000
/** The part by which a meter's counter and its power may differ in the long run. */
const ACCURACY = 0.2
/** The same where power flows both ways: a meter that counts each phase by itself counts more than the sum of its phases. */
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
const STEPS = 20
/** A counter that has moved less often may have larger steps than were seen. */
const MOVES = 3
/** The largest step of a known meter is 100 kWh. */
const MOST_STEP_J = 110 * JOULES_PER_KWH
/** A counter that stands still while its own power makes this much counts nothing. */
const STANDS_AT_MOST_J = 200 * JOULES_PER_KWH
/**
 * A counter that stands though its power has made some of its steps is told for this long: a gateway may repeat its last page, whose
 * watts are then as old as the counter. One that stands longer is left out, so that power is integrated.
 */
const REPEATS_AT_MOST_MS = 60_000
/** Readings in a row that can't be true, after which what came since the last good one is never booked: not after a gap, nor a restart. */
const DOUBTS = 3
/** Windows in a row that disagree. One may hold a meter's replacement, or a counter that was set. */
const WINDOWS_TO_REFUSE = 2
/** Counters whose last digit is smaller are told at every reading where the meter shows no power. */
const COARSE_STEP_J = 36_000

/** One reading of a counter. */
export interface HeldReading {
  /** J to report; absent: the counter has not moved, is kept back, or is not used */
  energyJ?: number
  /** true: counting starts again here; nothing between the last value and this one is to be booked */
  startsAgain?: true
  /** why the counter is not used */
  fault?: string
}

/** A stretch of readings that are judged together. */
interface Window {
  startJ: number
  power: PowerEvidence
  /** how often the counter has moved up */
  rises: number
  twoWay: boolean
}

/**
 * A meter's energy counter, held against the power that the same meter shows. It is reported only when it has moved: between two
 * steps the interval meter integrates power, and the step corrects the sum. So it costs nothing to keep a value back, and each value
 * that its own power can't make is kept back: a single 0 or a wild one is gone with the next reading. A counter that falls is taken
 * as it is at the second reading. One that disagrees over two windows, or leaps about, is of something else (a wrong map, another scale): it
 * is not used from then on, and the fault tells both figures.
 */
export class HeldCounter {
  readonly #stepJ: number
  readonly #odd = new Oddities()
  #window: Window | undefined
  #power: { powerW: number; steadyMs: number } | undefined
  /** the newest value that was accepted, the newest that was told, and the newest at all */
  #goodJ: number | undefined
  #toldJ: number | undefined
  #seenJ: number | undefined
  /** the smallest growth after the counter stood still: the size of its steps, where they are larger than its last digit */
  #learntJ: number | undefined
  #stood = false
  #hasMoved = false
  #mostW = 0
  /** energy by power, and ms, since the counter last moved */
  #stillJ = 0
  #stillMs = 0
  #powerStepW = 0
  /** readings in a row that fell, and that the counter's power can't make */
  #lows = 0
  #doubts = 0
  /** whether the first of them came after a gap */
  #isOddOverGap = false
  /** readings that are told though the counter has not moved: the interval meter accepts a fall at the second one */
  #tellStill = 0
  #strikes = 0
  #fault: string | undefined

  /** @param stepJ J that the counter's last digit stands for */
  constructor(stepJ: number) {
    this.#stepJ = stepJ
  }

  /**
   * @param powerW positive in the counter's direction; undefined where the meter shows none: the counter is then taken as it is
   * @param steadyMs ms of a monotonic clock
   * @param about powerStepW: W that the power's last digit stands for; twoWay: the counter of the other direction has moved since the last reading
   */
  read(
    energyJ: number | undefined,
    powerW: number | undefined,
    steadyMs: number,
    { powerStepW = 0, twoWay = false }: { powerStepW?: number; twoWay?: boolean } = {},
  ): HeldReading {
    if (this.#fault !== undefined) return { fault: this.#fault }
    const elapsedMs = this.#power && steadyMs - this.#power.steadyMs
    if (powerW === undefined)
      return elapsedMs === undefined || elapsedMs > JUDGED_AT_MOST_MS ? this.#unjudged(energyJ) : {}
    const gap = elapsedMs === undefined || elapsedMs > JUDGED_AT_MOST_MS
    this.#mostW = Math.max(this.#mostW, Math.abs(powerW))
    this.#powerStepW = Math.max(this.#powerStepW, powerStepW)
    if (!gap && this.#power) {
      this.#window?.power.add(this.#power.powerW, powerW, elapsedMs)
      this.#stillJ += areaAboveJ(this.#power.powerW, powerW, elapsedMs)
      this.#stillMs += elapsedMs
    }
    this.#power = { powerW, steadyMs }
    if (this.#window && (twoWay || powerW < 0)) this.#window.twoWay = true
    if (energyJ === undefined) return {}
    const reading = this.#judged(energyJ, steadyMs, gap, elapsedMs ?? 0)
    this.#seenJ = energyJ
    return this.#fault === undefined ? reading : { fault: this.#fault }
  }

  /** A meter without power. */
  #unjudged(energyJ: number | undefined): HeldReading {
    this.#window = undefined
    this.#goodJ = undefined
    const moved = energyJ !== this.#toldJ
    if (energyJ === undefined || (!moved && this.#stepJ >= COARSE_STEP_J)) return {}
    this.#toldJ = energyJ
    return { energyJ }
  }

  #judged(energyJ: number, steadyMs: number, gap: boolean, elapsedMs: number): HeldReading {
    const window = this.#window
    const goodJ = this.#goodJ
    if (!window || goodJ === undefined) return this.#begin(energyJ)
    if (energyJ < goodJ) return this.#fallen(energyJ, goodJ, steadyMs, gap)
    this.#lows = 0
    const grownJ = energyJ - goodJ
    if (energyJ > (this.#seenJ ?? energyJ)) window.rises++
    // what is below the last value was doubted for nothing: that value was a single wild one
    const isGone = energyJ < (this.#seenJ ?? energyJ)
    if (gap && this.#doubts > 0 && !isGone) return this.#beginAgain(energyJ)
    const overGap = gap || (this.#doubts > 0 && this.#isOddOverGap)
    if (overGap && grownJ <= this.#mostOverGapJ(elapsedMs)) return this.#begin(energyJ)
    if (grownJ > this.#mostAtOnceJ(window) && energyJ !== this.#seenJ) this.#note(steadyMs, grownJ)
    if (this.#fault !== undefined) return {}
    const verdict = this.#verdict(energyJ, window)
    if (verdict !== undefined) {
      this.#doubts = isGone ? 1 : this.#doubts + 1
      // one reading alone is gone with the next
      if (this.#doubts === 1) {
        this.#isOddOverGap = gap
        return {}
      }
      if (overGap || this.#isOver(energyJ, window)) return this.#strike(energyJ, window, verdict)
      if (this.#doubts !== DOUBTS) return {}
      this.#toldJ = undefined
      return { startsAgain: true }
    }
    this.#doubts = 0
    if (grownJ > 0) {
      this.#hasMoved = true
      if (this.#stood) this.#learntJ = Math.min(this.#learntJ ?? grownJ, grownJ)
    }
    this.#stood = grownJ === 0
    this.#goodJ = energyJ
    const told = this.#tell(energyJ)
    if (grownJ > 0 && this.#isOver(energyJ, window)) {
      this.#strikes = 0
      this.#startWindow(energyJ)
    }
    return told
  }

  #tell(energyJ: number): HeldReading {
    if (energyJ !== this.#toldJ) this.#stillJ = this.#stillMs = 0
    else if (this.#tellStill === 0 && !this.#repeats()) return {}
    // the interval meter takes no 0 for a beginning
    if (energyJ > 0 && this.#tellStill > 0) this.#tellStill--
    this.#toldJ = energyJ
    return { energyJ }
  }

  /** Whether the counter stands though by its power it should have moved: it and its power may be those of an earlier page. */
  #repeats(): boolean {
    return this.#hasMoved && this.#stillMs <= REPEATS_AT_MOST_MS && this.#stillJ > 2 * this.#knownStepJ()
  }

  /**
   * A reset, a wrap and a new meter stay; a 0 of a meter that boots, and a torn value, are gone with the next reading. Power says what
   * flowed meanwhile, so that nothing of what a new meter shows is booked; over a gap only the counter can say it.
   */
  #fallen(energyJ: number, goodJ: number, steadyMs: number, gap: boolean): HeldReading {
    this.#isOddOverGap = gap || (this.#lows > 0 && this.#isOddOverGap)
    const risesAgain = this.#lows > 0 && this.#seenJ !== undefined && energyJ >= this.#seenJ
    // a true counter that begins again is near 0
    if (energyJ > goodJ / 2 && energyJ !== this.#seenJ) this.#note(steadyMs, goodJ - energyJ)
    this.#lows = risesAgain ? 0 : this.#lows + 1
    if (!risesAgain) return {}
    if (!this.#isOddOverGap) return this.#beginAgain(energyJ)
    this.#tellStill = 2
    return this.#begin(energyJ)
  }

  #begin(energyJ: number): HeldReading {
    this.#startWindow(energyJ)
    this.#doubts = 0
    this.#goodJ = energyJ
    return this.#tell(energyJ)
  }

  #beginAgain(energyJ: number): HeldReading {
    this.#begin(energyJ)
    return { energyJ, startsAgain: true }
  }

  #startWindow(energyJ: number): void {
    this.#window = { startJ: energyJ, power: new PowerEvidence(), rises: 0, twoWay: false }
  }

  #note(steadyMs: number, leapJ: number): void {
    this.#fault ??= this.#odd.note(steadyMs, leapJ, this.#mostW)
  }

  #knownStepJ(): number {
    return Math.max(this.#stepJ, this.#learntJ ?? 0)
  }

  #mostOverGapJ(elapsedMs: number): number {
    return (GAP_FACTOR * Math.max(this.#mostW, 1000) * elapsedMs) / 1000 + 2 * this.#knownStepJ()
  }

  /** More than that no load makes since the window began, however it came and went. */
  #mostAtOnceJ({ power }: Window): number {
    const unseenJ = (Math.max(this.#mostW, 1000) * UNSEEN_MS) / 1000
    return 10 * (power.drawnJ + power.backJ + unseenJ) + 2 * this.#knownStepJ() + MOST_STEP_J
  }

  /** Whether the counter has grown by more or by less than its power can make since the window began. */
  #verdict(energyJ: number, { startJ, power, rises, twoWay }: Window): 'more' | 'less' | undefined {
    const countedJ = energyJ - startJ
    const isUnseenMs = twoWay ? UNSEEN_MS + power.ms / 2 : UNSEEN_MS
    const leastW = Math.max(LEAST_W, this.#powerStepW, LEAST_RATIO * this.#mostW)
    const openJ =
      power.spreadJ + 2 * this.#knownStepJ() + (this.#mostW * isUnseenMs + leastW * power.ms) / 1000
    const flowedJ = twoWay ? power.drawnJ + power.backJ : power.drawnJ
    if (
      countedJ >
      power.drawnJ + (twoWay ? TWO_WAY_ACCURACY : ACCURACY) * flowedJ + openJ + (twoWay ? power.backJ : 0)
    )
      return 'more'
    const stepIsKnown = rises >= MOVES && this.#hasMoved
    const leastJ = twoWay ? power.drawnJ / GROSS_FACTOR : (1 - ACCURACY) * power.drawnJ
    if (stepIsKnown && countedJ < leastJ - openJ) return 'less'
    const stands = rises === 0 && countedJ === 0 && power.ms >= GROSS_WINDOW_MS
    return stands && power.drawnJ - openJ > STANDS_AT_MOST_J ? 'less' : undefined
  }

  /** Whether a window has seen enough. */
  #isOver(energyJ: number, { startJ, power }: Window): boolean {
    const countedJ = energyJ - startJ
    const most = Math.max(countedJ, power.drawnJ)
    const least = Math.min(countedJ, power.drawnJ)
    const gross = most > GROSS_FACTOR * least
    return power.ms >= (gross ? GROSS_WINDOW_MS : WINDOW_MS) && most >= STEPS * this.#knownStepJ()
  }

  #strike(energyJ: number, window: Window, than: 'more' | 'less'): HeldReading {
    const countedJ = energyJ - window.startJ
    // the first step of a counter whose steps are larger than its last digit says nothing
    const firstStep = than === 'more' && window.rises === 1 && countedJ <= MOST_STEP_J
    const stands = than === 'less' && countedJ === 0
    if (!firstStep) this.#strikes++
    if (this.#strikes >= WINDOWS_TO_REFUSE || stands) {
      const { ms, drawnJ } = window.power
      this.#fault = `its energy counter booked ${kWh(countedJ)} in ${Math.round(ms / 1000)} s, far ${than} than the ${kWh(drawnJ)} of its own power; the counter is not used: check the map and its scale`
      return {}
    }
    return this.#beginAgain(energyJ)
  }
}
