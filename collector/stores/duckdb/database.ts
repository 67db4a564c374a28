import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import { after } from '../../../protocol/kit/timers.ts'
import { SerialQueue } from '../../rows/serial-queue.ts'
import type { Connection, Value } from './connection.ts'
import { explain, isFatal } from './errors.ts'
import { openSession, releaseSession, type Session } from './session.ts'

/** A statement that runs longer is interrupted. */
const STATEMENT_MS = 60_000
/** DuckDB 1.5 may crash the process when a checkpoint fills the disk: with less free than this, nothing is written. */
const RESERVE_BYTES = 128 * 2 ** 20

export interface DatabaseOptions {
  /** the database file; its folder is created */
  path: string
  log: Log
  /** MB that DuckDB may use, beside the collector's own memory */
  memoryLimitMb: number
  /** free bytes on a folder's disk; statfs where absent */
  freeBytes?: (folder: string) => Promise<number>
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

  constructor(options: DatabaseOptions) {
    this.#path = options.path
    this.#memoryLimitMb = options.memoryLimitMb
    this.#log = options.log
    this.#freeBytes = options.freeBytes ?? freeOnDisk
    this.#writes = new SerialQueue(`duckdb ${options.path}`)
    this.#reads = new SerialQueue(`duckdb ${options.path}`)
  }

  async open(): Promise<void> {
    this.#closed = false
    await this.#connected()
  }

  /** Runs `work` in a transaction: all of it is stored, or nothing. */
  write<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#queued(this.#writes, 'writer', async (connection) => {
      await this.#checkFreeSpace()
      return connection.transaction(() => work(connection))
    })
  }

  /** Rows of a query whose columns are named as the fields of T; absent values are left out. */
  read<T>(sql: string, values: Record<string, Value> = {}): Promise<T[]> {
    return this.#queued(this.#reads, 'reader', (connection) => connection.query<T>(sql, values))
  }

  /** Waits for the work that is queued, and leaves everything in the one file, without a write-ahead log beside it. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
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
      .catch((error) => {
        this.#session = undefined
        throw explain(error, this.#path)
      })
    return this.#session
  }
}
