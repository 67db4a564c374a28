import { type Quote, type QuoteName, sourceName } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { type FeedState, lastReading, TYPED } from './feed-state.ts'
import { type BesidePush, isPushed, type PushedQuotes } from './pushed-quotes.ts'
import type { QuoteBook } from './quote-book.ts'
import type { KnownReading, Reading } from './quote-leaps.ts'
import type { Beside } from './source-watch.ts'

/** What the values of each source are held against: what others say, and what is known near their time. */
export class QuoteNeighbours {
  readonly #book: QuoteBook
  readonly #sources: readonly FeedState[]
  readonly #pushed: PushedQuotes

  constructor(book: QuoteBook, sources: readonly FeedState[], pushed: PushedQuotes) {
    this.#book = book
    this.#sources = sources
    this.#pushed = pushed
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

  /** What a pushed quote is held against. All who push are one source, the token's holder: no push confirms another. */
  ofPush({ name, fromMs }: Quote, now: number): BesidePush {
    const isPast = fromMs < now - MINUTE_MS
    const around = this.#book.between(name, fromMs, Number.MAX_SAFE_INTEGER)
    const inForce = around.find((quote) => quote.fromMs <= fromMs)
    const known = inForce ? [this.#readingOf(inForce, fromMs)] : []
    if (isPast) return { known, next: nextOf(around, fromMs), feeds: [] }
    const fresh = this.#sources.flatMap((source) => source.fresh(name, now) ?? [])
    return {
      known: [...known, ...fresh.map((value) => ({ value, atMs: now }))],
      next: [],
      feeds: this.#sources.flatMap((source) => source.witnesses(name, now)),
    }
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

/** The first quote after a time, and the first that nobody pushed: pushes that each move a little would move a price as far as they like. */
function nextOf(quotes: readonly Quote[], afterMs: number): Reading[] {
  const later = quotes.filter((quote) => quote.fromMs > afterMs)
  const next = new Set([later[0], later.find((quote) => !isPushed(quote))])
  return [...next].flatMap((quote) => (quote ? [{ value: quote.value, atMs: quote.fromMs }] : []))
}
