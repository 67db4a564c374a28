import type { Disagreement } from './counter-fault.ts'
import type { CounterSteps } from './counter-steps.ts'
import { CounterWindow, type ShownPower, type Verdict } from './counter-window.ts'
import { type KnownEvidence, readEvidence } from './known-evidence.ts'
import { PowerEvidence, type PowerSums } from './power-evidence.ts'

/** Steps in a row at which the counter disagrees the same way. */
const TO_REFUSE = 2
/** After so many steps the evidence begins again: a meter that is exchanged leaves no more than one leap in it. */
const MOST_STEPS = 48
/** Where the load is not steady, the power may be an average that creeps behind it for a quarter of an hour. */
const UNSTEADY_MS = 60 * 60_000
/** So much longer an unsteady load is seen, for the steps in a row that it takes. */
const EACH_MORE_MS = 10 * 60_000
/** A time between two readings that is so many times the shortest one may hide another load. */
const MISSED_POLLS = 3
const MISSED_AT_LEAST_MS = 30_000
/** A load may come and go for so many polls at the highest power that was seen, of which the window leaves open so much. */
const UNSEEN_POLLS = 4
const UNSEEN_MS = 120_000

/** A reading of a counter with the power before it and now. */
export interface StepReading {
  /** absent: not read now */
  energyJ: number | undefined
  /** W, in the counter's direction; `fromW` absent: nothing is known of the time before */
  fromW: number | undefined
  toW: number
  elapsedMs: number
  /** true: the counter of the other direction moved too */
  twoWay: boolean
}

/** A step that one reading shows: the next one says whether it stays. */
interface Pending {
  energyJ: number
  grownJ: number
  than: Verdict
  disagreement: Disagreement
  /** the power up to it */
  power: PowerSums
}

/**
 * A counter whose steps are some polls apart, held against its power from the moment of one step to that of a later one: n steps say what
 * flowed to one of them, so n steps bound its share of the truth between (n - 1) / n and (n + 1) / n, also where readings were kept back
 * meanwhile. The largest growth is left out, so that one leap is no evidence. What the steps of an earlier run of the agent have shown goes
 * on from the first step of the next one: what flowed between the two is in neither.
 */
export class StepEvidence {
  #window: CounterWindow | undefined
  #goodJ: number | undefined
  #pending: Pending | undefined
  #largestJ = 0
  /** readings since the window began at which the counter stood still */
  #stood = 0
  #lows = 0
  #shortestMs = Number.POSITIVE_INFINITY
  #longestMs = 0
  /** steps in a row that say so */
  #than: Verdict
  #inARow = 0
  /** the step from which this run of the agent counts on, J */
  #fromJ: number | undefined
  /** the evidence at the last step that stays; until the first step of this run it is that of the run before */
  #known: KnownEvidence | undefined

  /** @param known as `known` of an earlier run was; anything else is taken for nothing */
  constructor(known?: unknown) {
    this.#known = readEvidence(known)
  }

  /** What the next run of the agent should know; undefined: nothing, or the counter has no coarse steps. */
  get known(): KnownEvidence | undefined {
    return this.#known
  }

  /** Nothing before this is comparable with what comes. */
  end(): void {
    this.#known = undefined
    this.#goodJ = this.#pending = undefined
    this.#lows = 0
    this.#start()
  }

  /** @returns how far counter and power are apart, where enough steps say it */
  take(reading: StepReading, shown: ShownPower, steps: CounterSteps): Disagreement | undefined {
    const { energyJ, fromW, toW, elapsedMs, twoWay } = reading
    // before the first reading of all there was nothing to miss
    const isBroken = elapsedMs > 0 && fromW === undefined
    if (this.#missed(elapsedMs) || isBroken || twoWay || toW < 0) this.end()
    else if (fromW !== undefined) this.#window?.power.add(fromW, toW, elapsedMs)
    if (energyJ === undefined) return undefined
    const disagreement = this.#confirmed(energyJ)
    if (disagreement) return disagreement
    const goodJ = this.#goodJ
    if (goodJ === undefined || (energyJ < goodJ && ++this.#lows > 1)) {
      if (goodJ !== undefined || this.#isOther(energyJ)) this.end()
      this.#goodJ = energyJ
      return undefined
    }
    if (energyJ < goodJ) return undefined
    this.#lows = 0
    if (energyJ === goodJ) this.#stood++
    else this.#pending = this.#stepTo(energyJ, energyJ - goodJ, shown, steps)
    return undefined
  }

  #missed(elapsedMs: number): boolean {
    const isMissed = elapsedMs > Math.max(MISSED_AT_LEAST_MS, MISSED_POLLS * this.#shortestMs)
    // after a change of the polls the new ones are the measure
    if (elapsedMs > 0) this.#shortestMs = isMissed ? elapsedMs : Math.min(this.#shortestMs, elapsedMs)
    if (!isMissed) this.#longestMs = Math.max(this.#longestMs, elapsedMs)
    return isMissed
  }

  #stepTo(energyJ: number, grownJ: number, shown: ShownPower, steps: CounterSteps): Pending {
    // a part of the first step is older than the first reading: the evidence begins at it
    this.#window ??= this.#begin(energyJ)
    const { power, startJ, rises } = this.#window
    const unseenMs = Math.max(0, UNSEEN_POLLS * this.#longestMs - UNSEEN_MS)
    const openJ = Math.max(grownJ, this.#largestJ) + (shown.mostW * unseenMs) / 1000
    const isCoarse = this.#stood >= rises && (power.isSteady || power.ms >= UNSTEADY_MS)
    const than = isCoarse ? this.#window.verdict(energyJ, shown, steps, openJ) : undefined
    const disagreement = { countedJ: energyJ - startJ, drawnJ: power.drawnJ, ms: power.ms }
    const sums = power.sums
    return { energyJ, grownJ, than, disagreement: { than: than ?? 'more', ...disagreement }, power: sums }
  }

  /** Whether the first reading of a run is of another counter than the last step of the run before. */
  #isOther(energyJ: number): boolean {
    const { atJ, largestJ } = this.#known ?? {}
    if (atJ === undefined || largestJ === undefined) return false
    return energyJ < atJ || energyJ - atJ > MOST_STEPS * largestJ
  }

  #begin(energyJ: number): CounterWindow {
    this.#fromJ = energyJ
    const known = this.#known
    if (!known) return new CounterWindow(energyJ)
    const window = new CounterWindow(energyJ - known.countedJ, { power: new PowerEvidence(known.power) })
    window.rises = known.rises
    this.#largestJ = known.largestJ
    this.#longestMs = Math.max(this.#longestMs, known.longestMs)
    this.#stood = known.stood
    this.#inARow = known.inARow
    this.#than = known.than
    return window
  }

  /** Takes the step that the last reading showed, unless it is gone. */
  #confirmed(energyJ: number): Disagreement | undefined {
    const pending = this.#pending
    const window = this.#window
    this.#pending = undefined
    if (!pending || !window) return undefined
    if (energyJ < pending.energyJ) {
      if (this.#fromJ === pending.energyJ) this.#start()
      return undefined
    }
    this.#goodJ = pending.energyJ
    if (this.#fromJ === pending.energyJ) return undefined
    window.rose(pending.grownJ)
    this.#largestJ = Math.max(this.#largestJ, pending.grownJ)
    this.#inARow = pending.than !== undefined && pending.than === this.#than ? this.#inARow + 1 : 1
    this.#than = pending.than
    if (pending.than !== undefined && this.#inARow >= TO_REFUSE) return pending.disagreement
    this.#known = this.#stood >= window.rises ? this.#evidence(pending, window) : undefined
    // steps that come fast at a load that is not steady have not been seen for long enough to say anything
    const isEarly = !window.power.isSteady && window.power.ms < UNSTEADY_MS + EACH_MORE_MS
    if (window.rises < MOST_STEPS || isEarly) return undefined
    this.#known = undefined
    this.#start()
    return undefined
  }

  #evidence({ energyJ, power }: Pending, { startJ, rises }: CounterWindow): KnownEvidence {
    return {
      atJ: energyJ,
      countedJ: energyJ - startJ,
      rises,
      largestJ: this.#largestJ,
      longestMs: this.#longestMs,
      stood: this.#stood,
      inARow: this.#inARow,
      than: this.#than,
      power,
    }
  }

  #start(): void {
    this.#window = undefined
    this.#largestJ = this.#stood = this.#inARow = this.#longestMs = 0
    this.#than = undefined
  }
}
