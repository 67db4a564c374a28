import type { Interval, IntervalBatch } from '../protocol/interval.ts'

/** What the spool holds now. */
export interface SpoolState {
  records: number
  /** Unix ms of the oldest record's start */
  oldestMs?: number
  /** records dropped because the spool was full, since the start */
  lost: number
}

/**
 * Keeps interval records until the collector says that its store has them. In memory, bounded: at the bound the oldest
 * records go, counted. Records are numbered without a hole within an epoch; a new epoch begins at 1.
 */
export class MemorySpool {
  readonly #maxRecords: number
  #epoch: number
  #records: Interval[] = []
  /** index of the oldest record still held; the array is compacted now and then, not at every trim */
  #head = 0
  #oldestSeq = 1
  #lost = 0

  constructor(options: { epoch: number; maxRecords: number }) {
    this.#epoch = options.epoch
    this.#maxRecords = options.maxRecords
  }

  get epoch(): number {
    return this.#epoch
  }

  /** seq that the next record gets */
  get nextSeq(): number {
    return this.#oldestSeq + this.#length
  }

  get #length(): number {
    return this.#records.length - this.#head
  }

  state(): SpoolState {
    const oldest = this.#records[this.#head]
    return { records: this.#length, lost: this.#lost, ...(oldest ? { oldestMs: oldest.startMs } : {}) }
  }

  /** @returns how many of the oldest records had to go */
  append(records: readonly Interval[]): number {
    for (const r of records) this.#records.push(r)
    const over = Math.max(0, this.#length - this.#maxRecords)
    this.#drop(over)
    this.#lost += over
    return over
  }

  /** Up to `limit` records from `fromSeq` on (or the oldest held, if that is later); undefined where there are none. */
  read(fromSeq: number, limit: number): IntervalBatch | undefined {
    const firstSeq = Math.max(fromSeq, this.#oldestSeq)
    const from = this.#head + (firstSeq - this.#oldestSeq)
    const intervals = this.#records.slice(from, from + limit)
    return intervals.length > 0
      ? { epoch: this.#epoch, firstSeq, oldestSeq: this.#oldestSeq, intervals }
      : undefined
  }

  /** Forgets everything up to `seq`: the store has it. */
  trim(seq: number): void {
    this.#drop(Math.min(Math.max(0, seq - this.#oldestSeq + 1), this.#length))
  }

  /** The collector knows a later epoch of this agent (a clock was set back): numbers what is left anew, after it. */
  renumber(afterEpoch: number): void {
    this.#epoch = afterEpoch + 1
    this.#oldestSeq = 1
  }

  #drop(count: number): void {
    this.#records.fill(undefined as unknown as Interval, this.#head, this.#head + count)
    this.#head += count
    this.#oldestSeq += count
    if (this.#head > 1024 && this.#head > this.#records.length / 2) {
      this.#records = this.#records.slice(this.#head)
      this.#head = 0
    }
  }
}
