import { join } from 'node:path'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { every, type Timer } from '../../protocol/kit/timers.ts'
import type { Quote } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import fixed from '../feeds/fixed.ts'
import { FEEDS } from '../feeds/index.ts'
import type { Store } from '../plugin/store.ts'
import type { PriceMemory } from '../prices/confirmed-prices.ts'
import { createQuoteSelector } from '../prices/feed-config.ts'
import { type FilledTime, QuoteBook } from '../prices/quote-book.ts'
import type { QuoteSelector } from '../prices/quote-selector.ts'
import { QuotesCopy } from '../store-keeping/quotes-copy.ts'
import type { Context } from './context.ts'

/** A push waits so long for the disk. */
const COPY_MS = 5_000

export interface PricePlane {
  quotes: QuoteBook
  selector: QuoteSelector
  /** Tells from now on when prices of a past time have come. */
  onFilled(listener: (filled: FilledTime) => void): void
  /**
   * Reads the stored quotes. Rejects where the store fails.
   * @param anothers another collector has stored them while this one stood by: they count, and not what this one's feeds said meanwhile
   */
  load(anothers: boolean): Promise<void>
  /** Starts the feeds, which run until the signal aborts. */
  start(signal: AbortSignal): void
  /** Starts the feeds without the store, from the copy of the present quotes; does nothing where there is no copy. */
  startWithoutStore(signal: AbortSignal): Promise<void>
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
    // where the disk does not answer the store may
    keep: async () => startedMs !== undefined && (await withDeadline(keepCopy, COPY_MS).catch(() => false)),
  })
  const copy = new QuotesCopy(join(config.dataFolder, 'quotes.json'), log)
  const keepCopy = () => copy.keep({ quotes: from(quotes, nowMs()), ...selector.memory() })
  let startedMs: number | undefined
  let loading = false
  let timer: Timer | undefined
  const start = (signal: AbortSignal) => {
    if (startedMs !== undefined) return
    startedMs = nowMs()
    selector.start(signal)
    timer = every(MINUTE_MS, () => void keepCopy()).unref()
  }
  return {
    quotes,
    selector,
    onFilled: (listener) => listeners.push(listener),
    async load(anothers) {
      loading = true
      const kept = startedMs === undefined ? await copy.read() : undefined
      const stored = await store.quotes()
      if (anothers && startedMs !== undefined) {
        selector.resume(stored)
        return
      }
      // the feeds may run already: what they say since then stays
      const begunMs = startedMs ?? Number.POSITIVE_INFINITY
      const begun = new Set(from(quotes, begunMs).map(({ name }) => name))
      quotes.load(stored.filter(({ name, fromMs }) => fromMs < begunMs || !begun.has(name)))
      // what another collector has stored since is newer than what this one could not store
      if (kept) selector.restore({ ...(kept as PriceMemory), ...(anothers ? { unstored: [] } : {}) })
    },
    start,
    async startWithoutStore(signal) {
      const kept = await copy.read()
      if (!kept || loading || startedMs !== undefined) return
      quotes.load(kept.quotes)
      selector.restore(kept as PriceMemory)
      start(signal)
    },
    async stop() {
      clearInterval(timer)
      await selector.stop()
      if (startedMs !== undefined) await keepCopy()
    },
  }
}

/** The quotes of all names that hold at a time or later. */
const from = (book: QuoteBook, ms: number): Quote[] =>
  book.names().flatMap((name) => book.between(name, ms, Number.MAX_SAFE_INTEGER))
