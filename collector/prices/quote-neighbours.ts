import { type Quote, type QuoteName, sourceName } from '../../protocol/quote.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { isAssumed } from './assumed.ts'
import type { ConfirmedPrice, ConfirmedPrices } from './confirmed-prices.ts'
import { type FeedState, lastReading, TYPED } from './feed-state.ts'
import { type BesidePush, isConfirmed, isPushed, type PushedQuotes } from './pushed-quotes.ts'
import type { QuoteBook } from './quote-book.ts'
import { intervalOf, type KnownReading, LEAST_USD_PER_KWH, type Reading } from './quote-leaps.ts'
import type { Beside } from './source-watch.ts'

/** What the values of each source are held against: what others say, and what is known near their time. */
export class QuoteNeighbours {
  readonly #book: QuoteBook
  readonly #sources: readonly FeedState[]
  readonly #pushed: PushedQuotes
  readonly #confirmed: ConfirmedPrices

  constructor(
    book: QuoteBook,
    sources: readonly FeedState[],
    pushed: PushedQuotes,
    confirmed: ConfirmedPrices,
  ) {
    this.#book = book
    this.#sources = sources
    this.#pushed = pushed
    this.#confirmed = confirmed
  }

  presentOf(name: QuoteName, now: number): Quote | undefined {
    return this.#book.between(name, now, now + 1).find((quote) => quote.fromMs <= now)
  }

  /** What a value of a feed, or a typed one, is held against: the price in force, and the other sources. */
  ofSource(name: QuoteName, now: number, source: string): Beside {
    const present = this.presentOf(name, now)
    const others = this.#sources.filter(({ feed }) => feed.name !== source)
    return {
      before: present && this.#readingOf(present, now),
      others: [
        ...others.flatMap((other) => other.witnesses(name, now)),
        ...this.#pushed.witnesses(name, now),
      ],
    }
  }

  /**
   * What a pushed quote is held against. All who push are one source, the token's holder: no push confirms another. Many that each move a little
   * move a price no further than one may since the last confirmed value.
   * @param isDue its time was ahead when it was pushed, and comes now
   */
  ofPush(pushed: Quote, now: number, isDue = false): BesidePush {
    const { name, fromMs } = pushed
    const intervalMs = intervalOf(name)
    // one that comes due is in the book
    const rows = this.#book.between(name, 0, Number.MAX_SAFE_INTEGER).filter((row) => !isSame(row, pushed))
    if (fromMs < now - MINUTE_MS && !isDue) {
      const later = rows.filter((quote) => quote.fromMs > fromMs)
      const base = later.find(isConfirmed) ?? firstTold(later)
      const apart = later.find((quote) => isConfirmed(quote) || quote.fromMs >= fromMs + intervalMs)
      const next = [...new Set([base, apart])].flatMap((quote) => quote ?? [])
      const assumed = rows.findLast((quote) => quote.fromMs <= fromMs)
      return {
        known: assumed ? [this.#readingOf(assumed, fromMs)] : [],
        next: next.map((quote) => ({ value: quote.value, atMs: quote.fromMs })),
        agreeing: [],
        isOftenLow: isOftenLow(rows, fromMs),
      }
    }
    const before = rows.filter((quote) => quote.fromMs <= fromMs)
    const inForce = before.at(-1)
    const confirmed = before.findLast(isConfirmed)
    const apart = before.findLast((quote) => isConfirmed(quote) || quote.fromMs <= fromMs - intervalMs)
    const base = this.#baseOf(name, fromMs, confirmed) ?? this.#read(firstTold(before), fromMs)
    const fresh = this.#sources.flatMap((source) => source.fresh(name, now) ?? [])
    // what a person has confirmed counts though feeds say otherwise, while it holds and for an interval
    const isLate = confirmed && ((confirmed === inForce && !isDue) || confirmed.fromMs > fromMs - intervalMs)
    return {
      known: [
        ...[base, this.#read(apart, fromMs)].flatMap((reading) => reading ?? []),
        ...fresh.map((value) => ({ value, atMs: now })),
      ],
      inForce: this.#read(inForce === apart ? undefined : inForce, fromMs),
      next: [],
      agreeing: [
        ...this.#sources.flatMap((source) => source.witnesses(name, now)),
        ...(confirmed && isLate ? [confirmed.value] : []),
      ],
      isOftenLow: isOftenLow(rows, fromMs),
    }
  }

  /** Goes on from what the book has of sources that are no pushes. */
  recall(name: QuoteName, now: number): void {
    for (const quote of this.#book.between(name, 0, now + 1))
      if (!isPushed(quote) && !isAssumed(quote))
        this.#confirmed.note(confirmedOf(quote, Math.min(now, lastReading(quote).atMs)))
  }

  /** A source has told these quotes, oldest first. */
  note(name: QuoteName, source: FeedState, quotes: readonly Quote[], now: number): void {
    const present = quotes.findLast((quote) => quote.fromMs <= now)
    if (!present) return
    // the age of a typed price that is read for the first time, beside known ones, is unknown: it may be as old as they are
    const isUnread = source.rank === 'typed' && !this.#confirmed.has(name, TYPED)
    const sinceMs = isUnread ? (this.firstOf(name)?.atMs ?? now) : now
    this.#confirmed.note(confirmedOf(present, Math.min(now, sinceMs, present.staleAfterMs ?? now)))
  }

  /** The newest confirmed value before a time. @param quote the newest of the book */
  #baseOf(name: QuoteName, atMs: number, quote: Quote | undefined): KnownReading | undefined {
    const known = this.#confirmed.of(name).filter((reading) => reading.atMs <= atMs)
    const own = this.#read(quote, atMs)
    // of two of the same time the one of the book was decided for
    return [...(own ? [own] : []), ...known].sort((a, b) => b.atMs - a.atMs)[0]
  }

  #read(quote: Quote | undefined, atMs: number): KnownReading | undefined {
    return quote && this.#readingOf(quote, atMs)
  }

  /** The first value that is known of a name. */
  firstOf(name: QuoteName): Reading | undefined {
    const first = this.#book.between(name, 0, Number.MAX_SAFE_INTEGER).at(0)
    return first && { value: first.value, atMs: first.fromMs }
  }

  #readingOf(quote: Quote, atMs: number): KnownReading {
    const source = sourceName(quote.source)
    const { value, atMs: lastMs } = lastReading(quote)
    const readings = this.#sources.find(({ feed }) => feed.name === source)?.readingsOf(quote.name)
    return {
      value,
      atMs: Math.min(lastMs, atMs),
      fromMs: quote.fromMs,
      ...(source === TYPED ? { isTyped: true } : {}),
      ...(readings === undefined ? {} : { readings }),
    }
  }
}

const isSame = (a: Quote, b: Quote): boolean =>
  a.fromMs === b.fromMs && a.value === b.value && a.source === b.source && a.knownMs === b.knownMs

/** A price near 0 that a feed or a person has told within this time says that a market has such prices. */
const LOW_FOR_MS = 30 * 24 * HOUR_MS

const isOftenLow = (quotes: readonly Quote[], atMs: number): boolean =>
  quotes.some(
    (quote) =>
      quote.value < LEAST_USD_PER_KWH &&
      Math.abs(quote.fromMs - atMs) <= LOW_FOR_MS &&
      isConfirmed(quote) &&
      !isAssumed(quote),
  )

/** The quote that was told first: where none is confirmed, the others are held against it. */
const firstTold = (quotes: readonly Quote[]): Quote | undefined =>
  quotes
    .filter((quote) => !isAssumed(quote))
    .reduce<Quote | undefined>(
      (first, quote) => (first && toldMs(first) <= toldMs(quote) ? first : quote),
      undefined,
    )
const toldMs = ({ fromMs, knownMs = fromMs }: Quote): number => knownMs

const confirmedOf = ({ name, value, source }: Quote, atMs: number): ConfirmedPrice => ({
  name,
  value,
  atMs,
  source: sourceName(source),
  ...(sourceName(source) === TYPED ? { isTyped: true } : {}),
})
