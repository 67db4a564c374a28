import type { Log } from '../../protocol/kit/log.ts'
import { isStale, type Quote, type QuoteName, sourceName, withDetail } from '../../protocol/quote.ts'
import { type FilledTime, lastIndexAtOrBefore, type QuoteBook } from './quote-book.ts'
import { isNear } from './quote-leaps.ts'
import type { QuoteWriteQueue } from './quote-write-queue.ts'

export interface PastPricesOptions {
  book: QuoteBook
  writer: QuoteWriteQueue
  log: Log
  onFilled?: ((filled: FilledTime) => void) | undefined
}

/** Rows of the time before the first known price that are stored, the newest: months of quarters of an hour. */
const MOST_STORED = 5_000

/** Brings prices of past times into the book: minutes of them may be priced with them. */
export class PastPrices {
  readonly #o: PastPricesOptions

  constructor(options: PastPricesOptions) {
    this.#o = options
  }

  /** A person or a program pushes the price of a time at which none was known. */
  push(quote: Quote): void {
    const { book, writer, log, onFilled } = this.#o
    const { name, value, source, fromMs } = quote
    log.info('price of a past time pushed', {
      quote: name,
      value,
      source,
      from: new Date(fromMs).toISOString(),
    })
    const filled = book.fillBefore(name, [quote])
    writer.add([quote])
    if (filled) onFilled?.(filled)
    void writer.flush()
  }

  /**
   * Adds what a feed knows about a gap: a time in which the collector was down or the feed failed, so that its last quote simply
   * went on. Not called where another source counted meanwhile: that price stays.
   */
  fillGap(last: Quote, quotes: readonly Quote[], now: number): void {
    const { book, writer, onFilled } = this.#o
    const gap = quotes.filter((q) => q.fromMs > last.fromMs && q.fromMs < now)
    const added = gap.filter((quote) => book.add(quote))
    writer.add(added)
    const fromMs = added[0]?.fromMs
    if (fromMs !== undefined) onFilled?.({ name: last.name, fromMs, toMs: now, replacedFromMs: fromMs })
  }

  /**
   * Adds what a feed tells later of holes in its list: times in which its price before only went on, stale. Where another source counted meanwhile
   * that price stays.
   */
  fillHoles(name: QuoteName, quotes: readonly Quote[], now: number): void {
    const { book, writer, onFilled } = this.#o
    const known = book.between(name, 0, now)
    const rows = quotes
      .filter(({ fromMs }) => fromMs < now)
      .filter((quote) => fillsHole(quote, known[lastIndexAtOrBefore(known, quote.fromMs)]))
    const added = rows.filter((quote) => book.add(quote))
    const [first] = added
    const lastMs = added.at(-1)?.fromMs
    if (!first || lastMs === undefined) return
    writer.add(added)
    const toMs = known.find(({ fromMs }) => fromMs > lastMs)?.fromMs ?? now
    onFilled?.({ name, fromMs: first.fromMs, toMs, replacedFromMs: first.fromMs })
  }

  /**
   * Adds what a feed knows of the time before the first known price. It is stored: many lists hold a day, and no longer tell it after
   * a restart.
   */
  fillBefore(name: QuoteName, quotes: readonly Quote[], now: number): void {
    const { book, writer, onFilled } = this.#o
    const past = quotes.filter((q) => q.fromMs < now)
    const filled = book.fillBefore(name, past)
    if (!filled) return
    writer.add(past.filter((q) => q.fromMs < filled.toMs).slice(-MOST_STORED))
    onFilled?.(filled)
  }

  /**
   * Marks the rows of a value that was never confirmed, and was overturned: they are stale from their begin, and say so. Minutes that were settled
   * with them keep them until a person reprices that time.
   */
  markWrong(name: QuoteName, wrong: { value: number; fromMs: number }, now: number): void {
    const { book, writer } = this.#o
    // the row before its first reading may be the time that it was taken to have held before
    const rows = book
      .between(name, wrong.fromMs - 1, now)
      .filter((row) => isNear(name, row.value, wrong.value))
    for (const row of rows) {
      const source = withDetail(row.source, 'never confirmed')
      const marked = { ...row, source, staleAfterMs: row.fromMs - 1 }
      book.add(marked)
      writer.add([marked])
    }
  }
}

/** Whether a quote is of a hole in the list of its source. @param known what the book has at its begin */
function fillsHole(quote: Quote, known: Quote | undefined): boolean {
  if (!known || sourceName(known.source) !== sourceName(quote.source) || !isStale(known, quote.fromMs))
    return false
  // a row that was marked as wrong is stale from its begin, and stays
  return known.fromMs < quote.fromMs
}
