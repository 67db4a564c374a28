import { constants } from 'node:fs'
import { copyFile, open, stat } from 'node:fs/promises'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { StoreRepair } from '../../plugin/store-repair.ts'
import type { Connection } from './connection.ts'
import { explain } from './errors.ts'
import { type LogState, readLog } from './log-file.ts'
import { openSession, releaseSession, type Session } from './session.ts'

export interface RepairOptions {
  path: string
  memoryLimitMb: number
  nowMs: () => number
}

/**
 * Looks at the write-ahead log beside a DuckDB file and plans the cut of its torn end. Changes nothing.
 * @returns undefined where the database opens
 * @throws PerwattError `store-unreadable` where no cut of the log would help
 */
export async function planRepair(options: RepairOptions): Promise<StoreRepair | undefined> {
  const log = `${options.path}.wal`
  // a log that a collector writes now may look torn: first see whether the database opens
  if ((await sizeOf(log)) === 0 || (await opens(options))) return undefined
  const state = await readLog(log)
  if (!state)
    throw new PerwattError(
      'store-unreadable',
      `duckdb ${log}: is no log of a DuckDB that is known here, and was not changed; restore file and log together from a backup, and keep both as they are until then`,
    )
  if (state.tornAt === undefined)
    throw new PerwattError(
      'store-unreadable',
      `duckdb ${log}: is whole, but ${options.path} can't replay it; nothing was changed. Put the file beside it that it was written for, or restore both from a backup`,
    )
  const copy = `${log}.torn-${new Date(options.nowMs()).toISOString().replace(/[:.]/g, '-')}`
  return {
    plan: planOf(log, copy, state),
    async run() {
      await copyWhole(log, copy)
      await cut(log, state.wholeBytes)
      return countRows(options)
    },
  }
}

const planOf = (log: string, copy: string, state: LogState): string[] => [
  `${log} is torn at byte ${state.tornAt}: ${state.transactions} transactions before it are whole, what follows can't be read`,
  `the whole log is copied to ${copy}`,
  `then it is cut from ${state.bytes} to ${state.wholeBytes} bytes: ${state.bytes - state.wholeBytes} bytes go, and no whole transaction before the tear`,
  ...(state.behind > 0
    ? [
        `${state.behind} transactions behind the tear can't be kept: agents send again what they still hold, and the rest is counted as lost`,
      ]
    : []),
  'then the database is opened, and its rows are counted',
]

/** The copy is on the disk before anything is cut. */
async function copyWhole(log: string, copy: string): Promise<void> {
  await copyFile(log, copy, constants.COPYFILE_EXCL)
  const file = await open(copy, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

async function cut(log: string, bytes: number): Promise<void> {
  const file = await open(log, 'r+')
  try {
    await file.truncate(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

const COUNTED = ['interval', 'ledger', 'settlement', 'quote', 'issue'] as const

/** @returns whether the database opens. Rejects with any other reason than a torn log */
async function opens({ path, memoryLimitMb }: RepairOptions): Promise<boolean> {
  try {
    releaseSession(await openSession(path, memoryLimitMb))
    return true
  } catch (error) {
    const explained = explain(error, path)
    if (explained.code === 'store-torn') return false
    throw explained
  }
}

/** Opens the database and says what it holds. */
async function countRows({ path, memoryLimitMb }: RepairOptions): Promise<string[]> {
  let session: Session
  try {
    session = await openSession(path, memoryLimitMb)
  } catch (error) {
    const explained = explain(error, path)
    // a collector that waited for its store was faster
    if (explained.code === 'store-locked') return [`${path} is cut, and a running collector has opened it`]
    throw explained
  }
  try {
    const counts: string[] = []
    for (const table of COUNTED) counts.push(`${await countOf(session.reader, table)} ${table} rows`)
    return [`${path} opens again, with ${counts.join(', ')}`]
  } finally {
    releaseSession(session)
  }
}

async function countOf(connection: Connection, table: (typeof COUNTED)[number]): Promise<number> {
  const [row] = await connection.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)
  return row?.n ?? 0
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}
