import type { Connection } from './connection.ts'
import type { Table } from './tables.ts'

/** Rows of one of DuckDB's row groups. */
const GROUP_ROWS = 122_880
/** Rows of one vector: fewer are never read alone. */
const VECTOR_ROWS = 2_048

/** Rows of a table by their number in it: from, inclusive, to, exclusive. */
export type RowRange = readonly [from: number, to: number]

/** What of a table can be read. */
export interface TableState {
  table: Table
  /** rows, as far as the file tells */
  rows: number
  readable: RowRange[]
  unreadable: RowRange[]
}

/** DuckDB's text of a row's number within a range. */
export const within = ([from, to]: RowRange): string => `rowid >= ${from} AND rowid < ${to}`

/**
 * Reads a table whole, and says which of its rows can't be: DuckDB checks each block that it reads by a checksum, so that a damaged
 * one costs the rows of that block alone.
 * @param name as SQL names it
 */
export async function readTable(connection: Connection, table: Table, name: string): Promise<TableState> {
  const state: TableState = { table, rows: 0, readable: [], unreadable: [] }
  const [last] = await connection.query<{ n?: number }>(`SELECT max(rowid) AS n FROM ${name}`)
  state.rows = last?.n === undefined ? 0 : last.n + 1
  for (let from = 0; from < state.rows; from += GROUP_ROWS)
    await readRange(connection, name, [from, Math.min(from + GROUP_ROWS, state.rows)], state)
  return state
}

async function readRange(
  connection: Connection,
  name: string,
  range: RowRange,
  state: TableState,
): Promise<void> {
  const [from, to] = range
  if (await canRead(connection, `SELECT max(hash(t)) AS n FROM ${name} t WHERE ${within(range)}`))
    return join(state.readable, range)
  const vectors = Math.ceil((to - from) / VECTOR_ROWS)
  if (vectors <= 1) return join(state.unreadable, range)
  const middle = from + Math.ceil(vectors / 2) * VECTOR_ROWS
  await readRange(connection, name, [from, middle], state)
  await readRange(connection, name, [middle, to], state)
}

async function canRead(connection: Connection, sql: string): Promise<boolean> {
  try {
    await connection.query(sql)
    return true
  } catch {
    return false
  }
}

/** Ranges that follow each other are one. */
function join(ranges: RowRange[], [from, to]: RowRange): void {
  const last = ranges.at(-1)
  if (last?.[1] === from) ranges[ranges.length - 1] = [last[0], to]
  else ranges.push([from, to])
}

export const rowsIn = (ranges: readonly RowRange[]): number =>
  ranges.reduce((sum, [from, to]) => sum + to - from, 0)
