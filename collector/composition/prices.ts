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
  /** Reads the stored quotes and starts the feeds, which run until the signal aborts. Rejects where the store fails. */
  start(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

/** Quotes, and who decides which counts. */
export function createPrices({ config, log, version, nowMs, clocks }: Context, store: Store): PricePlane {
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
    clockWrong: () => clocks.isWrong,
    onDate: (host, dateMs, tookMs) => clocks.heardServer(host, dateMs, tookMs),
    onFilled: (filled) => {
      for (const listener of listeners) listener(filled)
    },
  })
  return {
    quotes,
    selector,
    onFilled: (listener) => listeners.push(listener),
    async start(signal) {
      for (const quote of await store.quotes()) quotes.add(quote)
      selector.start(signal)
    },
    stop: () => selector.stop(),
  }
}
