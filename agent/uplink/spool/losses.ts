import type { IntervalGap } from '../../../protocol/interval.ts'

/** Numbered records that were lost, both ends included. */
export interface Gap {
  fromSeq: number
  toSeq: number
  /** start of the oldest and of the newest of them, Unix ms; estimated where the records could not be read */
  fromMs: number
  toMs: number
}

/** A gap that the collector has not acknowledged yet. */
interface OpenGap extends Gap {
  /** a batch that was read for sending reports it */
  told?: boolean
}

/** Kept on disk as JSON in the checkpoint. */
export interface LossesState {
  lost: number
  fromMs?: number
  toMs?: number
  gaps: OpenGap[]
}

const GAPS_KEPT = 100

/** Records that were lost before the collector had them: their count, their time, and the gaps that batches must still report. */
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

  /** The first part of a range of seqs that is either counted as lost already, all of it, or not at all. It starts at `fromSeq`. */
  firstPart(fromSeq: number, toSeq: number): { toSeq: number; counted: boolean } {
    const gap = this.#state.gaps.find((g) => g.toSeq >= fromSeq)
    if (!gap || gap.fromSeq > toSeq) return { toSeq, counted: false }
    if (gap.fromSeq > fromSeq) return { toSeq: gap.fromSeq - 1, counted: false }
    return { toSeq: Math.min(gap.toSeq, toSeq), counted: true }
  }

  /** How many records from a seq on are lost. */
  countFrom(seq: number): number {
    return this.#state.gaps.reduce((sum, g) => sum + Math.max(0, g.toSeq - Math.max(seq, g.fromSeq) + 1), 0)
  }

  /**
   * The collector has everything up to a seq. Records that were deleted while they were on their way, and arrived, were not
   * lost. A gap below that seq was reported by a batch that arrived, and is dropped.
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

  /** The gaps just before a batch, which reports them. Each time that the batch is read it reports the same gaps. */
  gapsBefore(firstSeq: number): IntervalGap[] {
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
