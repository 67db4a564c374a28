import type { Disagreement } from './counter-fault.ts'
import { leastW } from './counter-window.ts'
import { PowerEvidence } from './power-evidence.ts'

type Direction = 'energyJ' | 'exportedJ'

/** A stretch is judged after this long, and after this many steps of the counters by its power; a longer one says nothing. */
const STRETCH_MS = 10 * 60_000
const LONGEST_MS = 60 * 60_000
const STEPS = 20
/** Of all that flowed so much must be left as its net. */
const LEAST_NET = 0.5
/** Counters and power differ by this factor only where one of them is of another scale; nearer than `AGREE` they agree. */
const FACTOR = 1.3
const AGREE = 0.15
/** Stretches in a row of one direction that disagree the same way. */
const TO_REFUSE = 3
/** A load may come and go between two readings: for this long at the highest power that was seen. */
const UNSEEN_MS = 120_000

/** A reading of both counters, with the power before it and now. */
export interface NetReading {
  energyJ: number | undefined
  exportedJ: number | undefined
  /** W; `fromW` absent: nothing is known of the time before */
  fromW: number | undefined
  toW: number | undefined
  elapsedMs: number
  powerStepW: number
  /** J of the larger step of both counters */
  stepJ: number
}

/**
 * Holds what both counters of a meter say together against its power where energy flows both ways. A meter that counts each phase by
 * itself may count any amount in both, so each alone says little; but what flowed in less what flowed out is the sum of its phases.
 */
export class NetCheck {
  #power = new PowerEvidence()
  #start: Record<Direction, number> | undefined
  #last: Record<Direction, number> | undefined
  #mostW = 0
  /** counters that have moved: of a meter with one direction its own counter is judged alone */
  readonly #moved = new Set<Direction>()
  readonly #strikes: Record<Direction, { than: Disagreement['than']; count: number } | undefined> = {
    energyJ: undefined,
    exportedJ: undefined,
  }

  /** @returns which counter is of another scale, and how far it is off */
  take(reading: NetReading): { name: Direction; disagreement: Disagreement } | undefined {
    const { energyJ, exportedJ, fromW, toW, elapsedMs } = reading
    if (energyJ === undefined || exportedJ === undefined || toW === undefined) return undefined
    this.#mostW = Math.max(this.#mostW, Math.abs(toW))
    const now = { energyJ, exportedJ }
    const last = this.#last
    this.#last = now
    for (const name of ['energyJ', 'exportedJ'] as const)
      if (last && now[name] > last[name]) this.#moved.add(name)
    const fell = last && (energyJ < last.energyJ || exportedJ < last.exportedJ)
    if (!this.#start || fell || fromW === undefined) {
      this.#begin(now)
      return undefined
    }
    this.#power.add(fromW, toW, elapsedMs)
    const { drawnJ, backJ, ms } = this.#power
    if (ms < STRETCH_MS || (Math.abs(drawnJ - backJ) < STEPS * reading.stepJ && ms < LONGEST_MS))
      return undefined
    const found = this.#judged(now, this.#start, reading)
    this.#begin(now)
    return found
  }

  #judged(now: Record<Direction, number>, start: Record<Direction, number>, reading: NetReading) {
    const { drawnJ, backJ, ms, spreadJ } = this.#power
    const netJ = Math.abs(drawnJ - backJ)
    if (this.#moved.size < 2 || netJ < STEPS * reading.stepJ || netJ < LEAST_NET * (drawnJ + backJ))
      return undefined
    const name = drawnJ > backJ ? 'energyJ' : 'exportedJ'
    const inJ = now.energyJ - start.energyJ - (now.exportedJ - start.exportedJ)
    const countedJ = name === 'energyJ' ? inJ : -inJ
    const shown = { mostW: this.#mostW, stepW: reading.powerStepW }
    const openJ = spreadJ + 2 * reading.stepJ + (leastW(shown) * ms + this.#mostW * UNSEEN_MS) / 1000
    if (Math.abs(countedJ - netJ) <= AGREE * netJ) this.#strikes[name] = undefined
    const than =
      countedJ > FACTOR * netJ + openJ ? 'more' : countedJ < netJ / FACTOR - openJ ? 'less' : undefined
    // another direction is the sign's matter, and a counter that stands the counter's own
    if (than === undefined || countedJ <= 0) return undefined
    const before = this.#strikes[name]
    const count = before?.than === than ? before.count + 1 : 1
    this.#strikes[name] = { than, count }
    return count < TO_REFUSE
      ? undefined
      : ({ name, disagreement: { than, countedJ, drawnJ: netJ, ms } } as const)
  }

  #begin(start: Record<Direction, number>): void {
    this.#start = start
    this.#power = new PowerEvidence()
  }
}
