import { type FileHandle, mkdir, open, readdir, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Interval, MAX_INTERVALS_PER_MESSAGE } from '../../../protocol/interval.ts'
import { createFile, writeFully } from './durable-file.ts'
import { encodeFrame, readHead } from './frame.ts'
import type { Gap } from './losses.ts'
import { endOfFrames, type Segment, segmentOf } from './segment.ts'

const NAME = /^(\d{16})\.seg$/
const MAX_SEGMENT_BYTES = 1 << 20
/** The allowed bytes and age are spread over this many segments, so that deleting one loses little. */
const SEGMENTS = 64
/** Two deletions for age are at least the allowed age divided by this apart. */
const AGE_DELETIONS = 1024

/**
 * Interval records in append-only files. Records are on disk when `append` resolves. After any stop, all whole frames are
 * there again; an incomplete frame at the end is cut off.
 */
export class Segments {
  readonly #folder: string
  readonly #maxBytes: number
  readonly #maxAgeMs: number
  readonly #list: Segment[]
  #active: FileHandle | undefined
  #ageDeletionAtMs = 0

  private constructor(folder: string, maxBytes: number, maxAgeMs: number, list: Segment[]) {
    this.#folder = folder
    this.#maxBytes = maxBytes
    this.#maxAgeMs = maxAgeMs
    this.#list = list
  }

  /** Lists the segments of a folder, which is made where it is missing. @throws the file system's error */
  static async open(options: { folder: string; maxBytes: number; maxAgeMs: number }): Promise<Segments> {
    const { folder, maxBytes, maxAgeMs } = options
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort()
    const list: Segment[] = []
    for (const name of names) {
      const segment = await segmentOf(join(folder, name), Number(NAME.exec(name)?.[1]))
      if (segment) list.push(segment)
    }
    return new Segments(folder, maxBytes, maxAgeMs, list)
  }

  get list(): readonly Segment[] {
    return this.#list
  }

  get bytes(): number {
    return this.#list.reduce((sum, s) => sum + s.bytes, 0)
  }

  /**
   * Cuts off an incomplete frame at the end.
   * @param beforeSeq cuts off the frames with records from it on, too
   * @returns the seq after the last record; 1 without records
   */
  async recover(beforeSeq = Number.POSITIVE_INFINITY): Promise<number> {
    for (let last = this.#list.at(-1); last; last = this.#list.at(-1)) {
      const { nextSeq, endBytes } = await endOfFrames(last.file, beforeSeq)
      if (nextSeq !== undefined) {
        last.bytes = endBytes
        if (beforeSeq !== Number.POSITIVE_INFINITY) await truncate(last.file, endBytes)
        return nextSeq
      }
      // not one whole frame
      await unlink(last.file)
      this.#list.pop()
    }
    return 1
  }

  /**
   * Appends records that are numbered from `firstSeq`. Resolves when they are on disk.
   * @throws the file system's error; then none of the records counts as written
   */
  async append(firstSeq: number, intervals: readonly Interval[], nowMs: number): Promise<void> {
    const frames: Buffer[] = []
    for (let i = 0; i < intervals.length; i += MAX_INTERVALS_PER_MESSAGE)
      frames.push(encodeFrame(firstSeq + i, intervals.slice(i, i + MAX_INTERVALS_PER_MESSAGE)))
    if (frames.length === 0) return
    const bytes = Buffer.concat(frames)
    const active = this.#list.at(-1)
    const segment =
      active && !this.#isFull(active, bytes.length, nowMs) ? active : await this.#begin(firstSeq)
    const handle = await this.#open(segment)
    // removes the rest of an earlier write that failed
    await handle.truncate(segment.bytes)
    await writeFully(handle, bytes, segment.bytes)
    await handle.datasync()
    segment.bytes += bytes.length
    segment.oldestMs ??= readHead(bytes, 0)?.oldestMs ?? nowMs
  }

  /**
   * Deletes the oldest segments while all together take too many bytes, and segments that are too old one at a time with a pause
   * between them: a wall clock that is wrongly set ahead must not empty the spool.
   * @param shiftOf right time minus the time that a record says, ms; undefined: not known, and neither is its age
   * @returns the records that were deleted
   */
  async bound(
    nowMs: number,
    shiftOf: (seq: number) => number | undefined = () => 0,
  ): Promise<Gap | undefined> {
    let gap: Gap | undefined
    for (let [oldest, next] = this.#list; oldest && next; [oldest, next] = this.#list) {
      if (this.bytes <= this.#maxBytes && !this.#tooOld(next, nowMs, shiftOf(next.firstSeq))) break
      const toMs = next.oldestMs ?? nowMs
      const fromMs = oldest.oldestMs ?? toMs
      gap = {
        fromSeq: gap?.fromSeq ?? oldest.firstSeq,
        fromMs: Math.min(gap?.fromMs ?? fromMs, fromMs),
        toSeq: next.firstSeq - 1,
        toMs,
      }
      await this.#removeOldest()
    }
    return gap
  }

  /** Deletes the segments whose records are all acknowledged, except the one that is written to. */
  async trim(ackedSeq: number): Promise<void> {
    for (let next = this.#list[1]; next && next.firstSeq <= ackedSeq + 1; next = this.#list[1])
      await this.#removeOldest()
  }

  async close(): Promise<void> {
    const handle = this.#active
    this.#active = undefined
    await handle?.close().catch(() => undefined)
  }

  /** A segment is as old as its newest record, and that is about as old as the start of the segment after it. */
  #tooOld(next: Segment, nowMs: number, shiftMs: number | undefined): boolean {
    if (next.oldestMs === undefined || shiftMs === undefined) return false
    if (next.oldestMs + shiftMs >= nowMs - this.#maxAgeMs) return false
    if (Math.abs(nowMs - this.#ageDeletionAtMs) < this.#maxAgeMs / AGE_DELETIONS) return false
    this.#ageDeletionAtMs = nowMs
    return true
  }

  async #removeOldest(): Promise<void> {
    const [oldest] = this.#list
    if (!oldest) return
    await unlink(oldest.file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    this.#list.shift()
  }

  #isFull(active: Segment, moreBytes: number, nowMs: number): boolean {
    const most = Math.min(MAX_SEGMENT_BYTES, this.#maxBytes / SEGMENTS)
    const old = active.oldestMs !== undefined && nowMs - active.oldestMs > this.#maxAgeMs / SEGMENTS
    return active.bytes > 0 && (active.bytes + moreBytes > most || old)
  }

  async #begin(firstSeq: number): Promise<Segment> {
    await this.close()
    const file = join(this.#folder, `${String(firstSeq).padStart(16, '0')}.seg`)
    const segment: Segment = { file, firstSeq, bytes: 0 }
    this.#list.push(segment)
    return segment
  }

  async #open(segment: Segment): Promise<FileHandle> {
    this.#active ??= await (segment.bytes === 0 ? createFile(segment.file) : open(segment.file, 'r+'))
    return this.#active
  }
}
