import type { Interval, IntervalBatch } from '../../../protocol/interval.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import type { SpoolStatus } from '../../../protocol/status.ts'
import { Commits } from './commits.ts'
import { DiskHealth } from './disk-health.ts'
import type { SpoolHome } from './home.ts'
import { MemoryMode } from './memory-mode.ts'
import { nextBatch } from './next-batch.ts'
import { Numbering } from './numbering.ts'

export interface SpoolOptions {
  folder: string
  maxBytes: number
  maxAgeMs: number
  /** records kept in memory while the disk can't be written */
  maxMemoryRecords?: number
  /** whose spool it is; a folder that was copied from another agent is put aside */
  home?: SpoolHome
  nowMs: () => number
  log: Log
}

/** 500 devices for 6 hours, in some 70 MB. */
const MAX_MEMORY_RECORDS = 200_000

/**
 * Keeps interval records until the collector says that its store has them: on disk, bounded in bytes and age, readable after
 * any stop; in memory while the disk fails.
 *
 * `append` takes records, and `commit` makes them safe together with the caller's own state (the open records). `read` gives
 * batches to send, and `trim` drops what the collector acknowledged.
 */
export class Spool {
  readonly #o: SpoolOptions
  readonly #health: DiskHealth
  readonly #numbering: Numbering
  readonly #memory: MemoryMode
  readonly #commits: Commits

  constructor(options: SpoolOptions) {
    this.#o = options
    const { folder, nowMs, log, maxMemoryRecords: maxTailRecords = MAX_MEMORY_RECORDS } = options
    this.#health = new DiskHealth(folder, log)
    this.#numbering = new Numbering({ maxTailRecords, nowMs, log })
    this.#memory = new MemoryMode(this.#numbering, this.#health)
    const parts = { numbering: this.#numbering, memory: this.#memory, health: this.#health }
    this.#commits = new Commits(options, parts)
  }

  /** Whether it has these settings, so that a reloaded agent can go on with it. */
  serves(settings: Pick<SpoolOptions, 'folder' | 'maxBytes' | 'maxAgeMs'>): boolean {
    const { folder, maxBytes, maxAgeMs } = this.#o
    return folder === settings.folder && maxBytes === settings.maxBytes && maxAgeMs === settings.maxAgeMs
  }

  get epoch(): number {
    return this.#numbering.epoch
  }

  /** Random id of the life that the epoch stands for. */
  get life(): string {
    return this.#numbering.life.life
  }

  get oldestSeq(): number {
    return this.#numbering.oldestSeq
  }

  /** seq that the next record gets */
  get nextSeq(): number {
    return this.#numbering.nextSeq
  }

  /** The caller's state at the last commit, or after `open` at the last one of an earlier run; undefined where there is none. */
  get lastCommitted(): unknown {
    return this.#commits.callerState
  }

  /** Goes on from the files of an earlier run. Never rejects: if the disk fails, it starts in memory mode and logs that. */
  async open(): Promise<void> {
    try {
      await this.#commits.open()
    } catch (error) {
      this.#memory.enter(error, this.#o.nowMs())
      return
    }
    // the next run must know of this life before anything is sent under it
    await this.commit()
  }

  state(): SpoolStatus {
    const { waiting: records, losses, tail } = this.#numbering
    const { lost, fromMs, toMs } = losses.state
    const { segments } = this.#commits
    const oldestMs = segments?.list.find((s) => s.oldestMs !== undefined)?.oldestMs ?? tail[0]?.startMs
    return {
      records,
      bytes: segments?.bytes ?? 0,
      ...(records > 0 && oldestMs !== undefined ? { oldestMs } : {}),
      lost,
      ...(lost > 0 && fromMs !== undefined ? { lostFromMs: fromMs } : {}),
      ...(lost > 0 && toMs !== undefined ? { lostToMs: toMs } : {}),
      disk: this.#health.condition,
      ...(this.#commits.setAside ? { setAside: this.#commits.setAside } : {}),
    }
  }

  append(records: readonly Interval[]): void {
    this.#numbering.append(records)
  }

  /**
   * Makes everything that was appended safe, and the caller's state with it. Never rejects: `state` shows a failing disk.
   * @param callerState absent: as at the last commit
   */
  commit(callerState: unknown = this.lastCommitted): Promise<void> {
    return this.#commits.commit(callerState)
  }

  /** Up to `limit` records from `fromSeq` on, or from the oldest if that is later; undefined where there are none to send now. */
  read(fromSeq: number, limit: number): Promise<IntervalBatch | undefined> {
    const source = { numbering: this.#numbering, memory: this.#memory, reader: () => this.#commits.reader }
    return nextBatch(source, fromSeq, limit)
  }

  /** Drops everything up to `seq`: the collector's store has it. Segments are deleted at the next commit. */
  trim(seq: number): void {
    this.#numbering.acknowledge(seq)
  }

  /** The collector's mark is in the present life. */
  confirm(): void {
    this.#numbering.confirmLife()
  }

  /**
   * A number may mean two records: the waiting records go on in a new life, once that is on disk. Resolves then.
   * @param limits `above`: epoch of another life of this agent; `latest`: the highest that the collector takes
   */
  renumber(limits: { above?: number; latest?: number } = {}): Promise<void> {
    this.#numbering.startLifeInDoubt(limits)
    return this.commit()
  }

  /** Commits, and releases the files. */
  async close(): Promise<void> {
    await this.commit()
    await this.#commits.close()
  }
}
