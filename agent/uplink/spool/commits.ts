import type { Interval } from '../../../protocol/interval.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { Checkpoint } from './checkpoint.ts'
import { type CheckpointContent, decodeContent, encodeContent } from './checkpoint-content.ts'
import type { DiskHealth } from './disk-health.ts'
import { isOfAnother, readHome, type SetAside, type SpoolHome, setAside, writeHome } from './home.ts'
import { FolderLock } from './lock.ts'
import type { MemoryMode } from './memory-mode.ts'
import type { Numbering } from './numbering.ts'
import { SegmentReader } from './reader.ts'
import { Segments } from './segments.ts'

/** One commit writes at most this many records, more than one beat closes; a backlog after a long failure takes several commits. */
const RECORDS_AT_ONCE = 25_000
/** The checkpoint alone holds at most this many records while the segments can't be written: some minutes of 500 devices. */
const CHECKPOINT_RECORDS = 4_000
const DISK_TIMEOUT_MS = 20_000

interface CommitsOptions {
  folder: string
  maxBytes: number
  maxAgeMs: number
  /** whose spool it is; absent: whoever's was there */
  home?: SpoolHome
  nowMs: () => number
  clockHolds?: (() => boolean) | undefined
  log: Log
}

interface Parts {
  numbering: Numbering
  memory: MemoryMode
  health: DiskHealth
}

/**
 * Writes the tail and the caller's state to disk. One commit is one step: first the checkpoint with both, then the segments. So
 * neither is ever newer than the other, whenever the power fails. A full disk still has the checkpoint's reserved room:
 * records stay there, safe, while they are few.
 */
export class Commits {
  readonly #o: CommitsOptions
  readonly #numbering: Numbering
  readonly #memory: MemoryMode
  readonly #health: DiskHealth
  readonly #checkpoint: Checkpoint
  readonly #lock: FolderLock
  #segments: Segments | undefined
  #reader: SegmentReader | undefined
  #callerState: unknown
  #committing: Promise<void> | undefined
  #setAside: SetAside | undefined
  #again = false
  /** a write that a hung disk has not finished; until it has, nothing more is written */
  #writing: Promise<void> | undefined
  #isClosed = false

  constructor(options: CommitsOptions, { numbering, memory, health }: Parts) {
    this.#o = options
    this.#numbering = numbering
    this.#memory = memory
    this.#health = health
    this.#checkpoint = new Checkpoint(options.folder)
    this.#lock = new FolderLock(options.folder)
  }

  get segments(): Segments | undefined {
    return this.#segments
  }

  /** What was found of another agent, whose folder was copied. */
  get setAside(): SetAside | undefined {
    return this.#setAside
  }

  get reader(): SegmentReader | undefined {
    return this.#reader
  }

  /** The caller's state at the last commit, or after `open` at the last one of an earlier run; undefined where there is none. */
  get callerState(): unknown {
    return this.#callerState
  }

  /** Goes on from the files of an earlier run. @throws PerwattError `spool-in-use`, or the file system's error */
  async open(): Promise<Segments> {
    const { folder, home } = this.#o
    await this.#lock.take()
    const found = decodeContent(await this.#checkpoint.read())
    const isCopied = await this.#setAsideCopy(found)
    const content = isCopied ? undefined : found
    const segments = await this.#openSegments()
    if (home) await writeHome(folder, home)
    const nextSeq = await this.#endOf(segments, content)
    const { tail: appendedBefore, tailSeq, labels } = this.#numbering
    const isLate = appendedBefore.length > 0 || this.#memory.active
    this.#numbering.resume(content, nextSeq, segments.list[0]?.firstSeq, isLate)
    if (!isLate) this.#callerState = content?.open
    this.#memory.safeBefore(this.#numbering.nextSeq)
    for (const [i, record] of appendedBefore.entries())
      this.#numbering.append([record], labels.stretchAt(tailSeq + i))
    this.#segments = segments
    this.#reader = new SegmentReader(segments)
    return segments
  }

  #openSegments(): Promise<Segments> {
    const { folder, maxBytes, maxAgeMs } = this.#o
    return Segments.open({ folder, maxBytes, maxAgeMs })
  }

  /**
   * The seq after the last record. A commit writes the checkpoint first: where segments have more, it is of an earlier moment, because the
   * folder was copied during a commit, or the newest checkpoint is damaged. The caller's open records tell that time again, so
   * what is beyond is cut off; it was perhaps sent, and the new life parts before it.
   */
  async #endOf(segments: Segments, content: CheckpointContent | undefined): Promise<number> {
    const nextSeq = await segments.recover()
    const endSeq = content ? content.tailSeq + content.tail.length : nextSeq
    if (nextSeq <= endSeq) return nextSeq
    this.#o.log.error(
      'the newest checkpoint of the spool is missing or damaged (a copy that was made while it was written, or the disk): it goes on from the one before. What counters tell is told again from there; what nobody counts is missing',
      { records: nextSeq - endSeq, folder: this.#o.folder },
    )
    return segments.recover(endSeq)
  }

  /** Another agent's records and counters, in a copied folder, are that agent's to send: sent from here too, they would count twice. */
  async #setAsideCopy(found: CheckpointContent | undefined): Promise<boolean> {
    const { folder, home, nowMs, log } = this.#o
    const foundHome = found?.home ?? (await readHome(folder))
    if (!foundHome || !home || !isOfAnother(foundHome, home)) return false
    const { agent, site } = foundHome
    const records = found
      ? Math.max(0, found.tailSeq + found.tail.length - 1 - found.ackedSeq)
      : await this.#inSegments()
    await this.#checkpoint.close()
    const aside = await setAside(folder, foundHome, nowMs())
    this.#setAside = { site, agent, records }
    log.error(
      'this spool was copied from another agent, which has its records too; they are put aside and not sent: that agent sends them',
      { of: agent, site, records, folder: aside },
    )
    return true
  }

  /** Records that are in segments, perhaps acknowledged. */
  async #inSegments(): Promise<number> {
    const segments = await this.#openSegments()
    const nextSeq = await segments.recover()
    await segments.close()
    return Math.max(0, nextSeq - (segments.list[0]?.firstSeq ?? nextSeq))
  }

  /** Makes all records and the caller's state safe. Never rejects: a failing disk starts memory mode. */
  commit(callerState: unknown): Promise<void> {
    this.#callerState = callerState
    this.#again = true
    this.#committing ??= this.#commitAll()
    return this.#committing
  }

  /** Releases the files. A write that a hung disk finishes later, or one that is asked for after this, releases them again. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#closeFiles()
    await this.#lock.release()
  }

  async #closeFiles(): Promise<void> {
    await this.#checkpoint.close()
    await this.#segments?.close()
  }

  async #commitAll(): Promise<void> {
    // without this wait, the end of this function could come before its promise is assigned to #committing
    await undefined
    while (this.#again) {
      this.#again = false
      if (this.#writing || (this.#memory.active && this.#health.backsOff(this.#o.nowMs()))) continue
      const work = this.#commitOnce().finally(async () => {
        if (this.#isClosed) await this.#closeFiles()
        this.#writing = undefined
      })
      this.#writing = work
      await withDeadline(() => work, DISK_TIMEOUT_MS).catch((error) =>
        this.#memory.enter(error, this.#o.nowMs()),
      )
    }
    this.#committing = undefined
  }

  async #commitOnce(): Promise<void> {
    const numbering = this.#numbering
    const nowMs = this.#o.nowMs()
    const segments = this.#segments ?? (await this.open())
    // memory mode may have sent higher numbers than this commit writes; in a new life no later run can use them again
    if (this.#memory.active) numbering.startLife()
    // the records and the state of one moment: records that are appended during the write belong to the next commit
    const [firstSeq, records] = [numbering.tailSeq, numbering.tail.slice(0, RECORDS_AT_ONCE)]
    await this.#writeCheckpoint(firstSeq, records)
    this.#memory.safeBefore(firstSeq + records.length)
    this.#memory.leave()
    // the segments failed a moment ago, and the checkpoint has room for these records
    if (this.#health.backsOff(nowMs) && records.length < CHECKPOINT_RECORDS) return
    if (records.length < numbering.tail.length) this.#again = true
    try {
      await this.#writeSegments(segments, firstSeq, records, nowMs)
    } catch (error) {
      this.#health.failed(error, nowMs)
      this.#again = false
      if (records.length >= CHECKPOINT_RECORDS) await this.#eraseCheckpoint(error)
    }
  }

  async #writeCheckpoint(tailSeq: number, tail: readonly Interval[]): Promise<void> {
    const { life, oldestSeq, losses, labels } = this.#numbering
    const { home } = this.#o
    const numbers = {
      ...life,
      ackedSeq: oldestSeq - 1,
      losses: losses.state,
      labels: labels.state,
      ...(home && { home }),
    }
    try {
      await this.#checkpoint.write(encodeContent({ ...numbers, tailSeq, tail, open: this.#callerState }))
      this.#numbering.lifeWritten(life.life)
    } catch (error) {
      await this.#eraseCheckpoint(error)
    }
  }

  async #writeSegments(
    segments: Segments,
    firstSeq: number,
    records: readonly Interval[],
    nowMs: number,
  ): Promise<void> {
    const numbering = this.#numbering
    await segments.append(firstSeq, records, nowMs)
    numbering.dropTailBefore(firstSeq + records.length)
    await segments.trim(numbering.oldestSeq - 1)
    const deleted = await segments.bound(nowMs, (seq) =>
      this.#o.clockHolds?.() ? undefined : numbering.labels.shiftAt(seq),
    )
    if (deleted) numbering.deleted(deleted)
    this.#health.works()
  }

  /**
   * Erases the checkpoint and throws `error`, which starts memory mode. Memory mode sends the old checkpoint's records too: after a
   * restart they would be sent a second time.
   */
  async #eraseCheckpoint(error: unknown): Promise<never> {
    await this.#checkpoint.forget()
    throw error
  }
}
