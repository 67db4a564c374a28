import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import { DAY_MS } from './revenue.ts'

/** How many complete UTC days are compared. */
const COMPARED_DAYS = 7
/** Payouts that a report keeps: of a pool that pays at each block, about a fortnight. */
const PAYOUTS_KEPT = 50

/** What a pool credited over a time. */
export interface Credit {
  fromMs: number
  toMs: number
  /** difficulty-1 shares */
  workDiff1?: number | undefined
  /** `shares`: the pool counted them; `hashrate`: its average hashrate over the time */
  workBasis?: 'shares' | 'hashrate' | undefined
  revenueBtc?: number | undefined
  /** true: paid by the blocks that were found (PPLNS, TIDES, solo), so that a day's revenue says nothing of lost work */
  byLuck?: boolean | undefined
}

/** What a pool says of a time, as it says it. */
export interface Said {
  workDiff1?: number | undefined
  hashrateHs?: number | undefined
  revenueBtc?: number | undefined
  byLuck?: boolean | undefined
}

/** Counted shares are preferred to an average hashrate. */
function creditOf(fromMs: number, toMs: number, said: Said): Credit {
  const { workDiff1, hashrateHs, revenueBtc, byLuck } = said
  const work =
    workDiff1 !== undefined
      ? { workDiff1, workBasis: 'shares' as const }
      : hashrateHs !== undefined
        ? {
            workDiff1: workDiff1OfHashrate(hashrateHs, (toMs - fromMs) / 1000),
            workBasis: 'hashrate' as const,
          }
        : {}
  return {
    fromMs,
    toMs,
    ...work,
    ...(revenueBtc !== undefined && { revenueBtc }),
    ...(byLuck && { byLuck }),
  }
}

/** The credit of the last 24 h. */
export const lastDay = (nowMs: number, said: Said): Credit => creditOf(nowMs - DAY_MS, nowMs, said)

/** The UTC day that holds a time, by its begin (Unix ms). */
export const utcDay = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS
/** The UTC day as `2026-01-31`. */
export const isoDate = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** The first day that is compared. */
export const firstDay = (nowMs: number): number => utcDay(nowMs) - COMPARED_DAYS * DAY_MS

/** The credits of the complete days of which something is said, newest first. */
export function completeDays(nowMs: number, said: (dayMs: number) => Said): Credit[] {
  const today = utcDay(nowMs)
  return Array.from({ length: COMPARED_DAYS }, (_, i) => today - (i + 1) * DAY_MS)
    .map((day) => creditOf(day, day + DAY_MS, said(day)))
    .filter((credit) => credit.workDiff1 !== undefined || credit.revenueBtc !== undefined)
}

/** Newest first, and not more than anybody reads. */
export const newestPayouts = <P extends { atMs: number }>(payouts: readonly P[]): P[] =>
  [...payouts].sort((a, b) => b.atMs - a.atMs).slice(0, PAYOUTS_KEPT)

/** Adds up a quantity by UTC day. */
export function byDay<T>(
  rows: readonly T[],
  atMs: (row: T) => number,
  amount: (row: T) => number,
): Map<number, number> {
  const days = new Map<number, number>()
  for (const row of rows) {
    const day = utcDay(atMs(row))
    days.set(day, (days.get(day) ?? 0) + amount(row))
  }
  return days
}
