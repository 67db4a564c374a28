import type { Log } from '../../protocol/kit/log.ts'
import { isStale, type Quote, type QuoteName, sourceName, unitOf } from '../../protocol/quote.ts'
import type { Feed, FeedSink, Statement } from '../plugin/feed.ts'
import { type FeedReport, FeedState, type HeldBack } from './feed-state.ts'
import { lastIndexAtOrBefore, type QuoteBook } from './quote-book.ts'
import { quoteFault } from './quote-limits.ts'
import type { QuoteWriteQueue } from './quote-write-queue.ts'
import { planned, type SourceQuotes } from './source-priority.ts'

/** The name under which prices of the configuration's `prices` stand. */
export const TYPED = 'configuration'
const PUSHED = 'pushed by '
/** A price list of a week of quarters of an hour, and more. */
const MAX_PUSHED = 2_000

export interface QuotesView {
  quotes: (Quote & { stale: boolean })[]
  feeds: FeedReport[]
  heldBack: HeldBack[]
}

export interface QuoteSelectorOptions {
  book: QuoteBook
  writer: QuoteWriteQueue
  /** in the order in which they count */
  feeds: readonly Feed[]
  /** the configuration's own prices */
  typed: Feed
  nowMs: () => number
  log: Log
}

/**
 * Decides whose price counts, and writes it into the book: a pushed quote while it holds, then the feeds in the order of the
 * configuration, each while it is fresh; where none is, the one that was fresh last, marked stale; a typed price until anybody
 * else has spoken. What is known ahead is in the book ahead of time.
 */
export class QuoteSelector {
  readonly #o: QuoteSelectorOptions
  readonly #sources: readonly FeedState[]
  readonly #pushed = new Map<QuoteName, readonly Quote[]>()
  /** when the next quote of a name ends, Unix ms */
  readonly #endsMs = new Map<QuoteName, number>()

  constructor(options: QuoteSelectorOptions) {
    this.#o = options
    const { feeds, typed, log } = options
    this.#sources = [
      ...feeds.map((feed) => new FeedState(feed, 'feed', log)),
      new FeedState(typed, 'typed', log),
    ]
  }

  /** Goes on from what the book has, and starts the feeds. */
  start(signal: AbortSignal): void {
    for (const name of this.#o.book.names()) this.#recall(name)
    for (const source of this.#sources) source.feed.start(this.#sinkOf(source), signal)
    for (const name of this.#o.book.names()) this.#decide(name)
    void this.#o.writer.flush()
  }

  /** Looks whether a quote has ended and another counts, and brings the store what it doesn't have. */
  tick(): void {
    const now = this.#o.nowMs()
    for (const [name, endsMs] of this.#endsMs) if (endsMs < now) this.#decide(name)
    void this.#o.writer.flush()
  }

  /** When what waits for the store has been tried once more. */
  async stop(): Promise<void> {
    await this.#o.writer.flush()
    await this.#o.writer.flush()
  }

  /** Names of the feeds that may say something of a quote. */
  feedsOf(name: QuoteName): string[] {
    return this.#sources
      .filter(({ rank, feed }) => rank === 'feed' && feed.quotes.includes(name))
      .map(({ feed }) => feed.name)
  }

  /**
   * Takes a quote from a person or a program of the site's. It counts before every feed until it is stale; without an end, until
   * the next is pushed.
   * @returns the quote, or why it can't be taken
   */
  push(pushed: Omit<Statement, 'detail'> & { by: string }): Quote | { refused: string } {
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
    // what has passed and was followed by another is of no use any more
    const waiting = others.slice(Math.max(0, lastIndexAtOrBefore(others, now)))
    if (waiting.length >= MAX_PUSHED) return { refused: `${MAX_PUSHED} quotes of ${name} wait already` }
    this.#pushed.set(
      name,
      [...waiting, quote].sort((a, b) => a.fromMs - b.fromMs),
    )
    this.#o.log.info('quote pushed', { quote: name, value, by })
    this.#decide(name)
    void this.#o.writer.flush()
    return quote
  }

  /** What holds now, and who says so. */
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
    const offers = [pushed, ...this.#sources.map((source) => source.offer(name))]
    writer.add(book.plan(name, now, planned(offers, now)))
    const ends = offers.flatMap(({ quotes }) => quotes.flatMap((q) => q.staleAfterMs ?? []))
    this.#endsMs.set(name, Math.min(Number.POSITIVE_INFINITY, ...ends.filter((ms) => ms >= now)))
  }

  /** After a restart nobody has spoken yet, but what they said last is in the book. */
  #recall(name: QuoteName): void {
    const kept = this.#o.book.between(name, this.#o.nowMs(), Number.MAX_SAFE_INTEGER)
    const isPushed = (quote: Quote) => quote.source.startsWith(PUSHED)
    this.#pushed.set(name, kept.filter(isPushed))
    for (const source of this.#sources) {
      if (source.rank === 'typed' || !source.feed.quotes.includes(name)) continue
      const said = kept.filter((q) => !isPushed(q) && sourceName(q.source) === source.feed.name)
      if (said.length > 0) source.recall(name, said)
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
          const quotes = source.hear(name, own, before, now)
          if (present && sourceName(present.source) === source.feed.name) this.#fillGap(present, quotes, now)
          if (quotes.length > 0) this.#decide(name)
        }
        void this.#o.writer.flush()
      },
      failing: (reason) => source.fails(reason),
    }
  }

  #presentOf(name: QuoteName, now: number): Quote | undefined {
    return this.#o.book.between(name, now, now + 1).find((quote) => quote.fromMs <= now)
  }

  /**
   * What a feed knows of a time in which the collector was down, or it didn't answer itself: that had no price of its own. Where
   * another source came between, its price stands.
   */
  #fillGap(last: Quote, quotes: readonly Quote[], now: number): void {
    const gap = quotes.filter((q) => q.fromMs > last.fromMs && q.fromMs < now)
    this.#o.writer.add(gap.filter((quote) => this.#o.book.add(quote)))
  }
}
