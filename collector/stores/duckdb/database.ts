import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import { after, every, type Timer } from '../../../protocol/kit/timers.ts'
import type { StoreWarning } from '../../plugin/store.ts'
import { SerialQueue } from '../../rows/serial-queue.ts'
import { CheckpointTrouble } from './checkpoint-trouble.ts'
import type { Connection, Value } from './connection.ts'
import { explain, isFatal } from './errors.ts'
import { explainLog, keepHalfWritten } from './log-guard.ts'
import { finishChange } from './put-in-place.ts'
import { openSession, releaseSession, type Session } from './session.ts'

/** A statement that runs longer is interrupted. */
const STATEMENT_MS = 60_000
/** DuckDB 1.5 may crash the process when a checkpoint fills the disk: with less free than this, nothing is written. */
const RESERVE_BYTES = 128 * 2 ** 20
/** So little is lost with a log that a power cut tears, and so soon is a start done. */
const CHECKPOINT_EVERY_MS = 300_000

export interface DatabaseOptions {
  /** the database file; its folder is created */
  path: string
  log: Log
  /** MB that DuckDB may use, beside the collector's own memory */
  memoryLimitMb: number
  /** free bytes on a folder's disk; statfs where absent */
  freeBytes?: (folder: string) => Promise<number>
  /** how often what was written moves from the log into the file; 5 minutes where absent */
  checkpointEveryMs?: number
  nowMs?: () => number
  /** called after each commit with how many there were in the life of the file */
  onCommit?: (commits: number) => void
}

type Role = 'reader' | 'writer'

const freeOnDisk = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** One DuckDB file: a connection that writes, one transaction at a time, and one that reads meanwhile. */
export class Database {
  readonly #path: string
  readonly #memoryLimitMb: number
  readonly #log: Log
  readonly #freeBytes: (folder: string) => Promise<number>
  readonly #writes: SerialQueue
  readonly #reads: SerialQueue
  #session: Promise<Session> | undefined
  #current: Session | undefined
  /** resolves when the session before the current one has released the file */
  #released: Promise<void> = Promise.resolve()
  #closed = true
  #checkpoints: Timer | undefined
  readonly #checkpointEveryMs: number
  readonly #trouble: CheckpointTrouble
  readonly #onCommit: (commits: number) => void
  readonly #nowMs: () => number

  constructor(options: DatabaseOptions) {
    this.#path = options.path
    this.#memoryLimitMb = options.memoryLimitMb
    this.#log = options.log
    this.#checkpointEveryMs = options.checkpointEveryMs ?? CHECKPOINT_EVERY_MS
    this.#onCommit = options.onCommit ?? (() => {})
    this.#freeBytes = options.freeBytes ?? freeOnDisk
    this.#nowMs = options.nowMs ?? Date.now
    this.#trouble = new CheckpointTrouble(options.path, { log: options.log, nowMs: this.#nowMs })
    this.#writes = new SerialQueue(`duckdb ${options.path}`)
    this.#reads = new SerialQueue(`duckdb ${options.path}`)
  }

  async open(): Promise<void> {
    this.#closed = false
    if (!this.#session) await finishChange(this.#path)
    if (!this.#session) await keepHalfWritten(this.#path, this.#nowMs(), this.#log)
    await this.#connected()
    clearInterval(this.#checkpoints)
    this.#checkpoints = every(this.#checkpointEveryMs, () => void this.#checkpoint()).unref()
  }

  get warnings(): readonly StoreWarning[] {
    return this.#trouble.warnings
  }

  /** Moves what was written from the log into the file. Where it can't, nothing is lost: the log has it until the next time. */
  async #checkpoint(): Promise<void> {
    if (this.#closed) return
    try {
      await this.#queued(this.#writes, 'writer', async (connection) => {
        await this.#checkFreeSpace()
        await connection.query('CHECKPOINT')
      })
      this.#trouble.succeeded()
    } catch (error) {
      this.#trouble.failed(error)
    }
  }

  /** Runs `work` in a transaction: all of it is stored, or nothing. */
  write<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#queued(this.#writes, 'writer', async (connection) => {
      await this.#checkFreeSpace()
      const { result, commits } = await connection.transaction(async () => ({
        result: await work(connection),
        commits: await countCommit(connection),
      }))
      this.#onCommit(commits)
      return result
    })
  }

  /** How many transactions there were in the life of the file. */
  async commits(): Promise<number> {
    const [row] = await this.read<{ value: string }>(`SELECT value FROM meta WHERE name = 'commits'`)
    return Number(row?.value ?? 0)
  }

  /** Rows of a query whose columns are named as the fields of T; absent values are left out. */
  read<T>(sql: string, values: Record<string, Value> = {}): Promise<T[]> {
    return this.#queued(this.#reads, 'reader', (connection) => connection.query<T>(sql, values))
  }

  /** Waits for the work that is queued, and leaves everything in the one file, without a write-ahead log beside it. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#checkpoints)
    await Promise.all([this.#writes.idle(), this.#reads.idle()])
    await this.#released
    const session = this.#current
    this.#current = undefined
    this.#session = undefined
    if (!session) return
    try {
      await this.#checkFreeSpace()
      await session.writer.query('CHECKPOINT')
    } catch (error) {
      // nothing is lost: the next open reads the write-ahead log
      this.#log.warn('store.checkpoint-failed', { path: this.#path, reason: reasonOf(error) })
    } finally {
      releaseSession(session)
    }
  }

  async #queued<T>(queue: SerialQueue, role: Role, work: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#closed) throw new PerwattError('store-closed', `duckdb ${this.#path}: is closed; open it first`)
    return queue.run(() => this.#with(role, work))
  }

  async #checkFreeSpace(): Promise<void> {
    const free = await this.#freeBytes(dirname(this.#path))
    if (free < RESERVE_BYTES)
      throw new PerwattError(
        'store-unavailable',
        `duckdb ${this.#path}: its disk has ${Math.floor(free / 2 ** 20)} MB free, and writing needs ${RESERVE_BYTES / 2 ** 20}; make room, nothing is lost meanwhile`,
      )
  }

  async #with<T>(role: Role, work: (connection: Connection) => Promise<T>): Promise<T> {
    let session: Session
    // a session that was abandoned during this wait is closing: take the next
    do session = await this.#connected()
    while (session !== this.#current)
    const use = this.#use(session, role, work)
    session.uses.add(use)
    try {
      return await use
    } finally {
      session.uses.delete(use)
    }
  }

  async #use<T>(session: Session, role: Role, work: (connection: Connection) => Promise<T>): Promise<T> {
    const timer = after(STATEMENT_MS, () => session[role].interrupt())
    try {
      return await work(session[role])
    } catch (error) {
      if (isFatal(error)) this.#abandon(session, reasonOf(error))
      throw explain(error, this.#path)
    } finally {
      clearTimeout(timer)
    }
  }

  /** DuckDB invalidates a database that it could not write, as on a full disk. Reopened, it has all that was committed. */
  #abandon(session: Session, reason: string): void {
    if (session !== this.#current) return
    this.#log.error('store.reopening', { path: this.#path, reason })
    this.#current = undefined
    this.#session = undefined
    this.#released = Promise.allSettled(session.uses).then(() => releaseSession(session))
  }

  #connected(): Promise<Session> {
    this.#session ??= this.#released
      .then(() => openSession(this.#path, this.#memoryLimitMb))
      .then((session) => {
        this.#current = session
        return session
      })
      .catch(async (error) => {
        this.#session = undefined
        throw await explainLog(explain(error, this.#path), this.#path)
      })
    return this.#session
  }
}

/** Counts a transaction within it, so that a file that lost some of them is known by its count. @returns the count */
async function countCommit(connection: Connection): Promise<number> {
  const [row] = await connection.query<{ value: string }>(
    `UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS VARCHAR) WHERE name = 'commits' RETURNING value`,
  )
  if (row) return Number(row.value)
  await connection.append('meta', [{ name: 'commits', value: '1' }])
  return 1
}
