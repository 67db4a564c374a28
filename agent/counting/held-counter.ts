import { JOULES_PER_KWH } from '../../protocol/units.ts'
import { CoarseCounter } from './coarse-counter.ts'
import { areaAboveJ } from './trapezoid.ts'

/** Over a longer time without readings nothing can be said about a counter: a site may have been idle at both ends and busy between. */
const JUDGED_AT_MOST_MS = 5 * 60_000
/** A counter that books this many times more, or fewer, than its power makes counts something else, or has another scale. */
const FACTOR = 3
/** A load may come and go between two readings: for this long at the highest power that was seen. */
const UNSEEN_MS = 120_000
/** Over a gap nothing else can be said than that no meter shows a thousandth of its load at all other times. */
const GAP_FACTOR = 1000
const GAP_LEAST_W = 1000
/** A counter falls where its meter is replaced or starts again. One that falls this often is none. */
const FALLS = 3
/** Too little is judged after this long, and after this many steps of the counter. */
const WINDOW_MS = 15 * 60_000
const STEPS = 20

/** One reading of a counter. */
export interface HeldReading {
  /** J to report; absent: a coarse counter has not moved, or the counter is not used */
  energyJ?: number
  /** why the counter is not used */
  fault?: string
}

/**
 * A meter's energy counter, held against the power that the same meter shows. A wrong register map reads a number that is no
 * counter: it would book 13,107 kWh a minute at 10 kW. Such a counter is not used from then on, and power is integrated instead.
 */
export class HeldCounter {
  readonly #coarse: CoarseCounter
  readonly #stepJ: number
  #last: { energyJ: number; powerW: number; steadyMs: number } | undefined
  /** energy by the counter and by power since the start of the window */
  #countedJ = 0
  #poweredJ = 0
  /** energy by power in the other direction */
  #backJ = 0
  #windowMs = 0
  #mostW = 0
  #falls = 0
  #fault: string | undefined

  /** @param stepJ J that the counter's last digit stands for */
  constructor(stepJ: number) {
    this.#coarse = new CoarseCounter(stepJ)
    this.#stepJ = stepJ
  }

  /**
   * @param powerW positive in the counter's direction; undefined where the meter shows none: the counter is then taken as it is
   * @param steadyMs ms of a monotonic clock
   */
  read(energyJ: number | undefined, powerW: number | undefined, steadyMs: number): HeldReading {
    if (this.#fault === undefined) this.#judge(energyJ, powerW, steadyMs)
    if (this.#fault !== undefined) return { fault: this.#fault }
    const told = this.#coarse.read(energyJ)
    return told === undefined ? {} : { energyJ: told }
  }

  #judge(energyJ: number | undefined, powerW: number | undefined, steadyMs: number): void {
    const last = this.#last
    this.#last = energyJ === undefined || powerW === undefined ? undefined : { energyJ, powerW, steadyMs }
    if (powerW !== undefined) this.#mostW = Math.max(this.#mostW, Math.abs(powerW))
    if (!last || energyJ === undefined || powerW === undefined) return
    const elapsedMs = steadyMs - last.steadyMs
    const grownJ = energyJ - last.energyJ
    // a smaller value is a new start, which the interval meter judges
    if (grownJ < 0) {
      // a wrap, a reset and a new meter begin again near 0
      if (energyJ > last.energyJ / 2 && ++this.#falls >= FALLS)
        this.#fault = `its energy counter fell ${FALLS} times; the counter is not used: check the map`
      return
    }
    if (elapsedMs > JUDGED_AT_MOST_MS) {
      const mostJ = (GAP_FACTOR * Math.max(this.#mostW, GAP_LEAST_W) * elapsedMs) / 1000 + 2 * this.#stepJ
      if (grownJ > mostJ)
        this.#fault = `its energy counter grew by ${kWh(grownJ)} in ${Math.round(elapsedMs / 1000)} s without a reading, more than its power can make; the counter is not used: check the map and its scale`
      this.#startWindow()
      return
    }
    this.#countedJ += grownJ
    this.#poweredJ += areaAboveJ(last.powerW, powerW, elapsedMs)
    this.#backJ += areaAboveJ(-last.powerW, -powerW, elapsedMs)
    this.#windowMs += elapsedMs
    // a meter that counts each phase by itself may import on one what it exports on another
    const unseenJ = (this.#mostW * (UNSEEN_MS + this.#windowMs / 2)) / 1000 + 2 * this.#stepJ
    if (this.#countedJ > FACTOR * (this.#poweredJ + this.#backJ) + unseenJ) this.#refuse('more')
    else if (this.#windowMs >= WINDOW_MS && this.#poweredJ >= STEPS * this.#stepJ) {
      if (FACTOR * (this.#countedJ + 2 * this.#stepJ) < this.#poweredJ) this.#refuse('less')
      this.#startWindow()
    }
  }

  #startWindow(): void {
    this.#countedJ = this.#poweredJ = this.#backJ = this.#windowMs = 0
  }

  #refuse(than: 'more' | 'less'): void {
    this.#fault = `its energy counter booked ${kWh(this.#countedJ)} in ${Math.round(this.#windowMs / 1000)} s, far ${than} than the ${kWh(this.#poweredJ)} of its own power; the counter is not used: check the map and its scale`
  }
}

/** `13,107 kWh`, `0.167 kWh`. */
function kWh(joules: number): string {
  const amount = joules / JOULES_PER_KWH
  return `${amount.toLocaleString('en-GB', { maximumFractionDigits: amount < 100 ? 3 : 0 })} kWh`
}

/** The directions whose counter is not used, for `Counters.refused`; undefined: none. */
export function refusedOf(
  read: Readonly<Record<'energyJ' | 'exportedJ', HeldReading>>,
): ('energyJ' | 'exportedJ')[] | undefined {
  const refused = (['energyJ', 'exportedJ'] as const).filter((name) => read[name].fault !== undefined)
  return refused.length > 0 ? refused : undefined
}
