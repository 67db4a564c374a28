import type { QuoteName } from '../../protocol/quote.ts'
import type { FeedQuote } from '../plugin/feed.ts'
import { isNear, type Leap, leapOf, type Reading, SURE_FACTOR } from './quote-leaps.ts'
import { quoteFault } from './quote-limits.ts'

/** A second reading comes at least this long after the first: the same answer twice in a row is one. */
const SECOND_AFTER_MS = 15_000
/** Rows of a list whose median its first row is held against. */
const FIRST_ROWS = 5

/** Why a value is not used yet, and what would make it so. */
export interface Doubt {
  reason: string
  /** who may confirm it; absent: it can't be */
  waitsFor?: string
}

/** What a value is compared with. */
export interface Beside {
  /** the price in force, where its source has told none yet */
  before: Reading | undefined
  /** what other sources say now, in use or held back */
  others: readonly number[]
  /** how often its source is asked, ms */
  intervalMs?: number | undefined
}

/** The values of one name by one source: one that leaps waits until its next reading, another source or a person confirms it. */
export class SourceWatch {
  readonly #name: QuoteName
  #last: Reading | undefined
  #doubted: Reading | undefined

  constructor(name: QuoteName, last?: Reading) {
    this.#name = name
    this.#last = last
  }

  /** The value that waits. */
  get doubted(): number | undefined {
    return this.#doubted?.value
  }

  /** The value that holds. */
  get believed(): number | undefined {
    return this.#last?.value
  }

  /** Takes the next value that lies in its range. @returns why it waits; undefined where it is taken */
  judge(value: number, atMs: number, { before, others, intervalMs }: Beside): Doubt | undefined {
    const name = this.#name
    const last = this.#last ?? before
    const leap = last && leapOf(name, value, last, atMs)
    if (
      !leap ||
      others.some((other) => isNear(name, value, other)) ||
      this.#isSecond(value, atMs, leap, intervalMs)
    ) {
      this.believe({ value, atMs })
      return undefined
    }
    if (!this.#doubted || !isNear(name, value, this.#doubted.value)) this.#doubted = { value, atMs }
    return doubtOf(leap)
  }

  /** This value holds: it was confirmed, or did not leap. */
  believe(reading: Reading): void {
    this.#last = reading
    this.#doubted = undefined
  }

  #isSecond(value: number, atMs: number, { factor }: Leap, intervalMs: number | undefined): boolean {
    const first = this.#doubted
    const afterMs = Math.max(SECOND_AFTER_MS, (intervalMs ?? 0) / 2)
    return (
      factor < SURE_FACTOR &&
      first !== undefined &&
      atMs - first.atMs >= afterMs &&
      isNear(this.#name, value, first.value)
    )
  }
}

const doubtOf = ({ factor, text }: Leap): Doubt => ({
  reason: text,
  waitsFor: `${factor < SURE_FACTOR ? 'its next reading, ' : ''}another source or a person`,
})

/**
 * Judges the rows of a list, each against the good one before it; the row after one that leapt is its second reading.
 * @param last what the list's source had said before its first row
 * @returns the doubts by index of their rows
 */
export function listDoubts(
  name: QuoteName,
  rows: readonly FeedQuote[],
  { before, others }: Beside,
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
    const leap = last && leapOf(name, reading.value, last, reading.atMs)
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
