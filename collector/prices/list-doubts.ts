import type { QuoteName } from '../../protocol/quote.ts'
import type { FeedQuote } from '../plugin/feed.ts'
import { isNear, type Leap, leapBefore, leapOf, type Reading, SURE_FACTOR } from './quote-leaps.ts'
import { quoteFault } from './quote-limits.ts'
import { type Beside, type Doubt, doubtOf, isOutnumbered } from './source-watch.ts'

/** Rows of a list whose median its first row is held against. */
const FIRST_ROWS = 5

/**
 * Judges the rows of a list, each against the good one before it; the row after one that leapt is its second reading.
 * @param last what the list's source had said before its first row
 * @returns the doubts by index of their rows
 */
export function listDoubts(
  name: QuoteName,
  rows: readonly FeedQuote[],
  { before, others, isSteady = false }: Beside,
): Map<number, Doubt> {
  const doubts = new Map<number, Doubt>()
  const order = rows
    .map(({ value, fromMs = 0 }, i) => ({ value, atMs: fromMs, i }))
    .filter(({ value, i }) => {
      const reason = quoteFault(name, value)
      if (reason !== undefined) doubts.set(i, { reason })
      return reason === undefined
    })
    .sort((a, b) => a.atMs - b.atMs)
  let last = before ?? medianOf(order.slice(0, FIRST_ROWS))
  for (const [n, { i, ...reading }] of order.entries()) {
    const leap = leapOf(name, reading.value, last, reading.atMs, { isSteady })
    const next = order[n + 1]
    const isConfirmed =
      (leap !== undefined &&
        leap.factor < SURE_FACTOR &&
        next !== undefined &&
        isNear(name, reading.value, next.value)) ||
      others.some((other) => isNear(name, reading.value, other))
    if (leap && !isConfirmed) doubts.set(i, doubtOf(leap))
    else last = reading
  }
  return doubts
}

/** The middle one of some readings, at the time of the first; undefined of fewer than three. */
function medianOf(readings: readonly Reading[]): Reading | undefined {
  const [first] = readings
  const values = readings.map(({ value }) => value).sort((a, b) => a - b)
  const value = values[Math.floor(values.length / 2)]
  return first && value !== undefined && readings.length > 2 ? { value, atMs: first.atMs } : undefined
}

/**
 * The rows that count: those without a doubt. The price before a doubtful row goes on, and is stale from there until the list goes on.
 */
export function countingRows(rows: readonly FeedQuote[], doubts: ReadonlyMap<number, unknown>): FeedQuote[] {
  const order = rows.map((row, i) => ({ row, i })).sort((a, b) => (a.row.fromMs ?? 0) - (b.row.fromMs ?? 0))
  const counting: FeedQuote[] = []
  for (const { row, i } of order) {
    const before = counting.at(-1)
    if (!doubts.has(i)) counting.push(row)
    else if (before && row.fromMs !== undefined)
      counting[counting.length - 1] = {
        ...before,
        staleAfterMs: Math.min(before.staleAfterMs ?? Number.POSITIVE_INFINITY, row.fromMs - 1),
      }
  }
  return counting
}

/** How far a list of a source that is new is from the price in force, where that is too far for its own rows to confirm it. */
export function listLeap(
  name: QuoteName,
  rows: readonly FeedQuote[],
  { before, others, isSteady = false }: Beside,
  now: number,
): Leap | undefined {
  if (!before || isOutnumbered(before, rows.length)) return undefined
  const begun = rows.filter(({ fromMs = now }) => fromMs <= now)
  const usual = usualOf(name, begun.length > 0 ? begun : rows)
  if (!usual || others.some((other) => isNear(name, usual.value, other))) return undefined
  const leap = leapOf(name, usual.value, before, now, { isSteady })
  return leap && leap.factor >= SURE_FACTOR ? leap : undefined
}

/** The middle one of the newest rows in their range, so that one wrong row does not stand for its list; the newest of fewer than three. */
function usualOf(name: QuoteName, rows: readonly FeedQuote[]): Reading | undefined {
  const newest = rows
    .filter(({ value }) => quoteFault(name, value) === undefined)
    .map(({ value, fromMs = 0 }) => ({ value, atMs: fromMs }))
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, FIRST_ROWS)
  return medianOf(newest) ?? newest[0]
}

export function outOfRange(name: QuoteName, statements: readonly FeedQuote[]): Map<number, Doubt> {
  const doubts = new Map<number, Doubt>()
  for (const [i, { value }] of statements.entries()) {
    const reason = quoteFault(name, value)
    if (reason !== undefined) doubts.set(i, { reason })
  }
  return doubts
}

/** How far the newest of earlier prices is from the first that is known after them, where that is too far for their own rows to confirm it. */
export function leapOfEarlier(
  name: QuoteName,
  rows: readonly FeedQuote[],
  next: Reading | undefined,
  isSteady: boolean,
): Leap | undefined {
  const usual = usualOf(name, rows)
  const leap = next && usual && leapBefore(name, usual.value, next, usual.atMs, { isSteady })
  return leap && leap.factor >= SURE_FACTOR ? leap : undefined
}
