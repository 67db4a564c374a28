import { open } from 'node:fs/promises'
import type { Interval } from '../../../protocol/interval.ts'
import { intervalsOf, nextFrame } from './frame.ts'
import type { Segment, Segments } from './segments.ts'

/** Records of one frame. */
export interface Chunk {
  firstSeq: number
  intervals: Interval[]
}

/**
 * Reads segments from front to back, one frame in memory as records and at most one segment as bytes, however long the backlog.
 * What is damaged is passed over: the next chunk then begins later than asked for.
 */
export class SegmentReader {
  readonly #segments: Segments
  /** where the next frame is looked for, and what of its file was read */
  #at: { segment: Segment; offset: number; bytes: Buffer; base: number } | undefined
  #chunk: Chunk | undefined

  constructor(segments: Segments) {
    this.#segments = segments
  }

  /** The chunk with `seq`, or else the first one after it; undefined where nothing follows. */
  async find(seq: number): Promise<Chunk | undefined> {
    const known = this.#chunk
    if (known && seq >= known.firstSeq && seq < known.firstSeq + known.intervals.length) return known
    const list = this.#segments.list
    let index = Math.max(
      0,
      list.findLastIndex((s) => s.firstSeq <= seq),
    )
    // to go on where the last read ended is the rule; to begin the segment again the exception
    const forward = known !== undefined && seq >= known.firstSeq + known.intervals.length
    if (!forward || this.#at?.segment !== list[index]) this.#at = undefined
    for (let segment = list[index]; segment; segment = list[++index]) {
      const chunk = await this.#inSegment(segment, seq)
      if (chunk) {
        this.#chunk = chunk
        return chunk
      }
    }
    return undefined
  }

  async #inSegment(segment: Segment, seq: number): Promise<Chunk | undefined> {
    const at =
      this.#at?.segment === segment ? this.#at : { segment, offset: 0, bytes: Buffer.alloc(0), base: 0 }
    this.#at = at
    for (;;) {
      let frame = nextFrame(at.bytes, at.offset - at.base)
      if (!frame && at.base + at.bytes.length < segment.bytes) {
        at.bytes = await readPart(segment.file, at.offset, segment.bytes)
        at.base = at.offset
        frame = nextFrame(at.bytes, 0)
      }
      if (!frame) return undefined
      at.offset = at.base + frame.endOffset
      if (frame.firstSeq + frame.records <= seq) continue
      const intervals = intervalsOf(frame)
      if (intervals) return { firstSeq: frame.firstSeq, intervals }
    }
  }
}

/** Part of a file; what a sick disk does not give is as good as damaged. */
async function readPart(file: string, from: number, to: number): Promise<Buffer> {
  try {
    const handle = await open(file, 'r')
    try {
      const bytes = Buffer.alloc(to - from)
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, from)
      return bytes.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch {
    return Buffer.alloc(0)
  }
}
