import type { Interval, IntervalBatch } from '../../../protocol/interval.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import type { SpoolStatus } from '../../../protocol/status.ts'
import { Checkpoint } from './checkpoint.ts'
import { DiskHealth } from './disk-health.ts'
import { keep, kept } from './kept.ts'
import { FolderLock } from './lock.ts'
import { Losses } from './losses.ts'
import { SegmentReader } from './reader.ts'
import { Segments } from './segments.ts'

export interface SpoolOptions {
  folder: string
  maxBytes: number
  maxAgeMs: number
  /** records kept in memory while the disk takes none */
  maxMemoryRecords?: number
  nowMs: () => number
  log: Log
}

/** 500 devices for 6 hours, in some 70 MB. */
const MAX_MEMORY_RECORDS = 200_000
/** More than a beat closes; what a long failure left is written in parts. */
const RECORDS_AT_ONCE = 25_000
/** What the checkpoint alone may hold while the segments take nothing: some minutes of 500 devices. */
const CHECKPOINT_RECORDS = 4_000
const DISK_TIMEOUT_MS = 20_000

/**
 * Keeps interval records until the collector says that its store has them: on disk, bounded in bytes and age, readable after
 * any stop; in memory while the disk fails. Records are numbered without a hole within an epoch; one that is lost leaves one.
 *
 * `append` takes records, `commit` makes them safe together with the caller's own state (the open minutes), as one step: first
 * the checkpoint with both, then the segments. So neither is ever newer than the other, whenever the power goes. Only what is
 * safe is read, so that a seq never means two records; in memory, where nothing is, an epoch of its own sees to that.
 * On a full disk the checkpoint, whose room is reserved, can still be written: records then stay in it, safe, while they are few.
 */
export class Spool {
  readonly #o: SpoolOptions
  readonly #checkpoint: Checkpoint
  readonly #lock: FolderLock
  readonly #disk: DiskHealth
  #segments: Segments | undefined
  #reader: SegmentReader | undefined
  #losses = new Losses()
  #epoch: number
  #oldestSeq = 1
  /** records that are in no segment yet; the first has `tailSeq` */
  #tail: Interval[] = []
  #tailSeq = 1
  /** records before this are in a segment or in the checkpoint */
  #safeSeq = 1
  /** nothing can be made safe: what is appended is sent from memory */
  #inMemory = false
  #open: unknown
  #committing: Promise<void> | undefined
  #commitAgain = false
  /** what a hung disk has not finished: nothing more is written meanwhile */
  #writing: Promise<void> | undefined

  constructor(options: SpoolOptions) {
    this.#o = options
    this.#epoch = options.nowMs()
    this.#checkpoint = new Checkpoint(options.folder)
    this.#lock = new FolderLock(options.folder)
    this.#disk = new DiskHealth(options.folder, options.log)
  }

  /** Whether it is what these settings ask for. */
  serves(settings: Pick<SpoolOptions, 'folder' | 'maxBytes' | 'maxAgeMs'>): boolean {
    const { folder, maxBytes, maxAgeMs } = this.#o
    return folder === settings.folder && maxBytes === settings.maxBytes && maxAgeMs === settings.maxAgeMs
  }

  get epoch(): number {
    return this.#epoch
  }

  get oldestSeq(): number {
    return this.#oldestSeq
  }

  /** seq that the next record gets */
  get nextSeq(): number {
    return this.#tailSeq + this.#tail.length
  }

  /** The caller's state at the last commit, of this life or, after `open`, of the one before; undefined where there is none. */
  get lastCommitted(): unknown {
    return this.#open
  }

  /** Takes up what an earlier life left. Never rejects: without a disk it begins in memory, and says so. */
  async open(): Promise<void> {
    try {
      await this.#openDisk()
    } catch (error) {
      this.#failed(error)
    }
  }

  state(): SpoolStatus {
    const { lost, fromMs, toMs } = this.#losses.state
    const records = this.nextSeq - this.#oldestSeq - this.#losses.countFrom(this.#oldestSeq)
    const oldestMs =
      this.#segments?.list.find((s) => s.oldestMs !== undefined)?.oldestMs ?? this.#tail[0]?.startMs
    return {
      records,
      bytes: this.#segments?.bytes ?? 0,
      ...(records > 0 && oldestMs !== undefined ? { oldestMs } : {}),
      lost,
      ...(lost > 0 && fromMs !== undefined ? { lostFromMs: fromMs } : {}),
      ...(lost > 0 && toMs !== undefined ? { lostToMs: toMs } : {}),
      disk: this.#disk.condition,
    }
  }

  append(records: readonly Interval[]): void {
    for (const r of records) this.#tail.push(r)
    const over = this.#tail.length - (this.#o.maxMemoryRecords ?? MAX_MEMORY_RECORDS)
    if (over <= 0) return
    const gone = this.#tail.splice(0, over)
    this.#lose(this.#tailSeq, this.#tailSeq + over - 1, gone[0]?.startMs, gone.at(-1)?.startMs)
    this.#tailSeq += over
  }

  /** Makes everything that was appended safe, and the caller's state with it. Never rejects: a sick disk shows in `state`. */
  commit(open: unknown = this.#open): Promise<void> {
    this.#open = open
    this.#commitAgain = true
    this.#committing ??= this.#commitAll()
    return this.#committing
  }

  /** Up to `limit` records from `fromSeq` on (or the oldest held, if that is later); undefined where there are none to send now. */
  async read(fromSeq: number, limit: number): Promise<IntervalBatch | undefined> {
    const epoch = this.#epoch
    let seq = Math.max(fromSeq, this.#oldestSeq)
    const firstSeq = () => seq - intervals.length
    const intervals: Interval[] = []
    while (intervals.length < limit && seq < this.nextSeq) {
      const inTail = seq >= this.#tailSeq
      if (inTail && !this.#inMemory && seq >= this.#safeSeq) break
      const chunk = inTail
        ? { firstSeq: this.#tailSeq, intervals: this.#readable() }
        : await this.#reader?.find(seq)
      const next = Math.max(seq, Math.min(chunk?.firstSeq ?? this.#tailSeq, this.#tailSeq))
      if (next > seq) {
        // a hole: what lies before it must have arrived first, for `oldestSeq` says that it is gone
        if (intervals.length > 0 || seq > this.#oldestSeq) break
        const missing = this.#losses.stretch(seq, next - 1)
        const atMs = chunk?.intervals[0]?.startMs ?? this.#tail[0]?.startMs
        if (!missing.counted) this.#lose(seq, missing.toSeq, atMs)
        this.#oldestSeq = missing.toSeq + 1
        seq = this.#oldestSeq
        continue
      }
      const from = seq - (chunk?.firstSeq ?? seq)
      const found = chunk?.intervals.slice(from, from + limit - intervals.length) ?? []
      intervals.push(...found)
      seq += found.length
    }
    if (intervals.length === 0 || epoch !== this.#epoch) return undefined
    const gaps = this.#losses.before(firstSeq())
    const batch = { epoch, firstSeq: firstSeq(), oldestSeq: this.#oldestSeq, intervals }
    return gaps.length > 0 ? { ...batch, gaps } : batch
  }

  /** Forgets everything up to `seq`: the store has it. What lies in segments goes at the next commit. */
  trim(seq: number): void {
    this.#losses.acknowledged(seq)
    this.#oldestSeq = Math.min(Math.max(this.#oldestSeq, seq + 1), this.nextSeq)
    const fromTail = Math.max(0, this.#oldestSeq - this.#tailSeq)
    this.#tail.splice(0, fromTail)
    this.#tailSeq += fromTail
  }

  /** The collector knows a later epoch of this agent, or more than it wrote: what is left is numbered in an epoch after that one. */
  renumber(afterEpoch: number): void {
    this.#epoch = Math.max(this.#epoch, afterEpoch)
    this.#beginEpoch()
  }

  /** Commits, and lets go of the files. */
  async close(): Promise<void> {
    await this.commit()
    await this.#checkpoint.close()
    await this.#segments?.close()
    await this.#lock.release()
  }

  async #openDisk(): Promise<Segments> {
    const { folder, maxBytes, maxAgeMs } = this.#o
    await this.#lock.take()
    const segments = await Segments.open({ folder, maxBytes, maxAgeMs })
    const before = kept(await this.#checkpoint.read())
    const onDiskSeq = await segments.recover()
    const here = this.#tail
    this.#tailSeq = Math.max(onDiskSeq, before?.tailSeq ?? 1)
    this.#tail = before?.tail.slice(this.#tailSeq - before.tailSeq) ?? []
    this.#oldestSeq = before ? before.ackedSeq + 1 : (segments.list[0]?.firstSeq ?? this.#tailSeq)
    this.#losses = new Losses(before?.losses)
    // what came while there was no disk comes after what the disk had, and was told under an epoch of its own
    const begun = here.length > 0 || this.#inMemory
    this.#epoch = begun ? Math.max(this.#epoch, before?.epoch ?? 0) : (before?.epoch ?? this.#epoch)
    if (begun) this.#beginEpoch()
    else this.#open = before?.open
    this.#safeSeq = this.nextSeq
    this.append(here)
    this.#segments = segments
    this.#reader = new SegmentReader(segments)
    return segments
  }

  async #commitAll(): Promise<void> {
    // the promise must be known before it can be over
    await undefined
    while (this.#commitAgain) {
      this.#commitAgain = false
      if (this.#writing || (this.#inMemory && this.#disk.rests(this.#o.nowMs()))) continue
      const work = this.#commitNow().finally(() => {
        this.#writing = undefined
      })
      this.#writing = work
      await withDeadline(() => work, DISK_TIMEOUT_MS).catch((error) => this.#failed(error))
    }
    this.#committing = undefined
  }

  async #commitNow(): Promise<void> {
    const nowMs = this.#o.nowMs()
    const segments = this.#segments ?? (await this.#openDisk())
    // numbers that were sent from memory may go beyond what is written now: they must not be given again after a stop
    if (this.#inMemory) this.#beginEpoch()
    // records and state of one moment: what comes while the disk works belongs to the next commit
    const [firstSeq, records] = [this.#tailSeq, this.#tail.slice(0, RECORDS_AT_ONCE)]
    try {
      const numbers = { epoch: this.#epoch, ackedSeq: this.#oldestSeq - 1, losses: this.#losses.state }
      await this.#checkpoint.write(keep({ ...numbers, tailSeq: firstSeq, tail: records, open: this.#open }))
    } catch (error) {
      await this.#checkpointLost(error)
    }
    this.#safeSeq = firstSeq + records.length
    this.#inMemory = false
    // the segments failed a moment ago, and the checkpoint still has room
    if (this.#disk.rests(nowMs) && records.length < CHECKPOINT_RECORDS) return
    if (records.length < this.#tail.length) this.#commitAgain = true
    try {
      await this.#toSegments(segments, firstSeq, records, nowMs)
    } catch (error) {
      this.#disk.failed(error, nowMs)
      this.#commitAgain = false
      if (records.length >= CHECKPOINT_RECORDS) await this.#checkpointLost(error)
    }
  }

  async #toSegments(segments: Segments, firstSeq: number, records: Interval[], nowMs: number): Promise<void> {
    await segments.append(firstSeq, records, nowMs)
    const done = Math.max(0, firstSeq + records.length - this.#tailSeq)
    this.#tail.splice(0, done)
    this.#tailSeq += done
    await segments.trim(this.#oldestSeq - 1)
    const gone = await segments.bound(nowMs)
    if (gone && gone.toSeq >= this.#oldestSeq) {
      this.#lose(Math.max(gone.fromSeq, this.#oldestSeq), gone.toSeq, gone.fromMs, gone.toMs)
      this.#oldestSeq = gone.toSeq + 1
    }
    this.#disk.works()
  }

  /** From here on memory has to do; a checkpoint of before would tell again, after a stop, what is sent from memory meanwhile. */
  async #checkpointLost(error: unknown): Promise<never> {
    await this.#checkpoint.forget()
    throw error
  }

  /** What of the tail may be sent: what is safe, or, in memory, all of it. */
  #readable(): Interval[] {
    return this.#inMemory ? this.#tail : this.#tail.slice(0, Math.max(0, this.#safeSeq - this.#tailSeq))
  }

  /** An epoch that no life before this one can have used, whatever it forgot. */
  #beginEpoch(): void {
    this.#epoch = Math.max(this.#epoch + 1, this.#o.nowMs())
  }

  #lose(fromSeq: number, toSeq: number, fromMs = this.#o.nowMs(), toMs = fromMs): void {
    this.#losses.add({ fromSeq, toSeq, fromMs, toMs })
    this.#o.log.error(
      'records are lost before the collector had them; make spool.maxBytes or the disk larger',
      {
        records: toSeq - fromSeq + 1,
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
      },
    )
  }

  #failed(error: unknown): void {
    // what is sent from memory has numbers that the disk never learns: they must not be given again after a stop
    if (!this.#inMemory) this.#beginEpoch()
    this.#inMemory = true
    this.#disk.failed(error, this.#o.nowMs())
  }
}
