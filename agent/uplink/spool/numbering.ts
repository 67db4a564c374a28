import type { Interval } from '../../../protocol/interval.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import type { CheckpointContent } from './checkpoint-content.ts'
import { Life, type LifeState } from './life.ts'
import { type Gap, Losses } from './losses.ts'

interface NumberingOptions {
  /** records that the tail holds at most; more lose the oldest */
  maxTailRecords: number
  nowMs: () => number
  log: Log
}

/**
 * The numbers of the spool's records. Within a life, records are numbered (seq) one after the other; a record that is lost before
 * the collector has it leaves a gap. It also holds the tail: the newest records, which are in no segment yet.
 */
export class Numbering {
  readonly #o: NumberingOptions
  #losses = new Losses()
  readonly #life: Life
  /** id of the newest life that is on disk */
  #lifeOnDisk: string | undefined
  #oldestSeq = 1
  #tail: Interval[] = []
  /** seq of the tail's first record */
  #tailSeq = 1

  constructor(options: NumberingOptions) {
    this.#o = options
    this.#life = new Life(options.nowMs())
  }

  get life(): Required<LifeState> {
    return this.#life.state
  }

  get epoch(): number {
    return this.life.epoch
  }

  /** Whether the next run will know of this life. Before that, nothing may be sent under it. */
  get lifeIsOnDisk(): boolean {
    return this.#lifeOnDisk === this.life.life
  }

  /** A checkpoint with this life was written. */
  lifeWritten(id: string): void {
    this.#lifeOnDisk = id
  }

  /** seq of the oldest record that is neither acknowledged nor lost */
  get oldestSeq(): number {
    return this.#oldestSeq
  }

  /** seq that the next record gets */
  get nextSeq(): number {
    return this.#tailSeq + this.#tail.length
  }

  get tail(): readonly Interval[] {
    return this.#tail
  }

  get tailSeq(): number {
    return this.#tailSeq
  }

  get losses(): Losses {
    return this.#losses
  }

  /** Number of records that wait for the collector. */
  get waiting(): number {
    return this.nextSeq - this.#oldestSeq - this.#losses.countFrom(this.#oldestSeq)
  }

  append(records: readonly Interval[]): void {
    for (const r of records) this.#tail.push(r)
    const over = this.#tail.length - this.#o.maxTailRecords
    if (over <= 0) return
    const dropped = this.#tail.splice(0, over)
    this.#lose(this.#tailSeq, this.#tailSeq + over - 1, dropped[0]?.startMs, dropped.at(-1)?.startMs)
    this.#tailSeq += over
  }

  /** Drops the tail's records before `seq`: a segment, or the collector, has them. */
  dropTailBefore(seq: number): void {
    const dropped = Math.max(0, seq - this.#tailSeq)
    this.#tail.splice(0, dropped)
    this.#tailSeq += dropped
  }

  /** The collector has everything up to `seq`. */
  acknowledge(seq: number): void {
    this.#losses.acknowledged(seq)
    this.#oldestSeq = Math.min(Math.max(this.#oldestSeq, seq + 1), this.nextSeq)
    this.dropTailBefore(this.#oldestSeq)
  }

  /** Segments with these records were deleted. */
  deleted({ fromSeq, toSeq, fromMs, toMs }: Gap): void {
    if (toSeq < this.#oldestSeq) return
    this.#lose(Math.max(fromSeq, this.#oldestSeq), toSeq, fromMs, toMs)
    this.#oldestSeq = toSeq + 1
  }

  /**
   * The oldest records, from `fromSeq` to `toSeq`, can't be read. Skips the first part of them: either it is counted as lost
   * already, or this counts it.
   * @param atMs start of a record near them, Unix ms
   */
  skipOldest(fromSeq: number, toSeq: number, atMs: number | undefined): void {
    const part = this.#losses.firstPart(fromSeq, toSeq)
    if (!part.counted) this.#lose(fromSeq, part.toSeq, atMs)
    this.#oldestSeq = part.toSeq + 1
  }

  /** The collector's mark is in the present life. */
  confirmLife(): void {
    this.#life.confirm()
  }

  /** Starts a life in which the records keep their numbers: what is on disk and what was sent part here. */
  startLife(): void {
    this.#life.renew(this.nextSeq - 1, this.#o.nowMs())
  }

  /**
   * Starts a life because a number may mean two records: only those that the collector acknowledged here are certain.
   * @param limits `above`: epoch of another life of this agent; `latest`: the highest that the collector takes
   */
  startLifeInDoubt(limits: { above?: number; latest?: number } = {}): void {
    this.#life.renew(this.#oldestSeq - 1, this.#o.nowMs(), limits)
  }

  /**
   * Goes on from the files of an earlier run. The present tail is dropped: the caller appends it again.
   * @param nextSeq seq after the last record in the segments
   * @param firstSeq of the first segment
   * @param isLate whether records may have been sent from memory, before the disk could be read
   */
  resume(
    content: CheckpointContent | undefined,
    nextSeq: number,
    firstSeq: number | undefined,
    isLate: boolean,
  ): void {
    this.#tailSeq = Math.max(nextSeq, content?.tailSeq ?? 1)
    this.#tail = content?.tail.slice(this.#tailSeq - content.tailSeq) ?? []
    this.#oldestSeq = content ? content.ackedSeq + 1 : (firstSeq ?? this.#tailSeq)
    this.#losses = new Losses(content?.losses)
    if (content) this.#life.resume(content, this.nextSeq - 1, this.#o.nowMs())
    else if (isLate) this.#life.renew(0, this.#o.nowMs())
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
}
