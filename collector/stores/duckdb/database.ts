import { mkdir, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DuckDBInstance } from '@duckdb/node-api'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import { Turns } from '../../rows/turns.ts'
import { explain, isFatal } from './errors.ts'
import { type Api, Link, type Value } from './link.ts'
import { CREATE_TABLES, reshape, SCHEMA_VERSION, TABLES, type Table } from './tables.ts'

/** A statement that runs longer is interrupted. */
const STATEMENT_MS = 60_000
/** DuckDB 1.5 may crash the process when a checkpoint runs out of disk, so nothing is written with less room than this. */
const RESERVE_BYTES = 128 * 2 ** 20

export interface DatabaseOptions {
  /** the database file; its folder is created */
  path: string
  log: Log
  /** MB that DuckDB may use, beside the collector's own memory */
  memoryLimitMb: number
  /** bytes free on the disk of a folder; asks the system where it is not given */
  freeBytes?: (folder: string) => Promise<number>
}

const freeOnDisk = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

interface Session {
  instance: DuckDBInstance
  writer: Link
  reader: Link
  /** work in hand */
  uses: Set<Promise<unknown>>
}

/** One DuckDB file: a connection that writes, one transaction at a time, and one that reads meanwhile. */
export class Database {
  readonly #path: string
  readonly #memoryLimitMb: number
  readonly #log: Log
  readonly #freeBytes: (folder: string) => Promise<number>
  readonly #writes: Turns
  readonly #reads: Turns
  #session: Promise<Session> | undefined
  #current: Session | undefined
  /** resolves when the session before this one has let go of the file */
  #released: Promise<void> = Promise.resolve()
  #closed = true

  constructor(options: DatabaseOptions) {
    this.#path = options.path
    this.#memoryLimitMb = options.memoryLimitMb
    this.#log = options.log
    this.#freeBytes = options.freeBytes ?? freeOnDisk
    this.#writes = new Turns(`duckdb ${options.path}`)
    this.#reads = new Turns(`duckdb ${options.path}`)
  }

  async open(): Promise<void> {
    this.#closed = false
    await this.#connected()
  }

  /** Runs `work` in a transaction: all of it, or nothing. */
  write<T>(work: (link: Link) => Promise<T>): Promise<T> {
    return this.#turn(this.#writes, () =>
      this.#with('writer', async (link) => {
        await this.#checkRoom()
        return transaction(link, () => work(link))
      }),
    )
  }

  /** Rows of a query, whose columns are named as the fields of T; absent values are left out. */
  read<T>(sql: string, values: Record<string, Value> = {}): Promise<T[]> {
    return this.#turn(this.#reads, () => this.#with('reader', (link) => link.query<T>(sql, values)))
  }

  /** Waits for what was asked before, and leaves everything in the one file, without a log of writes beside it. */
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
      await this.#checkRoom()
      await session.writer.query('CHECKPOINT')
    } catch (error) {
      // nothing is lost: the write-ahead log is read when the file is opened next
      this.#log.warn('store.checkpoint-failed', { path: this.#path, reason: reasonOf(error) })
    } finally {
      release(session)
    }
  }

  async #turn<T>(turns: Turns, work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new PerwattError('store-closed', `duckdb ${this.#path}: is closed; open it first`)
    return turns.take(work)
  }

  async #checkRoom(): Promise<void> {
    const free = await this.#freeBytes(dirname(this.#path))
    if (free < RESERVE_BYTES)
      throw new PerwattError(
        'store-unavailable',
        `duckdb ${this.#path}: its disk has ${Math.floor(free / 2 ** 20)} MB free, and writing needs ${RESERVE_BYTES / 2 ** 20}; make room, nothing is lost meanwhile`,
      )
  }

  async #with<T>(role: 'reader' | 'writer', work: (link: Link) => Promise<T>): Promise<T> {
    let session: Session
    // one that was given up while this waited for it is closing
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

  async #use<T>(session: Session, role: 'reader' | 'writer', work: (link: Link) => Promise<T>): Promise<T> {
    const timer = setTimeout(() => session[role].interrupt(), STATEMENT_MS)
    try {
      return await work(session[role])
    } catch (error) {
      if (isFatal(error)) this.#abandon(session, reasonOf(error))
      throw explain(error, this.#path)
    } finally {
      clearTimeout(timer)
    }
  }

  /** DuckDB gives up a database that it could not write (a full disk); opened anew, it has all that was committed. */
  #abandon(session: Session, reason: string): void {
    if (session !== this.#current) return
    this.#log.error('store.reopening', { path: this.#path, reason })
    this.#current = undefined
    this.#session = undefined
    this.#released = Promise.allSettled(session.uses).then(() => release(session))
  }

  #connected(): Promise<Session> {
    this.#session ??= this.#released
      .then(() => this.#connect())
      .catch((error) => {
        this.#session = undefined
        throw explain(error, this.#path)
      })
    return this.#session
  }

  async #connect(): Promise<Session> {
    const api = await loadApi()
    await mkdir(dirname(this.#path), { recursive: true })
    // from the cache, because a second instance of one file in one process would pass its lock and damage it
    const instance = await api.DuckDBInstance.fromCache(this.#path, {
      memory_limit: `${this.#memoryLimitMb}MB`,
      threads: '2',
      // a store never fetches code from the network
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    })
    const session: Session = {
      instance,
      writer: new Link(api, await instance.connect()),
      reader: new Link(api, await instance.connect()),
      uses: new Set(),
    }
    try {
      await prepare(session.writer, this.#path)
    } catch (error) {
      release(session)
      throw error
    }
    this.#current = session
    return session
  }
}

/** Loaded when a DuckDB store is opened, so that a collector without one runs without its native part. */
async function loadApi(): Promise<Api> {
  try {
    const api = await import('@duckdb/node-api')
    // in the built program the native part is loaded at its first use, not by the import
    api.version()
    return api
  } catch (error) {
    throw new PerwattError(
      'store-native-missing',
      `duckdb: its native part can't be loaded (${reasonOf(error)}); put the native/ folder beside the program, or configure store.influx`,
      { cause: error },
    )
  }
}

function release({ writer, reader, instance }: Session): void {
  writer.close()
  reader.close()
  instance.closeSync()
}

async function transaction<T>(link: Link, work: () => Promise<T>): Promise<T> {
  await link.query('BEGIN')
  try {
    const result = await work()
    await link.query('COMMIT')
    return result
  } catch (error) {
    // a fatal error has ended the transaction already
    await link.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Creates what is missing, and refuses a file that a newer perwatt has written. */
const prepare = (link: Link, path: string): Promise<void> =>
  transaction(link, async () => {
    // closing asks for it, where there is room
    await link.query('PRAGMA disable_checkpoint_on_shutdown')
    for (const sql of CREATE_TABLES) await link.query(sql)
    const [row] = await link.query<{ value: string }>(`SELECT value FROM meta WHERE name = 'schema'`)
    if (!row) await link.append('meta', [{ name: 'schema', value: String(SCHEMA_VERSION) }])
    else if (Number(row.value) > SCHEMA_VERSION)
      throw new PerwattError(
        'store-newer',
        `duckdb ${path}: has schema ${row.value}, this perwatt knows ${SCHEMA_VERSION}; run the newer perwatt, or set store.duckdb.path to another file`,
      )
    else if (Number(row.value) < SCHEMA_VERSION) await bringUpToDate(link)
  })

/** Gives the tables of an earlier version what has come since: all of them, or none. */
async function bringUpToDate(link: Link): Promise<void> {
  for (const table of Object.keys(TABLES) as Table[]) {
    const found = await link.query<{ name: string }>(
      'SELECT column_name AS name FROM information_schema.columns WHERE table_name = $table ORDER BY ordinal_position',
      { table },
    )
    const sql = reshape(
      table,
      found.map(({ name }) => name),
    )
    if (sql) await link.query(sql)
  }
  await link.query(`UPDATE meta SET value = '${SCHEMA_VERSION}' WHERE name = 'schema'`)
}
