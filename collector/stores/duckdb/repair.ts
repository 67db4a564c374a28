import { open } from 'node:fs/promises'
import type { StoreRepair } from '../../plugin/store-repair.ts'
import type { Connection } from './connection.ts'
import { explain } from './errors.ts'
import { LOG_HEAD, type LogState, readLog } from './log-file.ts'
import { copyLog, copyOf, foreignLog, logOf, refuseLogAlone, sizeOf } from './log-guard.ts'
import { finishChange } from './put-in-place.ts'
import { planSalvage, type RepairOptions } from './salvage.ts'
import { openReading, openSession, releaseSession, type Session } from './session.ts'

/**
 * Looks at the write-ahead log beside a DuckDB file and plans to mend its head, and to cut its torn end. Changes nothing, but finishes a repair that was cut short: the log is read
 * before the database is opened, and that only for reading. Where the log is whole the file is read, and what can be of a damaged one is saved.
 * @returns undefined where the database opens with all that its log has
 * @throws PerwattError `store-unreadable` where no cut of the log would help; `store-locked` where a collector has it open
 */
export async function planRepair(options: RepairOptions): Promise<StoreRepair | undefined> {
  const { path } = options
  const log = logOf(path)
  // an earlier repair was cut short when all was written
  await finishChange(path)
  if ((await sizeOf(log)) === 0) return planSalvage(options)
  await refuseLogAlone(path)
  const state = await readLog(log)
  // a log that a collector writes now may look torn: it refuses this
  const opened = await opens(options)
  if (!state) return putAside(options, log)
  const isWhole = state.tornAt === undefined && !state.badHead
  if (isWhole && opened) return planSalvage(options)
  if (isWhole) throw foreignLog(path)
  const copy = copyOf(log, options.nowMs())
  return {
    plan: planOf(log, copy, state),
    async run() {
      await copyLog(log, copy)
      await mend(log, state)
      return countRows(options)
    },
  }
}

/** The plan for a log of which nothing can be read. */
function putAside(options: RepairOptions, log: string): StoreRepair {
  const copy = copyOf(log, options.nowMs())
  return {
    plan: [
      `${log} is no log of a DuckDB that is known here: nothing of it can be read`,
      'where there is a backup of the database with its log, say no here, and restore both together',
      `else the whole log is copied to ${copy}, and the database is opened without it, as its file is`,
      'agents send again what they still hold, and the rest is counted as lost',
    ],
    async run() {
      await copyLog(log, copy)
      await mend(log, { wholeBytes: 0 })
      return countRows(options)
    },
  }
}

function planOf(log: string, copy: string, { tornAt, badHead, ...state }: LogState): string[] {
  const { transactions, bytes, wholeBytes, behind } = state
  return [
    ...(badHead ? [`${log} has no head of a log: DuckDB would take it for an empty one`] : []),
    tornAt === undefined
      ? `the ${transactions} transactions behind its head are whole`
      : `${log} is torn at byte ${tornAt}: ${transactions} transactions before it are whole, what follows can't be read`,
    `the whole log is copied to ${copy}`,
    ...(badHead ? ['then its head is written again'] : []),
    ...(bytes > wholeBytes
      ? [
          `then it is cut from ${bytes} to ${wholeBytes} bytes: ${bytes - wholeBytes} bytes go, and no whole transaction before the tear`,
        ]
      : []),
    ...(behind > 0
      ? [
          `${behind} transactions behind the tear can't be kept: agents send again what they still hold, and the rest is counted as lost`,
        ]
      : []),
    'then the database is opened, and its rows are counted',
  ]
}

async function mend(
  log: string,
  { badHead, wholeBytes }: Pick<LogState, 'badHead' | 'wholeBytes'>,
): Promise<void> {
  const file = await open(log, 'r+')
  try {
    if (badHead) await file.write(LOG_HEAD, 0, LOG_HEAD.length, 0)
    await file.truncate(wholeBytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

const COUNTED = ['interval', 'ledger', 'settlement', 'quote', 'issue'] as const

/** @returns whether the database opens with its log, for reading alone. Rejects with any other reason than a torn log */
async function opens({ path, memoryLimitMb }: RepairOptions): Promise<boolean> {
  try {
    const reading = await openReading(path, memoryLimitMb)
    reading.close()
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
