import type { Log } from '../../protocol/kit/log.ts'
import { isStale, type Quote, type QuoteName, sourceName, unitOf } from '../../protocol/quote.ts'
import type { ConfiguredFeed, FeedQuote, FeedSink } from '../plugin/feed.ts'
import { type FeedReport, FeedState, type HeldBack } from './feed-state.ts'
import { lastIndexAtOrBefore, type QuoteBook } from './quote-book.ts'
import { quoteFault } from './quote-limits.ts'
import type { QuoteWriteQueue } from './quote-write-queue.ts'
import { planned, type SourceQuotes } from './source-priority.ts'

/** Source name of the prices that the configuration's `prices` holds. */
export const TYPED = 'configuration'
const PUSHED = 'pushed by '
/** Pushed quotes kept for one name: more than a price list of a week in quarters of an hour. */
const MAX_PUSHED = 2_000

export interface QuotesView {
  quotes: (Quote & { stale: boolean })[]
  feeds: FeedReport[]
  heldBack: HeldBack[]
}

export interface QuoteSelectorOptions {
  book: QuoteBook
  writer: QuoteWriteQueue
  /** in order of priority */
  feeds: readonly ConfiguredFeed[]
  /** the configuration's own prices */
  typed: ConfiguredFeed
  nowMs: () => number
  log: Log
}

/**
 * Selects whose price counts for each name, by the rules of source-priority.ts, and writes it into the book and the store: pushed
 * quotes first, then the feeds in the order of the configuration, then typed prices. Prices known ahead are planned in the book.
 */
export class QuoteSelector {
  readonly #o: QuoteSelectorOptions
  readonly #sources: readonly FeedState[]
  readonly #pushed = new Map<QuoteName, readonly Quote[]>()
  /** by name, when the next quote of any source ends, Unix ms */
  readonly #endsMs = new Map<QuoteName, number>()

  constructor(options: QuoteSelectorOptions) {
    this.#o = options
    const { feeds, typed, log } = options
    this.#sources = [
      ...feeds.map((feed) => new FeedState(feed, 'feed', log)),
      new FeedState(typed, 'typed', log),
    ]
  }

  /** Continues from the quotes in the book, and starts the feeds. Never rejects. */
  start(signal: AbortSignal): void {
    for (const name of this.#o.book.names()) this.#recall(name)
    for (const source of this.#sources) source.feed.start(this.#sinkOf(source), signal)
    for (const name of this.#o.book.names()) this.#decide(name)
    void this.#o.writer.flush()
  }

  /** Selects again where a quote has ended, and stores what waits. Call it about once a second. */
  tick(): void {
    const now = this.#o.nowMs()
    for (const [name, endsMs] of this.#endsMs) if (endsMs < now) this.#decide(name)
    void this.#o.writer.flush()
  }

  /** Resolves when waiting quotes were tried once more: the first flush may only join a write that has begun. */
  async stop(): Promise<void> {
    await this.#o.writer.flush()
    await this.#o.writer.flush()
  }

  /** Names of the feeds that may publish this quote. */
  feedsOf(name: QuoteName): string[] {
    return this.#sources
      .filter(({ rank, feed }) => rank === 'feed' && feed.quotes.includes(name))
      .map(({ feed }) => feed.name)
  }

  /**
   * Takes a quote from a person or a program. It counts before every feed until it is stale; without an end, until the next push.
   * @returns the quote, or why it is refused
   */
  push(pushed: Omit<FeedQuote, 'detail'> & { by: string }): Quote | { refused: string } {
    const { name, value, by, staleAfterMs } = pushed
    const now = this.#o.nowMs()
    const fault = quoteFault(name, value)
    if (fault) return { refused: fault }
    const quote: Quote = {
      name,
      value,
      unit: unitOf(name),
      source: `${PUSHED}${by}`,
      fromMs: pushed.fromMs ?? now,
      ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    }
    const others = (this.#pushed.get(name) ?? []).filter((q) => q.fromMs !== quote.fromMs)
    // drop past quotes that a later one has replaced
    const waiting = others.slice(Math.max(0, lastIndexAtOrBefore(others, now)))
    if (waiting.length >= MAX_PUSHED)
      return { refused: `${MAX_PUSHED} quotes of ${name} wait already; push fewer ahead` }
    this.#pushed.set(
      name,
      [...waiting, quote].sort((a, b) => a.fromMs - b.fromMs),
    )
    this.#o.log.info('quote pushed', { quote: name, value, by })
    this.#decide(name)
    void this.#o.writer.flush()
    return quote
  }

  /** Current prices with their sources, and what each feed reports. */
  view(): QuotesView {
    const now = this.#o.nowMs()
    const quotes = Object.values<Quote>(this.#o.book.at(now))
    return {
      quotes: quotes.map((quote) => ({ ...quote, stale: isStale(quote, now) })),
      feeds: this.reports(),
      heldBack: this.heldBack(),
    }
  }

  /** The quotes of a name that hold anywhere in [fromMs, toMs), oldest first. */
  history(name: QuoteName, fromMs: number, toMs: number): Quote[] {
    return this.#o.book.between(name, fromMs, toMs)
  }

  heldBack(): HeldBack[] {
    return this.#sources.flatMap((source) => source.heldBack())
  }

  reports(): FeedReport[] {
    return this.#sources.map((source) => source.report())
  }

  #decide(name: QuoteName): void {
    const { book, writer, nowMs } = this.#o
    const now = nowMs()
    const pushed: SourceQuotes = { rank: 'pushed', quotes: this.#pushed.get(name) ?? [], endKnown: true }
    const sources = [pushed, ...this.#sources.map((source) => source.quotesOf(name))]
    writer.add(book.plan(name, now, planned(sources, now)))
    const ends = sources.flatMap(({ quotes }) => quotes.flatMap((q) => q.staleAfterMs ?? []))
    this.#endsMs.set(name, Math.min(Number.POSITIVE_INFINITY, ...ends.filter((ms) => ms >= now)))
  }

  /** After a restart, each source continues with the quotes that the book has of it, until it publishes again. */
  #recall(name: QuoteName): void {
    const kept = this.#o.book.between(name, this.#o.nowMs(), Number.MAX_SAFE_INTEGER)
    const isPushed = (quote: Quote) => quote.source.startsWith(PUSHED)
    this.#pushed.set(name, kept.filter(isPushed))
    for (const source of this.#sources) {
      if (source.rank === 'typed' || !source.feed.quotes.includes(name)) continue
      const own = kept.filter((q) => !isPushed(q) && sourceName(q.source) === source.feed.name)
      if (own.length > 0) source.recall(name, own)
    }
  }

  #sinkOf(source: FeedState): FeedSink {
    return {
      publish: (statements) => {
        const now = this.#o.nowMs()
        for (const name of new Set(statements.map((s) => s.name))) {
          const present = this.#presentOf(name, now)
          const before = present?.source === TYPED ? undefined : present
          const own = statements.filter((s) => s.name === name)
          const quotes = source.take(name, own, before, now)
          if (present && sourceName(present.source) === source.feed.name) this.#fillGap(present, quotes, now)
          if (quotes.length > 0) this.#decide(name)
        }
        void this.#o.writer.flush()
      },
      failing: (reason) => source.setFailing(reason),
    }
  }

  #presentOf(name: QuoteName, now: number): Quote | undefined {
    return this.#o.book.between(name, now, now + 1).find((quote) => quote.fromMs <= now)
  }

  /**
   * Adds what a feed knows about a gap: a time in which the collector was down or the feed failed, so that its last quote simply
   * went on. Not called where another source counted meanwhile: that price stays.
   */
  #fillGap(last: Quote, quotes: readonly Quote[], now: number): void {
    const gap = quotes.filter((q) => q.fromMs > last.fromMs && q.fromMs < now)
    this.#o.writer.add(gap.filter((quote) => this.#o.book.add(quote)))
  }
}
