import { open } from 'node:fs/promises'
import type { Interval } from '../../../protocol/interval.ts'
import { intervalsOf, nextFrame } from './frame.ts'
import type { Segment } from './segment.ts'
import type { Segments } from './segments.ts'

/** Records of one frame. */
export interface Chunk {
  firstSeq: number
  intervals: Interval[]
}

/**
 * Reads segments from front to back. It holds the records of one frame and the bytes of at most one segment, however long the
 * backlog is. It skips damage: the next chunk then starts later than requested.
 */
export class SegmentReader {
  readonly #segments: Segments
  /** where the next frame is searched for; `bytes` is the part of the file that was read, and starts at offset `base` */
  #at: { segment: Segment; offset: number; bytes: Buffer; base: number } | undefined
  #chunk: Chunk | undefined

  constructor(segments: Segments) {
    this.#segments = segments
  }

  /** The chunk that holds `seq`, or else the first chunk after it; undefined where none follows. */
  async find(seq: number): Promise<Chunk | undefined> {
    const last = this.#chunk
    if (last && seq >= last.firstSeq && seq < last.firstSeq + last.intervals.length) return last
    const list = this.#segments.list
    let index = Math.max(
      0,
      list.findLastIndex((s) => s.firstSeq <= seq),
    )
    // sending goes forward, so the reader goes on where it stopped; only a resend starts the segment again
    const forward = last !== undefined && seq >= last.firstSeq + last.intervals.length
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

/** Part of a file; empty where the disk fails, which the reader then skips as damage. */
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
