import { defined } from '../../protocol/kit/defined.ts'
import { HeldCounter, JUDGED_AT_MOST_MS } from './held-counter.ts'
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

/** What of it is told. */
export interface ToldCounters {
  /** for `Reading.counters`; absent: nothing */
  counters?: { energyJ?: number; exportedJ?: number; refused?: ('energyJ' | 'exportedJ')[] }
  /** why a counter is not used */
  faults: string[]
}

/** The two counters of a meter, of what flows in and of what flows out, each held against the power that the meter shows. */
export class TwoWayCounters {
  readonly #held: Record<'energyJ' | 'exportedJ', HeldCounter>
  readonly #sign = new SignCheck()
  #last: MeterFigures = {}

  /** @param stepsJ J that the last digit of each counter stands for */
  constructor(stepsJ: Readonly<{ energyJ: number; exportedJ: number }>) {
    this.#held = {
      energyJ: new HeldCounter(stepsJ.energyJ),
      exportedJ: new HeldCounter(stepsJ.exportedJ),
    }
  }

  /** @param steadyMs ms of a monotonic clock */
  read(figures: MeterFigures, steadyMs: number): ToldCounters {
    const { powerW, powerStepW = 0, energyJ, exportedJ } = figures
    const moved = (name: 'energyJ' | 'exportedJ') =>
      figures[name] !== undefined && this.#last[name] !== undefined && figures[name] !== this.#last[name]
    const imported = this.#held.energyJ.read(energyJ, powerW, steadyMs, {
      powerStepW,
      twoWay: moved('exportedJ'),
    })
    const back = powerW === undefined ? undefined : -powerW
    const exported = this.#held.exportedJ.read(exportedJ, back, steadyMs, {
      powerStepW,
      twoWay: moved('energyJ'),
    })
    const sign = this.#sign.check(powerW, { energyJ, exportedJ }, steadyMs, JUDGED_AT_MOST_MS)
    this.#last = { energyJ: energyJ ?? this.#last.energyJ, exportedJ: exportedJ ?? this.#last.exportedJ }
    const read = { energyJ: imported, exportedJ: exported }
    const refused = (['energyJ', 'exportedJ'] as const).filter(
      (name) => read[name].fault !== undefined || read[name].startsAgain,
    )
    const counters = defined({
      energyJ: imported.energyJ,
      exportedJ: exported.energyJ,
      refused: refused.length > 0 ? refused : undefined,
    })
    return {
      ...(Object.keys(counters).length > 0 && { counters }),
      faults: [imported.fault, exported.fault, sign].filter((fault) => fault !== undefined),
    }
  }
}
