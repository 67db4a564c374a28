import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import { DAY_MS } from './revenue.ts'

/** Number of complete UTC days that are compared. */
const COMPARED_DAYS = 7
/** Payouts that a report keeps: about two weeks of a pool that pays at each block. */
const PAYOUTS_KEPT = 50

/** What a pool credited for a period, `fromMs` to `toMs` (Unix ms). */
export interface Credit {
  fromMs: number
  toMs: number
  /** difficulty-1 shares */
  workDiff1?: number | undefined
  /** source of workDiff1: the pool's count of shares, or its average hashrate over the period */
  workBasis?: 'shares' | 'hashrate' | undefined
  revenueBtc?: number | undefined
  /** true: paid by the blocks found (PPLNS, TIDES, solo), so a day's revenue does not show whether work was lost */
  byLuck?: boolean | undefined
}

/** A pool's figures for a period, as it reports them. */
export interface PoolFigures {
  workDiff1?: number | undefined
  hashrateHs?: number | undefined
  revenueBtc?: number | undefined
  byLuck?: boolean | undefined
}

/** Prefers counted shares to an average hashrate. */
function creditOf(fromMs: number, toMs: number, figures: PoolFigures): Credit {
  const { workDiff1, hashrateHs, revenueBtc, byLuck } = figures
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

/** The credit for the last 24 h. */
export const lastDay = (nowMs: number, figures: PoolFigures): Credit =>
  creditOf(nowMs - DAY_MS, nowMs, figures)

/** Start of the UTC day that contains a time, Unix ms. */
export const utcDay = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS
/** The UTC date, such as `2026-01-31`. */
export const isoDate = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Start of the first day that is compared, Unix ms. */
export const firstDay = (nowMs: number): number => utcDay(nowMs) - COMPARED_DAYS * DAY_MS

/**
 * The credits for the last complete UTC days, newest first. Days without work and revenue are left out.
 * @param figures the pool's figures for the day that starts at a time (Unix ms)
 */
export function completeDays(nowMs: number, figures: (dayMs: number) => PoolFigures): Credit[] {
  const today = utcDay(nowMs)
  return Array.from({ length: COMPARED_DAYS }, (_, i) => today - (i + 1) * DAY_MS)
    .map((day) => creditOf(day, day + DAY_MS, figures(day)))
    .filter((credit) => credit.workDiff1 !== undefined || credit.revenueBtc !== undefined)
}

/** The newest payouts, newest first, PAYOUTS_KEPT at most. */
export const newestPayouts = <P extends { atMs: number }>(payouts: readonly P[]): P[] =>
  [...payouts].sort((a, b) => b.atMs - a.atMs).slice(0, PAYOUTS_KEPT)

/** Sums a quantity by UTC day. The keys are the starts of days, Unix ms. */
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
