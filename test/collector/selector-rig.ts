import type { FeedQuote, FeedSink } from '../../collector/plugin/feed.ts'
import { type FilledTime, QuoteBook } from '../../collector/prices/quote-book.ts'
import { QuoteSelector } from '../../collector/prices/quote-selector.ts'
import { QuoteWriteQueue } from '../../collector/prices/quote-write-queue.ts'
import { createLog } from '../../protocol/kit/log.ts'
import type { Quote, QuoteName } from '../../protocol/quote.ts'
import { MINUTE_MS } from '../../protocol/units.ts'

export const T0 = Date.UTC(2026, 5, 15, 12)
/** How often a polled feed asks its source. */
export const POLL_MS = 5 * MINUTE_MS
/** Figures of November 2025, of what is held back where it leaps. */
export const USUAL = { btcUsd: 91_000, difficulty: 1.5e14, feesBtcPerBlock: 0.02, 'fx.EUR': 0.92 } as const
export type Leaping = keyof typeof USUAL
export const LEAPING = Object.keys(USUAL) as Leaping[]

/** A feed that says what the test says. */
export class TestFeed {
  sink: FeedSink | undefined
  readonly name: string
  readonly feed: string
  readonly quotes: readonly QuoteName[]
  readonly #atOnce: readonly FeedQuote[]

  constructor(name: string, quotes: readonly QuoteName[], atOnce: readonly FeedQuote[] = [], kind = 'test') {
    this.name = name
    this.feed = kind
    this.quotes = quotes
    this.#atOnce = atOnce
  }

  readonly start = (sink: FeedSink) => {
    this.sink = sink
    if (this.#atOnce.length > 0) sink.publish(this.#atOnce)
  }

  says(name: QuoteName, value: number, more: Partial<FeedQuote> = {}) {
    this.sink?.publish([{ name, value, ...more }])
  }
}

/** A store, a clock and a log that outlive a selector, as on a machine where the collector is started again. */
export class SelectorRig {
  nowMs = T0
  /** whether other clocks contradict the collector's */
  clockWrong = false
  /** events logged */
  readonly lines: string[] = []
  readonly stored = new Map<string, Quote>()
  /** set to make the store fail */
  failure: Error | undefined
  readonly #log = createLog({ write: (line) => this.lines.push(JSON.parse(line).event) })

  /** A selector as it is after a start, over what an earlier one has stored. */
  async open(feeds: TestFeed[], typed: Partial<Record<QuoteName, number>> = {}) {
    const book = new QuoteBook()
    book.load([...this.stored.values()].sort((a, b) => a.fromMs - b.fromMs))
    const prices = Object.entries(typed).map(([name, value]) => ({
      name: name as QuoteName,
      value: value ?? 0,
    }))
    const filled: FilledTime[] = []
    const names = prices.map((p) => p.name)
    const selector = new QuoteSelector({
      book,
      writer: new QuoteWriteQueue({ writeQuotes: (quotes) => this.#write(quotes) }, this.#log),
      feeds,
      typed: new TestFeed('configuration', names, prices, 'fixed'),
      nowMs: () => this.nowMs,
      clockWrong: () => this.clockWrong,
      log: this.#log,
      onFilled: (time) => filled.push(time),
    })
    selector.start(new AbortController().signal)
    await selector.stop()
    /** value and source of what holds at a moment, now where absent */
    const at = (name: QuoteName, ms = this.nowMs) => {
      const q = book.at(ms)[name as 'btcUsd']
      return q && `${q.value} ${q.source}`
    }
    return { selector, at, filled }
  }

  /** A poll later the feed's source says a value. */
  polls(feed: TestFeed, name: QuoteName, value: number): void {
    this.nowMs += POLL_MS
    feed.says(name, value, { intervalMs: POLL_MS, staleAfterMs: this.nowMs + 3 * POLL_MS })
  }

  async #write(quotes: readonly Quote[]): Promise<void> {
    if (this.failure) throw this.failure
    for (const q of quotes) this.stored.set(`${q.name} ${q.fromMs}`, q)
  }
}
