import fixed from '../feeds/fixed.ts'
import { FEEDS } from '../feeds/index.ts'
import type { Store } from '../plugin/store.ts'
import { createQuoteSelector } from '../prices/feed-config.ts'
import { type FilledTime, QuoteBook } from '../prices/quote-book.ts'
import type { QuoteSelector } from '../prices/quote-selector.ts'
import type { Context } from './context.ts'

export interface PricePlane {
  quotes: QuoteBook
  selector: QuoteSelector
  /** Tells from now on when prices of a past time have come. */
  onFilled(listener: (filled: FilledTime) => void): void
  /** Reads the stored quotes. Rejects where the store fails. */
  load(): Promise<void>
  /** Starts the feeds, which run until the signal aborts. */
  start(signal: AbortSignal): void
  stop(): Promise<void>
}

/** Quotes, and who decides which counts. */
export function createPrices({ config, log, version, nowMs }: Context, store: Store): PricePlane {
  const quotes = new QuoteBook()
  const listeners: ((filled: FilledTime) => void)[] = []
  const selector = createQuoteSelector(config, {
    feeds: FEEDS,
    typed: fixed,
    book: quotes,
    store,
    log,
    version,
    nowMs,
    onFilled: (filled) => {
      for (const listener of listeners) listener(filled)
    },
  })
  return {
    quotes,
    selector,
    onFilled: (listener) => listeners.push(listener),
    async load() {
      for (const quote of await store.quotes()) quotes.add(quote)
    },
    start: (signal) => selector.start(signal),
    stop: () => selector.stop(),
  }
}
