import type { QuoteName } from '../../protocol/quote.ts'
import type { FeedQuote, FeedSink } from '../plugin/feed.ts'

/** A feed's sink that keeps what is said while the collector's clock is wrong: a price of now would hold at another time. */
export class ClockedSink implements FeedSink {
  readonly #sink: FeedSink
  readonly #clockWrong: () => boolean
  /** by name, the last that was said */
  readonly #published = new Map<QuoteName, readonly FeedQuote[]>()
  readonly #earlier = new Map<QuoteName, readonly FeedQuote[]>()

  constructor(sink: FeedSink, clockWrong: () => boolean) {
    this.#sink = sink
    this.#clockWrong = clockWrong
  }

  publish(quotes: readonly FeedQuote[]): void {
    if (this.#clockWrong()) keep(this.#published, quotes)
    else this.#sink.publish(quotes)
  }

  earlier(quotes: readonly FeedQuote[]): void {
    if (this.#clockWrong()) keep(this.#earlier, quotes)
    else this.#sink.earlier(quotes)
  }

  failing(reason: string | undefined): void {
    this.#sink.failing(reason)
  }

  /** The clock is right again: passes on what was kept. */
  release(): void {
    const [published, earlier] = [taken(this.#published), taken(this.#earlier)]
    if (published.length > 0) this.publish(published)
    if (earlier.length > 0) this.earlier(earlier)
  }
}

type Kept = Map<QuoteName, readonly FeedQuote[]>

function keep(kept: Kept, quotes: readonly FeedQuote[]): void {
  for (const name of new Set(quotes.map((quote) => quote.name)))
    kept.set(
      name,
      quotes.filter((quote) => quote.name === name),
    )
}

function taken(kept: Kept): FeedQuote[] {
  const quotes = [...kept.values()].flat()
  kept.clear()
  return quotes
}
