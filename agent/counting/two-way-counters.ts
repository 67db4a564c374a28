import { defined } from '../../protocol/kit/defined.ts'
import { HeldCounter, JUDGED_AT_MOST_MS } from './held-counter.ts'
import { HeldPower } from './held-power.ts'
import type { KnownCounter } from './held-reading.ts'
import { NetCheck } from './net-check.ts'
import { SignCheck } from './sign-check.ts'

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
export type KnownCounters = Partial<Record<CounterName, KnownCounter>>

/** What of it is told. */
export interface ToldFigures {
  /** absent: not shown, or kept back */
  powerW?: number
  /** for `Reading.counters`; absent: nothing */
  counters?: { energyJ?: number; exportedJ?: number; refused?: CounterName[] }
  /** why a figure is not used */
  faults: string[]
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
  readonly #sign = new SignCheck()
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
  }

  /** What the next run of the agent should know; undefined: nothing yet. */
  get known(): KnownCounters | undefined {
    const told = Object.entries({ energyJ: this.#held.energyJ.known, exportedJ: this.#held.exportedJ.known })
    const some = told.filter(([, known]) => Object.keys(known).length > 0)
    return some.length > 0 ? Object.fromEntries(some) : undefined
  }

  /** @param steadyMs ms of a monotonic clock */
  read(figures: MeterFigures, steadyMs: number): ToldFigures {
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
    const { counters, faults } = this.#countersOf({ ...figures, powerW }, steadyMs, unsureW)
    return {
      ...defined({ powerW, counters }),
      faults: fault === undefined ? faults : [fault, ...faults],
    }
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
    this.#holdNet(figures, steadyMs)
    const back = (w: number | undefined) => (w === undefined ? undefined : -w)
    const imported = this.#held.energyJ.read(energyJ, powerW, steadyMs, {
      powerStepW,
      backJ: exportedJ,
      unsureW,
    })
    const exported = this.#held.exportedJ.read(exportedJ, back(powerW), steadyMs, {
      powerStepW,
      backJ: energyJ,
      unsureW: back(unsureW),
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
    const refused = (['energyJ', 'exportedJ'] as const).filter(
      (name) => read[name].fault !== undefined || read[name].startsAgain || this.#startsAgain,
    )
    this.#startsAgain = false
    const counters = defined({
      energyJ: imported.energyJ,
      exportedJ: exported.energyJ,
      refused: refused.length > 0 ? refused : undefined,
    })
    return {
      ...(Object.keys(counters).length > 0 && { counters }),
      faults: [imported.fault ?? imported.note, exported.fault ?? exported.note, sign].filter(
        (fault) => fault !== undefined,
      ),
    }
  }
}
