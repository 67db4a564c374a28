import { rm } from 'node:fs/promises'
import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'
import type { StoreRepair } from '../../plugin/store-repair.ts'
import type { Connection } from './connection.ts'
import { explain } from './errors.ts'
import { logOf, sizeOf } from './log-guard.ts'
import { freshOf, putInPlace } from './put-in-place.ts'
import { countWhatIsLost } from './salvage-losses.ts'
import { openReading, openSession, releaseSession } from './session.ts'
import { TABLES, type Table } from './tables.ts'
import { readTable, rowsIn, type TableState, within } from './unreadable-rows.ts'

const OLD = 'damaged'

export interface RepairOptions {
  path: string
  memoryLimitMb: number
  nowMs: () => number
}

/**
 * Reads a whole database file, and plans to write what can be read of a damaged one into a fresh file. Changes nothing.
 * @returns undefined where every row can be read
 * @throws PerwattError `store-unreadable` where the file can't be opened; `store-locked` where a collector has it
 */
export async function planSalvage(options: RepairOptions): Promise<StoreRepair | undefined> {
  const { path, memoryLimitMb, nowMs } = options
  if ((await sizeOf(path)) === 0) return undefined
  const states = await statesOf(path, memoryLimitMb)
  const damaged = states.filter(({ unreadable }) => unreadable.length > 0)
  if (damaged.length === 0) return undefined
  const stamp = new Date(nowMs()).toISOString().replace(/[:.]/g, '-')
  const aside = `${path}.damaged-${stamp}`
  return {
    plan: [
      `${path} is damaged; look at its disk (dmesg, smartctl). Of ${damaged.map(stateText).join(', ')}`,
      `what can be read is written into a fresh file, which needs as much free disk as the old one; the damaged file is kept as ${aside}`,
      'records that can’t be read are counted as lost; minutes that were settled from them stay as they were, and can’t be priced again',
      'minutes whose ledger can’t be read are settled again from their records',
      'where there is a whole backup that is as new, say no here, and put it in place of the file instead',
    ],
    run: () => salvage(options, states, aside),
  }
}

const stateText = ({ table, rows, unreadable }: TableState): string =>
  `${rows} rows of ${table} ${rowsIn(unreadable)} can’t be read`

async function statesOf(path: string, memoryLimitMb: number): Promise<TableState[]> {
  const reading = await openReading(path, memoryLimitMb).catch((error: unknown) => {
    throw unopened(error, path)
  })
  try {
    const found = await reading.connection.query<{ name: string }>(
      'SELECT table_name AS name FROM information_schema.tables',
    )
    const names = new Set(found.map(({ name }) => name))
    const states: TableState[] = []
    for (const table of Object.keys(TABLES) as Table[])
      if (names.has(table)) states.push(await readTable(reading.connection, table, `"${table}"`))
    return states
  } finally {
    reading.close()
  }
}

/** Nothing can be read of a file whose head, or list of tables, is damaged. */
function unopened(error: unknown, path: string): PerwattError {
  const explained = explain(error, path)
  if (explained.code !== 'store-unreadable') return explained
  return new PerwattError(
    'store-unreadable',
    `duckdb ${path}: its head is damaged (${reasonOf(error)}), so that nothing of it can be read, and nothing was changed. Stop the collector; mv ${path} ${path}.damaged; cp the newest backup to ${path}, without a .wal beside it that is not of that backup; leave ${path}.mark.json where it is; start the collector: agents send again what they still hold, and what the backup lacks beyond that is counted as lost`,
    { cause: error },
  )
}

/** Writes what can be read into a fresh file, and puts that in place of the damaged one. */
async function salvage(
  { path, memoryLimitMb, nowMs }: RepairOptions,
  states: readonly TableState[],
  aside: string,
): Promise<string[]> {
  const fresh = freshOf(path)
  await removeAll(fresh)
  const session = await openSession(fresh, memoryLimitMb)
  const told: string[] = []
  try {
    const { writer } = session
    await writer.query(`ATTACH '${path.replaceAll("'", "''")}' AS ${OLD} (READ_ONLY)`)
    for (const state of states) {
      await writer.transaction(() => copyTable(writer, state))
      if (state.unreadable.length > 0) told.push(`of ${stateText(state)}`)
    }
    told.push(...(await countWhatIsLost(writer, states, { path, old: OLD, nowMs: nowMs() })))
    await writer.query(`DETACH ${OLD}`)
    await writer.query('CHECKPOINT')
  } catch (error) {
    throw explain(error, path)
  } finally {
    releaseSession(session)
  }
  await putInPlace(path, aside)
  return [...told, `${path} is a fresh file with all the rest; the damaged one is kept as ${aside}`]
}

async function copyTable(writer: Connection, { table, readable }: TableState): Promise<void> {
  const found = await writer.query<{ name: string }>(
    `SELECT column_name AS name FROM duckdb_columns() WHERE database_name = '${OLD}' AND table_name = '${table}'`,
  )
  const present = new Set(found.map(({ name }) => name))
  const columns = Object.keys(TABLES[table]).filter((name) => present.has(name))
  const names = columns.map((name) => `"${name}"`).join(', ')
  // a fresh file has the version of its own tables
  const own = table === 'meta' ? `AND name <> 'schema'` : ''
  for (const range of readable)
    await writer.query(
      `INSERT INTO "${table}" (${names}) SELECT ${names} FROM ${OLD}."${table}" WHERE ${within(range)} ${own} ORDER BY rowid`,
    )
}

async function removeAll(path: string): Promise<void> {
  for (const file of [path, logOf(path)]) await rm(file, { force: true })
}
