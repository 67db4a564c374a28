import { PerwattError, reasonOf } from '../../../protocol/kit/errors.ts'

/** Whether DuckDB refuses all further work until the file is opened again. */
export const isFatal = (error: unknown): boolean =>
  /^(FATAL|INTERNAL)|database has been invalidated/i.test(reasonOf(error))

/** DuckDB's error as a PerwattError that names the file and what to do next. */
export function explain(error: unknown, path: string): PerwattError {
  if (error instanceof PerwattError) return error
  const reason = reasonOf(error)
  const say = (code: string, text: string) =>
    new PerwattError(code, `duckdb ${path}: ${text}`, { cause: error })
  const holder = /Conflicting lock is held in (.+?)(?:\. See|$)/.exec(reason)?.[1]
  if (holder)
    return say(
      'store-locked',
      `is in use by ${holder}; stop that process, or set store.duckdb.path to another file`,
    )
  if (/replaying WAL|Corrupt WAL/i.test(reason))
    return say(
      'store-torn',
      `${reason}; its log has a torn end: run perwatt-collector repair, which keeps a copy and opens all rows before the tear`,
    )
  if (/not a valid DuckDB database file|Serialization Error|Corrupt/i.test(reason))
    return say(
      'store-unreadable',
      `${reason}; stop the collector and run perwatt-collector repair, which keeps this file, writes what can be read into a fresh one and counts the rest, or restore it with its .wal from a backup, or let store.duckdb.path name the ledger's own file`,
    )
  if (/Interrupted/.test(reason))
    return say(
      'store-unavailable',
      'took too long and was interrupted; ask for a shorter range, or try again',
    )
  if (/Out of Memory/i.test(reason))
    return say('store-unavailable', `${reason}; raise store.duckdb.memoryLimitMb, or ask for a shorter range`)
  if (/^IO Error|Could not write|No space|Permission|^E[A-Z]+:/i.test(reason))
    return say('store-unavailable', `${reason}; check free space and permissions of its folder`)
  return say('store-unavailable', `${reason}; restart the collector, and report this if it happens again`)
}
