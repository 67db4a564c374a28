import type * as DuckDb from '@duckdb/node-api'
import { whole } from '../../rows/rows.ts'
import { type ColumnType, TABLES, type Table } from './tables.ts'

export type Api = typeof DuckDb

/** A parameter of a statement: text, a whole number, or a list of either. */
export type Value = string | number | readonly string[] | readonly number[]

/** Rows of one DuckDB vector. */
const CHUNK_ROWS = 2048

/** A connection whose rows are plain objects: BIGINT as number, absent values left out. */
export class Connection {
  readonly #api: Api
  readonly #connection: DuckDb.DuckDBConnection
  readonly #statements = new Map<string, DuckDb.DuckDBPreparedStatement>()

  constructor(api: Api, connection: DuckDb.DuckDBConnection) {
    this.#api = api
    this.#connection = connection
  }

  /**
   * Runs a statement with its `$name` parameters; the fields of its rows are named as its columns. Sums beyond 2^53 are rounded to a
   * double here, after DuckDB added them up exactly. A statement with parameters is prepared once and cached by its text: never put
   * data in it. One without is not: DuckDB 1.5 plans it only once, with the smallest and largest values that its table has then, and
   * garbles the values that are added later (`compressed_materialization` of an ORDER BY).
   */
  async query<T>(sql: string, values: Record<string, Value> = {}): Promise<T[]> {
    const isCached = Object.keys(values).length > 0
    const statement = this.#statements.get(sql) ?? (await this.#connection.prepare(sql))
    if (isCached) this.#statements.set(sql, statement)
    try {
      return await this.#run<T>(statement, values)
    } finally {
      if (!isCached) statement.destroySync()
    }
  }

  async #run<T>(statement: DuckDb.DuckDBPreparedStatement, values: Record<string, Value>): Promise<T[]> {
    const bound = Object.entries(values).map(([name, value]) => [name, this.#bound(value)] as const)
    statement.bind(
      Object.fromEntries(bound.map(([name, [value]]) => [name, value])),
      Object.fromEntries(bound.map(([name, [, type]]) => [name, type])),
    )
    const result = await statement.runAndReadAll()
    const names = result.columnNames()
    return result.getRows().map((row) => present(names, row) as T)
  }

  /** Adds rows to a table; fields without a column are left out. */
  async append(table: Table, rows: readonly object[]): Promise<void> {
    if (rows.length === 0) return
    const columns = Object.entries(TABLES[table]) as [string, ColumnType][]
    const types = columns.map(([, type]) => this.#api[type])
    const chunks: DuckDb.DuckDBDataChunk[] = []
    for (let first = 0; first < rows.length; first += CHUNK_ROWS) {
      const part = rows.slice(first, first + CHUNK_ROWS) as Record<string, unknown>[]
      const cells = columns.map(([name, type]) => part.map((row) => cell(row[name], name, type)))
      const chunk = this.#api.DuckDBDataChunk.create(types, part.length)
      chunk.setColumns(cells)
      chunks.push(chunk)
    }
    const appender = await this.#connection.createAppender(table)
    try {
      for (const chunk of chunks) appender.appendDataChunk(chunk)
      appender.flushSync()
    } finally {
      appender.closeSync()
    }
  }

  /** Runs `work` between BEGIN and COMMIT; rolls back where it fails. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.query('BEGIN')
    try {
      const result = await work()
      await this.query('COMMIT')
      return result
    } catch (error) {
      // after a fatal error the transaction has ended already
      await this.query('ROLLBACK').catch(() => {})
      throw error
    }
  }

  interrupt(): void {
    this.#connection.interrupt()
  }

  /** Destroys the statements too: they would hold the file open. */
  close(): void {
    for (const statement of this.#statements.values()) statement.destroySync()
    this.#statements.clear()
    this.#connection.closeSync()
  }

  /** Typed, because DuckDB reads a bigint as HUGEINT and would cast the whole column that it is compared with. */
  #bound(value: Value): [DuckDb.DuckDBValue, DuckDb.DuckDBType] {
    const { BIGINT, VARCHAR, LIST, listValue } = this.#api
    if (typeof value === 'string') return [value, VARCHAR]
    if (typeof value === 'number') return [BigInt(value), BIGINT]
    return typeof value[0] === 'string'
      ? [listValue(value as readonly string[]), LIST(VARCHAR)]
      : [listValue((value as readonly number[]).map(BigInt)), LIST(BIGINT)]
  }
}

function present(names: readonly string[], row: readonly DuckDb.DuckDBValue[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  row.forEach((value, i) => {
    if (value !== null) fields[names[i] as string] = typeof value === 'bigint' ? Number(value) : value
  })
  return fields
}

function cell(value: unknown, name: string, type: ColumnType): DuckDb.DuckDBValue {
  if (value === undefined || value === null) return null
  return type === 'BIGINT' ? BigInt(whole('duckdb', name, value)) : (value as string | number | boolean)
}
