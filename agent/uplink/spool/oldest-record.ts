import { readFile } from 'node:fs/promises'
import { intervalsOf, nextFrame } from './frame.ts'
import type { Numbering } from './numbering.ts'
import type { Segment } from './segment.ts'

/**
 * When the oldest record that is not acknowledged started: the age of the backlog. A segment begins with records that were
 * acknowledged long ago, so the record itself is looked up.
 */
export class OldestRecord {
  readonly #numbering: Pick<Numbering, 'oldestSeq' | 'tail' | 'tailSeq' | 'labels'>
  readonly #segments: () => readonly Segment[]
  #found: { seq: number; startMs: number } | undefined

  constructor(
    numbering: Pick<Numbering, 'oldestSeq' | 'tail' | 'tailSeq' | 'labels'>,
    segments: () => readonly Segment[],
  ) {
    this.#numbering = numbering
    this.#segments = segments
  }

  /** Unix ms; undefined where no record waits, it can't be read, or its clock may have been wrong. Records that were acknowledged since the last look may count. */
  get startMs(): number | undefined {
    const { oldestSeq, tail, tailSeq, labels } = this.#numbering
    const saysMs = tail[oldestSeq - tailSeq]?.startMs ?? this.#found?.startMs
    const shiftMs = labels.shiftAt(oldestSeq)
    return saysMs === undefined || shiftMs === undefined ? undefined : saysMs + shiftMs
  }

  /** Looks the oldest record up. Never rejects. */
  async look(): Promise<void> {
    const { oldestSeq: seq, tailSeq } = this.#numbering
    if (seq >= tailSeq) this.#found = undefined
    else if (seq !== this.#found?.seq) {
      const startMs = await this.#startOf(seq).catch(() => undefined)
      this.#found = startMs === undefined ? undefined : { seq, startMs }
    }
  }

  async #startOf(seq: number): Promise<number | undefined> {
    const segments = this.#segments()
    const segment = segments.findLast((s) => s.firstSeq <= seq) ?? segments[0]
    if (!segment) return undefined
    const bytes = await readFile(segment.file)
    for (let frame = nextFrame(bytes, 0); frame; frame = nextFrame(bytes, frame.endOffset))
      if (frame.firstSeq + frame.records > seq)
        return intervalsOf(frame)?.[Math.max(0, seq - frame.firstSeq)]?.startMs ?? frame.oldestMs
    return undefined
  }
}
