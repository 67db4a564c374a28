import { defined } from '../../protocol/kit/defined.ts'
import { ofExported } from './counter-fault.ts'
import { HeldCounter, JUDGED_AT_MOST_MS } from './held-counter.ts'
import { HeldPower } from './held-power.ts'
import type { KnownCounter } from './held-reading.ts'
import { NetCheck } from './net-check.ts'
import { type KnownSign, SignCheck } from './sign-check.ts'
import { ZeroPower } from './zero-power.ts'

/** What a meter shows at one moment. */
export interface MeterFigures {
  /** positive where it flows in */
  powerW?: number | undefined
  /** W that the power's last digit stands for; absent: finer than matters */
  powerStepW?: number | undefined
  energyJ?: number | undefined
  exportedJ?: number | undefined
}

type CounterName = 'energyJ' | 'exportedJ'

/** What both counters have taught, for the next run of the agent. JSON. */
export type KnownCounters = Partial<Record<CounterName, KnownCounter>> & {
  sign?: KnownSign
  /** the counter that moved alone against the power at last */
  contrary?: CounterName
}

/** What of it is told. */
export interface ToldFigures {
  /** absent: not shown, or kept back */
  powerW?: number
  /** for `Reading.counters`; absent: nothing */
  counters?: { energyJ?: number; exportedJ?: number; refused?: CounterName[] }
  /** why a figure is not used */
  faults: string[]
  /** the power and the counters contradict each other: one of them is not used until a person says which is right */
  contradicts?: true
}

/** A counter speaks for a power that was kept back if it has grown by this part of what that makes, at least and at most. */
const SPEAKS_FOR = [0.25, 2] as const
/** Powers in a row that nothing confirms, after which the counters are taken without them. */
const POWERLESS_FROM = 5

/**
 * The figures of a meter: its power, of which a wild value is kept back, and its two counters, of what flows in and of what flows
 * out, each held against that power. At a reading whose power is kept back no counter is told; the next reading has what it missed.
 */
export class TwoWayCounters {
  readonly #stepsJ: Readonly<Record<CounterName, number>>
  #held: Record<CounterName, HeldCounter>
  #power = new HeldPower()
  #net = new NetCheck()
  readonly #zero = new ZeroPower()
  readonly #sign: SignCheck
  /** the counter that moves against the power, while the one in its direction stands */
  #contrary: CounterName | undefined
  #last: MeterFigures & { steadyMs?: number } = {}
  /** of the last power that was used */
  #used: { powerW: number; steadyMs: number } | undefined
  #keptBackW: number | undefined
  #unconfirmed = 0
  #startsAgain = false

  readonly #knownBefore: KnownCounters

  /**
   * @param stepsJ J that the last digit of each counter stands for
   * @param known what an earlier run of the agent has learnt of them
   */
  constructor(stepsJ: Readonly<Record<CounterName, number>>, known: KnownCounters = {}) {
    this.#stepsJ = stepsJ
    this.#knownBefore = known ?? {}
    this.#held = this.#newCounters()
    this.#sign = new SignCheck(this.#knownBefore.sign)
    const { contrary } = this.#knownBefore
    this.#contrary = contrary === 'energyJ' || contrary === 'exportedJ' ? contrary : undefined
  }

  /** What the next run of the agent should know; undefined: nothing yet. */
  get known(): KnownCounters | undefined {
    const told = Object.entries({
      energyJ: this.#held.energyJ.known,
      exportedJ: this.#held.exportedJ.known,
      sign: this.#sign.known ?? {},
    })
    const some = told.filter(([, known]) => Object.keys(known).length > 0)
    const contrary = this.#contrary
    if (some.length === 0 && contrary === undefined) return undefined
    return { ...Object.fromEntries(some), ...defined({ contrary }) }
  }

  /** @param steadyMs ms of a monotonic clock */
  read(figures: MeterFigures, steadyMs: number): ToldFigures {
    const zero = this.#zero.read(figures, steadyMs)
    // a counter that was refused for a power of 0 W was right
    if (zero.fault !== undefined && this.#held.energyJ.known.fault !== undefined) {
      this.#held.energyJ = new HeldCounter(this.#stepsJ.energyJ)
      this.#startsAgain = true
    }
    const told = this.#read(zero.isDoubted ? { ...figures, powerW: undefined } : figures, steadyMs)
    return zero.fault === undefined
      ? told
      : { ...told, faults: [zero.fault, ...told.faults], contradicts: true }
  }

  #read(figures: MeterFigures, steadyMs: number): ToldFigures {
    const power = this.#power.read(figures.powerW, this.#isCounted(figures, steadyMs))
    this.#unconfirmed = power.fault === undefined ? 0 : this.#unconfirmed + 1
    // without a power that is sure nothing says whether the first counters were true
    const isUnsure = this.#unconfirmed === POWERLESS_FROM && !this.#power.isSettled
    if (power.startsAgain || isUnsure) {
      this.#held = this.#newCounters()
      this.#net = new NetCheck()
      this.#last = {}
      this.#used = undefined
      this.#startsAgain = true
    }
    if (power.fault === undefined) this.#hearCounters(figures, steadyMs)
    const unsureW = this.#keptBackW
    this.#keptBackW = power.fault === undefined ? undefined : figures.powerW
    if (power.fault !== undefined && this.#unconfirmed < POWERLESS_FROM) return { faults: [power.fault] }
    const { powerW, fault } = power
    const { counters, faults, contradicts } = this.#countersOf({ ...figures, powerW }, steadyMs, unsureW)
    return {
      ...defined({
        powerW: this.#sign.wrong === 'power' ? undefined : powerW,
        counters,
        contradicts,
      }),
      faults: fault === undefined ? faults : [fault, ...faults],
    }
  }

  /** Notices a counter that moves alone against the power: it is not told until it is known which of the two is right. */
  #hearContrary({ powerW = 0, energyJ, exportedJ }: MeterFigures): void {
    const grew = (name: CounterName, nowJ: number | undefined) =>
      (nowJ ?? 0) > (this.#last[name] ?? nowJ ?? 0)
    const [along, against]: [CounterName, CounterName] =
      powerW < 0 ? ['exportedJ', 'energyJ'] : ['energyJ', 'exportedJ']
    const now = { energyJ, exportedJ }
    if (powerW === 0 || this.#contrary === along || grew(along, now[along])) this.#contrary = undefined
    else if (grew(against, now[against])) this.#contrary = against
  }

  #newCounters(): Record<CounterName, HeldCounter> {
    const { energyJ, exportedJ } = this.#stepsJ
    const known = this.#knownBefore
    return {
      energyJ: new HeldCounter(energyJ, known.energyJ),
      exportedJ: new HeldCounter(exportedJ, known.exportedJ),
    }
  }

  /** Whether the counters have grown by what the power makes that the reading before had. */
  #hearCounters(figures: MeterFigures, steadyMs: number): void {
    const keptBackW = this.#keptBackW
    // a trapezoid from the reading before it to this one
    if (keptBackW !== undefined && this.#speaksFor(keptBackW, 0, figures, steadyMs))
      this.#power.counted(keptBackW)
  }

  /**
   * Whether the counters have grown by what this power and the last one make between them. Where the readings are close together the next
   * one tells as much, so they are asked only where a load may have come and gone.
   */
  #isCounted(figures: MeterFigures, steadyMs: number): boolean {
    const { powerW: lastW, steadyMs: lastMs } = this.#used ?? {}
    const { powerW } = figures
    if (lastW === undefined || lastMs === undefined || powerW === undefined) return false
    if (steadyMs - lastMs <= JUDGED_AT_MOST_MS || lastMs !== this.#last.steadyMs) return false
    const [highW, lowW] = Math.abs(lastW) > Math.abs(powerW) ? [lastW, powerW] : [powerW, lastW]
    return this.#speaksFor(highW, highW * lowW > 0 ? lowW : 0, figures, steadyMs)
  }

  /** Whether a counter has grown, since the last reading that was used, by what a load makes that went from one power to another one. */
  #speaksFor(fromW: number, toW: number, figures: MeterFigures, steadyMs: number): boolean {
    if (this.#last.steadyMs === undefined) return false
    const name = fromW < 0 ? 'exportedJ' : 'energyJ'
    const grownJ = (figures[name] ?? 0) - (this.#last[name] ?? figures[name] ?? 0)
    const madeJ = (Math.abs(fromW + toW) * (steadyMs - this.#last.steadyMs)) / 2 / 1000
    return grownJ >= SPEAKS_FOR[0] * madeJ && grownJ <= SPEAKS_FOR[1] * madeJ
  }

  get #largerStepJ(): number {
    return Math.max(this.#held.energyJ.stepJ, this.#held.exportedJ.stepJ)
  }

  /** Both counters together, while both are used. */
  #holdNet({ powerW, powerStepW = 0, energyJ, exportedJ }: MeterFigures, steadyMs: number): void {
    const used = this.#used
    this.#used = powerW === undefined ? undefined : { powerW, steadyMs }
    const elapsedMs = used ? steadyMs - used.steadyMs : 0
    const fromW = elapsedMs > JUDGED_AT_MOST_MS ? undefined : used?.powerW
    const stepJ = this.#largerStepJ
    const found = this.#net.take({ energyJ, exportedJ, fromW, toW: powerW, elapsedMs, powerStepW, stepJ })
    if (found) this.#held[found.name].refuse(found.disagreement)
  }

  /** @param unsureW of the reading before, where it was kept back */
  #countersOf(
    figures: MeterFigures,
    steadyMs: number,
    unsureW: number | undefined,
  ): Omit<ToldFigures, 'powerW'> {
    const { powerW, powerStepW = 0, energyJ, exportedJ } = figures
    const wrong = this.#sign.wrong
    const back = (w: number | undefined) => (w === undefined ? undefined : -w)
    // of contradicting figures the counters are held against the power's amount
    const [inW, unsureInW] = wrong === undefined ? [powerW, unsureW] : [back(powerW), back(unsureW)]
    this.#holdNet({ ...figures, powerW: inW }, steadyMs)
    this.#hearContrary(figures)
    const imported = this.#held.energyJ.read(energyJ, inW, steadyMs, {
      powerStepW,
      backJ: exportedJ,
      unsureW: unsureInW,
    })
    const exported = this.#held.exportedJ.read(exportedJ, back(inW), steadyMs, {
      powerStepW,
      backJ: energyJ,
      unsureW: back(unsureInW),
    })
    const sign = this.#sign.check(
      powerW,
      { energyJ, exportedJ },
      steadyMs,
      JUDGED_AT_MOST_MS,
      this.#largerStepJ,
    )
    this.#last = {
      steadyMs,
      energyJ: energyJ ?? this.#last.energyJ,
      exportedJ: exportedJ ?? this.#last.exportedJ,
    }
    const read = { energyJ: imported, exportedJ: exported }
    const areWrong = this.#sign.wrong === 'counters'
    // what was counted while they were not used is never booked
    const isOther = this.#sign.wrong !== wrong
    const refused = (['energyJ', 'exportedJ'] as const).filter(
      (name) =>
        read[name].fault !== undefined || read[name].startsAgain || this.#startsAgain || areWrong || isOther,
    )
    this.#startsAgain = false
    const isTold = (name: CounterName) =>
      !areWrong && (this.#sign.wrong === 'power' || this.#contrary !== name)
    const counters = defined({
      energyJ: isTold('energyJ') ? imported.energyJ : undefined,
      exportedJ: isTold('exportedJ') ? exported.energyJ : undefined,
      refused: refused.length > 0 ? refused : undefined,
    })
    return {
      ...(Object.keys(counters).length > 0 && { counters }),
      ...(this.#sign.wrong !== undefined && { contradicts: true }),
      faults: [imported.fault ?? imported.note, ofExported(exported.fault ?? exported.note), sign].filter(
        (fault) => fault !== undefined,
      ),
    }
  }
}
