import { constants } from 'node:fs'
import { copyFile, open, rm, stat } from 'node:fs/promises'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import { explain } from './errors.ts'
import { lookAtLog, readLog } from './log-file.ts'

/** What DuckDB does not say, or do: it takes a log that it doesn't know for an empty one, and writes over it. */

/**
 * Refuses a database beside a log that DuckDB would not replay to its end: opened, the log would be lost with the first write.
 * @throws PerwattError `store-torn`, or `store-unreadable` where the log's database is missing
 */
export async function refuseDamagedLog(path: string): Promise<void> {
  const log = logOf(path)
  await refuseLogAlone(path)
  if ((await lookAtLog(log)) === 'damaged')
    throw new PerwattError(
      'store-torn',
      `duckdb ${path}: its log ${log} is damaged, and DuckDB would not read all of it. Nothing was opened or changed; run perwatt-collector repair, which says what can be kept, and keeps a copy`,
    )
}

/** Refuses to create a database beside the log of one. @throws PerwattError `store-unreadable` */
export async function refuseLogAlone(path: string): Promise<void> {
  const log = logOf(path)
  if ((await sizeOf(log)) > 0 && (await sizeOf(path)) === 0)
    throw new PerwattError(
      'store-unreadable',
      `duckdb ${path}: is missing or empty, but its log ${log} is there; a new database would write over it, so nothing was opened or changed. Put the database back beside its log, or restore both from a backup`,
    )
}

/** 0 where there is no such file. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}

/** Keeps a copy of a log that ends within an entry, before DuckDB drops that one. Rejects where it can't be kept. */
export async function keepHalfWritten(path: string, nowMs: number, log: Log): Promise<void> {
  const file = logOf(path)
  const copy = copyOf(file, nowMs)
  try {
    if ((await lookAtLog(file)) !== 'half-written') return
    await copyLog(file, copy)
  } catch (error) {
    throw explain(error, path)
  }
  log.warn('the log of the database ends within a write; a copy is kept, and the database drops that write', {
    copy,
  })
}

/** @returns the error itself, or what it means where the log is whole and belongs to another database */
export async function explainLog(error: PerwattError, path: string): Promise<PerwattError> {
  if (error.code !== 'store-torn') return error
  const state = await readLog(logOf(path)).catch(() => undefined)
  return state && state.tornAt === undefined && !state.badHead ? foreignLog(path) : error
}

export const foreignLog = (path: string): PerwattError =>
  new PerwattError(
    'store-unreadable',
    `duckdb ${logOf(path)}: is whole, but ${path} can't replay it; nothing was changed. Put the file beside it that it was written for, or restore both from a backup`,
  )

export const logOf = (path: string): string => `${path}.wal`

export const copyOf = (log: string, nowMs: number): string =>
  `${log}.torn-${new Date(nowMs).toISOString().replace(/[:.]/g, '-')}`

/** The copy is on the disk when it resolves; where it rejects there is none. */
export async function copyLog(log: string, copy: string): Promise<void> {
  await copyFile(log, copy, constants.COPYFILE_EXCL)
  try {
    const file = await open(copy, 'r+')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await rm(copy, { force: true })
    throw error
  }
}
