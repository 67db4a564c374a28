import { type FileHandle, mkdir, open, readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Interval, MAX_INTERVALS_PER_MESSAGE } from '../../../protocol/interval.ts'
import { create, writeFully } from './checkpoint.ts'
import { encodeFrame, HEADER_BYTES, nextFrame, readHead } from './frame.ts'

/** One file of frames; its name is the seq of its first record. */
export interface Segment {
  file: string
  firstSeq: number
  /** up to where its frames are whole and on disk */
  bytes: number
  /** Unix ms; absent where its beginning is damaged */
  oldestMs?: number
}

/** Records that are no more. Both ends included. */
export interface Gap {
  fromSeq: number
  toSeq: number
  fromMs: number
  toMs: number
}

const NAME = /^(\d{16})\.seg$/
const MAX_SEGMENT_BYTES = 1 << 20
/** segments that the age or the bytes are spread over, so that little goes at once */
const PARTS = 64
/** part of the age that lies between two segments going because of it */
const AGED_APART = 1024

/**
 * Interval records in append-only files. What is appended is on disk when the promise resolves. Opened after any stop, it holds
 * every whole frame; a torn tail is cut.
 */
export class Segments {
  readonly #folder: string
  readonly #maxBytes: number
  readonly #maxAgeMs: number
  readonly #list: Segment[]
  #active: FileHandle | undefined
  #agedAtMs = 0

  private constructor(folder: string, maxBytes: number, maxAgeMs: number, list: Segment[]) {
    this.#folder = folder
    this.#maxBytes = maxBytes
    this.#maxAgeMs = maxAgeMs
    this.#list = list
  }

  /** @throws the file system's error, only where the folder can't be made or listed */
  static async open(options: { folder: string; maxBytes: number; maxAgeMs: number }): Promise<Segments> {
    const { folder, maxBytes, maxAgeMs } = options
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort()
    const list: Segment[] = []
    for (const name of names) {
      const segment = await look(join(folder, name), Number(NAME.exec(name)?.[1]))
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

  /** The seq after the last that is here; 1 where nothing is. Also cuts a torn tail, as far as the disk lets. */
  async recover(): Promise<number> {
    for (let last = this.#list.at(-1); last; last = this.#list.at(-1)) {
      const { nextSeq, end } = await walk(last.file)
      if (nextSeq !== undefined) {
        last.bytes = end
        return nextSeq
      }
      // nothing in it can be read
      await unlink(last.file)
      this.#list.pop()
    }
    return 1
  }

  /**
   * Appends records that are numbered from `firstSeq`, and waits for the disk.
   * @throws the file system's error; then none of them counts as written
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
    // a write that failed half way left a part behind
    await handle.truncate(segment.bytes)
    await writeFully(handle, bytes, segment.bytes)
    await handle.datasync()
    segment.bytes += bytes.length
    segment.oldestMs ??= readHead(bytes, 0)?.oldestMs ?? nowMs
  }

  /**
   * Removes the oldest segments while they are more than allowed; of those that are older than allowed one at a time, and
   * not in quick succession: a wall clock that leaps ahead must not empty the spool.
   * @returns seqs and times that went
   */
  async bound(nowMs: number): Promise<Gap | undefined> {
    let gap: Gap | undefined
    for (let [oldest, next] = this.#list; oldest && next; [oldest, next] = this.#list) {
      if (this.bytes <= this.#maxBytes && !this.#tooOld(next, nowMs)) break
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

  /** Removes the segments of which every record is acknowledged, but for the one that is written to. */
  async trim(ackedSeq: number): Promise<void> {
    for (let next = this.#list[1]; next && next.firstSeq <= ackedSeq + 1; next = this.#list[1])
      await this.#removeOldest()
  }

  async close(): Promise<void> {
    const handle = this.#active
    this.#active = undefined
    await handle?.close().catch(() => undefined)
  }

  /** A segment is as old as its youngest record, which the one after it begins with. */
  #tooOld(next: Segment, nowMs: number): boolean {
    if (next.oldestMs === undefined || next.oldestMs >= nowMs - this.#maxAgeMs) return false
    if (Math.abs(nowMs - this.#agedAtMs) < this.#maxAgeMs / AGED_APART) return false
    this.#agedAtMs = nowMs
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
    const most = Math.min(MAX_SEGMENT_BYTES, this.#maxBytes / PARTS)
    const old = active.oldestMs !== undefined && nowMs - active.oldestMs > this.#maxAgeMs / PARTS
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
    this.#active ??= await (segment.bytes === 0 ? create(segment.file) : open(segment.file, 'r+'))
    return this.#active
  }
}

/** A segment as its name and its first header tell it; undefined where it is gone again. */
async function look(file: string, firstSeq: number): Promise<Segment | undefined> {
  const head = Buffer.alloc(HEADER_BYTES)
  let handle: FileHandle | undefined
  try {
    const { size } = await stat(file)
    handle = await open(file, 'r')
    await handle.read(head, 0, HEADER_BYTES, 0)
    const oldestMs = readHead(head, 0)?.oldestMs
    return { file, firstSeq, bytes: size, ...(oldestMs === undefined ? {} : { oldestMs }) }
  } catch {
    return undefined
  } finally {
    await handle?.close().catch(() => undefined)
  }
}

/** The end of the last whole frame of a file, and the seq after it. */
async function walk(file: string): Promise<{ end: number; nextSeq: number | undefined }> {
  const bytes = await readFile(file)
  let [end, nextSeq]: [number, number | undefined] = [0, undefined]
  for (let frame = nextFrame(bytes, 0); frame; frame = nextFrame(bytes, end)) {
    end = frame.endOffset
    nextSeq = frame.firstSeq + frame.records
  }
  return { end, nextSeq }
}
