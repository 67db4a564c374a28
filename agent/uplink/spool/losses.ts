import type { IntervalGap } from '../../../protocol/interval.ts'
import type { Gap } from './segments.ts'

/** A gap that the collector has not acknowledged yet; told: a batch that was read tells of it. */
interface OpenGap extends Gap {
  told?: boolean
}

export interface LossesState {
  lost: number
  fromMs?: number
  toMs?: number
  gaps: OpenGap[]
}

const GAPS_KEPT = 100

/** Records that went before the collector could have them: how many, of what time, and where in the order the collector must be told. */
export class Losses {
  #state: LossesState

  constructor(state: LossesState = { lost: 0, gaps: [] }) {
    this.#state = state
  }

  get state(): LossesState {
    return this.#state
  }

  add(gap: Gap): void {
    const { lost, fromMs = gap.fromMs, toMs = gap.toMs } = this.#state
    const gaps = [...this.#state.gaps]
    const place = gaps.findLastIndex((g) => g.fromSeq < gap.fromSeq)
    const before = gaps[place]
    if (before && !before.told && before.toSeq + 1 === gap.fromSeq)
      gaps[place] = { ...gap, fromSeq: before.fromSeq, fromMs: Math.min(before.fromMs, gap.fromMs) }
    else gaps.splice(place + 1, 0, gap)
    this.#state = {
      lost: lost + countOf(gap),
      fromMs: Math.min(fromMs, gap.fromMs),
      toMs: Math.max(toMs, gap.toMs),
      gaps: gaps.slice(-GAPS_KEPT),
    }
  }

  /** The end of the stretch that begins at `fromSeq` and is counted as lost already, or is not. */
  stretch(fromSeq: number, toSeq: number): { toSeq: number; counted: boolean } {
    const gap = this.#state.gaps.find((g) => g.toSeq >= fromSeq)
    if (!gap || gap.fromSeq > toSeq) return { toSeq, counted: false }
    if (gap.fromSeq > fromSeq) return { toSeq: gap.fromSeq - 1, counted: false }
    return { toSeq: Math.min(gap.toSeq, toSeq), counted: true }
  }

  /** Records from a seq on that are lost. */
  countFrom(seq: number): number {
    return this.#state.gaps.reduce((sum, g) => sum + Math.max(0, g.toSeq - Math.max(seq, g.fromSeq) + 1), 0)
  }

  /**
   * The collector has everything up to a seq. What went while it was under way, and arrived, was not lost; a gap that lies
   * before what arrived has been told.
   */
  acknowledged(seq: number): void {
    const gaps: OpenGap[] = []
    for (const gap of this.#state.gaps) {
      const arrived = gap.told ? 0 : Math.max(0, Math.min(seq, gap.toSeq) - gap.fromSeq + 1)
      this.#state.lost -= arrived
      if (seq < gap.toSeq || (gap.told && seq === gap.toSeq))
        gaps.push({ ...gap, fromSeq: gap.fromSeq + arrived })
    }
    this.#state.gaps = gaps
  }

  /** The gaps that end where a batch begins: it tells of them, however often it is sent. */
  before(firstSeq: number): IntervalGap[] {
    let seq = firstSeq - 1
    const found: IntervalGap[] = []
    for (const gap of this.#state.gaps.toReversed()) {
      if (gap.toSeq !== seq) continue
      gap.told = true
      found.unshift({ fromMs: gap.fromMs, toMs: gap.toMs, records: countOf(gap) })
      seq = gap.fromSeq - 1
    }
    return found
  }
}

const countOf = (gap: Gap): number => gap.toSeq - gap.fromSeq + 1
