import { isStale, type Prices, type Quote, type QuoteName, sourceName, unitOf } from '../../protocol/quote.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { FeedQuote, FeedSink } from '../plugin/feed.ts'
import { ClockedSink } from './clocked-sink.ts'
import { ConfirmedPrices, type PriceMemory } from './confirmed-prices.ts'
import { type FeedReport, FeedState } from './feed-state.ts'
import type { HeldBack } from './held-back.ts'
import { PastPrices } from './past-prices.ts'
import { filling, isPushed, PushedQuotes, pushedSource } from './pushed-quotes.ts'
import { quoteFault } from './quote-limits.ts'
import { QuoteNeighbours } from './quote-neighbours.ts'
import type { QuoteSelectorOptions, QuotesView } from './quote-selector-options.ts'
import { beganBy, planned, type SourceQuotes } from './source-priority.ts'
import { Started } from './started.ts'

/**
 * Selects whose price counts for each name, by the rules of source-priority.ts, and writes it into the book and the store: pushed
 * quotes first, then the feeds in the order of the configuration, then typed prices. Prices known ahead are planned in the book.
 */
export class QuoteSelector {
  readonly #o: QuoteSelectorOptions
  readonly #sources: readonly FeedState[]
  readonly #pushed = new PushedQuotes()
  readonly #past: PastPrices
  readonly #confirmed = new ConfirmedPrices()
  readonly #neighbours: QuoteNeighbours
  /** by name, when the next quote of any source ends, Unix ms */
  readonly #endsMs = new Map<QuoteName, number>()
  #tickedMs = 0
  readonly #sinks: ClockedSink[] = []
  #clockWasWrong = false
  /** a push before has nothing to be held against */
  readonly started = new Started()

  constructor(options: QuoteSelectorOptions) {
    this.#o = options
    this.#past = new PastPrices(options)
    const { feeds, typed, log } = options
    this.#sources = [
      ...feeds.map((feed) => new FeedState(feed, 'feed', log)),
      new FeedState(typed, 'typed', log),
    ]
    this.#neighbours = new QuoteNeighbours(options.book, this.#sources, this.#pushed, this.#confirmed)
  }

  /** Continues from the quotes in the book, and starts the feeds. Never rejects. */
  start(signal: AbortSignal): void {
    for (const name of this.#o.book.names()) {
      this.#neighbours.recall(name, this.#o.nowMs())
      this.#recall(name)
    }
    // typed prices first: what feeds say at once is held against them
    for (const source of [...this.#sources.slice(-1), ...this.#sources.slice(0, -1)]) {
      const sink = new ClockedSink(this.#sinkOf(source), () => this.#clockWrong())
      this.#sinks.push(sink)
      source.feed.start(sink, signal)
    }
    if (!this.#clockWrong()) for (const name of this.#o.book.names()) this.#decide(name)
    this.started.begin()
    void this.#o.writer.flush()
  }

  /** Goes on from the quotes that another collector has stored. What the sources here say counts from now on, and not for that time. */
  resume(stored: readonly Quote[]): void {
    const { book, writer } = this.#o
    const names = new Set([...book.names(), ...stored.map(({ name }) => name)])
    writer.forget()
    book.replace(stored)
    for (const name of names) {
      this.#recall(name)
      if (!this.#clockWrong()) this.#decide(name)
    }
    void writer.flush()
  }

  /** Selects again where a quote has ended, or the clock was set back, and stores what waits. Call it about once a second. */
  tick(): void {
    const now = this.#o.nowMs()
    if (this.#clockWrong()) return
    if (this.#clockWasWrong) {
      this.#clockWasWrong = false
      for (const name of this.#o.book.names()) this.#decide(name)
      for (const sink of this.#sinks) sink.release()
    }
    const setBack = now < this.#tickedMs
    this.#tickedMs = now
    for (const { name } of this.#pushed.judgeDue(now, this.#neighbours)) this.#decide(name)
    for (const [name, endsMs] of this.#endsMs) if (setBack || endsMs < now) this.#decide(name)
    void this.#o.writer.flush()
  }

  /** Resolves when waiting quotes were tried once more: the first flush may join a write that has begun. */
  async stop(): Promise<void> {
    await this.#o.writer.flush()
    await this.#o.writer.flush()
  }

  /** Names of the feeds that may publish this quote. */
  feedsOf(name: QuoteName): string[] {
    const own = this.#sources.filter(({ rank, feed }) => rank === 'feed' && feed.quotes.includes(name))
    return own.map(({ feed }) => feed.name)
  }

  /** Whether the configuration has a source of this quote: a feed, or a typed price. */
  hasSource(name: QuoteName): boolean {
    return this.#sources.some(({ feed }) => feed.quotes.includes(name))
  }

  /**
   * Takes a quote from a person or a program. It counts before every feed until it is stale; without an end, until the next push.
   * @param pushed `sure`: it is right though it leaps; `fromMs`: of a past time that has a price it counts from now on
   * @returns the quote, or why it is refused, or that it is held back until it is confirmed
   */
  push(
    pushed: Omit<FeedQuote, 'detail'> & { by: string; sure?: boolean },
  ): Quote | { refused: string } | { heldBack: HeldBack } {
    const now = this.#o.nowMs()
    const { name, value, by, staleAfterMs, sure = false, fromMs: asked = now } = pushed
    const fromMs = this.isUnknownAt(name, asked) ? asked : Math.max(asked, now)
    const fault = quoteFault(name, value)
    if (fault) return { refused: fault }
    if (!this.started.has) return { refused: 'the known prices are not read yet; push again in a minute' }
    if (this.#clockWrong())
      return {
        refused: 'other clocks contradict the collector’s: set it first (alert clock-skew), then push',
      }
    const quote: Quote = {
      name,
      value,
      unit: unitOf(name),
      source: pushedSource(by, sure),
      fromMs,
      ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
      ...(fromMs === now ? {} : { knownMs: now }),
    }
    const held = sure ? undefined : this.#pushed.judge(quote, this.#neighbours.ofPush(quote, now), now)
    if (sure) this.#pushed.believe(quote)
    return held ? { heldBack: held } : this.#take(quote, now)
  }

  #take(quote: Quote, now: number): Quote | { refused: string } {
    const { name, value, source, fromMs } = quote
    if (this.isUnknownAt(name, fromMs)) {
      const goesOn = this.#o.book.knownSince(name) === undefined && this.feedsOf(name).length === 0
      this.#past.push(goesOn ? quote : filling(quote))
      // else it ends where another price was known, or will be
      if (!goesOn) return quote
    }
    const refused = this.#pushed.add(quote, now)
    if (refused !== undefined) return { refused }
    this.#o.log.info('quote pushed', { quote: name, value, source })
    this.#decide(name)
    void this.#o.writer.flush()
    return quote
  }

  /** Resolves once what was pushed or accepted outlives a kill. @returns false where neither the data folder nor the store takes it */
  async isKept(): Promise<boolean> {
    if (await this.#o.keep?.()) return true
    await this.stop()
    return this.#o.writer.waiting().length === 0 && (!this.#o.keep || this.#pushed.waiting().length === 0)
  }

  /** What is to be kept over a restart. */
  memory(): PriceMemory {
    return {
      waiting: this.#pushed.waiting(),
      confirmed: this.#confirmed.all(),
      unstored: this.#o.writer.waiting(),
    }
  }

  /** Takes up what was kept over a restart. */
  restore({ waiting, confirmed, unstored }: PriceMemory): void {
    this.#pushed.restore(waiting)
    for (const price of confirmed) this.#confirmed.note(price)
    this.#o.book.load(unstored)
    this.#o.writer.add(unstored)
  }

  /**
   * Takes what is held back of a name, because a person says that it is right. @returns the sources that told it; none where nothing is
   * held back that could be
   */
  accept(name: QuoteName, by: string): string[] {
    const now = this.#o.nowMs()
    const accepted: string[] = []
    for (const pushed of this.#pushed.accept(name, by)) {
      const { fromMs, knownMs = fromMs, source } = pushed
      // a price of its time may have come meanwhile: then it must not hold from now
      const isLate = knownMs - fromMs > MINUTE_MS && !this.isUnknownAt(name, fromMs)
      if (!isLate && !('refused' in this.#take(pushed, now))) accepted.push(source)
    }
    for (const source of this.#sources)
      if (source.accept(name, by, this.#neighbours.ofSource(name, now, source.feed.name), now))
        accepted.push(source.feed.name)
    if (accepted.length === 0) return accepted
    this.#o.log.info('a quote that was held back is accepted', { quote: name, sources: accepted, by })
    this.#decide(name)
    void this.#o.writer.flush()
    return accepted
  }

  /** Whether this is a past time at which no price of the name was known. */
  isUnknownAt(name: QuoteName, ms: number): boolean {
    const { book, nowMs } = this.#o
    return ms < Math.min(nowMs(), book.knownSince(name) ?? Number.POSITIVE_INFINITY)
  }

  /** Whether the clock is wrong now. */
  #clockWrong(): boolean {
    const wrong = this.#o.clockWrong?.() === true
    this.#clockWasWrong ||= wrong
    return wrong
  }

  /** Current prices with their sources, and what each feed reports. */
  view(): QuotesView {
    const now = this.#o.nowMs()
    return {
      quotes: Object.values<Quote>(this.#o.book.at(now)).map((q) => ({ ...q, stale: isStale(q, now) })),
      feeds: this.reports(),
      heldBack: this.heldBack(),
    }
  }

  /** The quotes of a name that hold anywhere in [fromMs, toMs), oldest first. */
  history = (name: QuoteName, fromMs: number, toMs: number): Quote[] =>
    this.#o.book.between(name, fromMs, toMs)

  heldBack(): HeldBack[] {
    return [
      ...this.#pushed.heldBack(this.#o.nowMs()),
      ...this.#sources.flatMap((source) => source.heldBack(this.#o.nowMs())),
    ]
  }

  reports = (): FeedReport[] => this.#sources.map((source) => source.report())

  #decide(name: QuoteName): void {
    const { book, writer, nowMs } = this.#o
    const now = nowMs()
    const pushed: SourceQuotes = { rank: 'pushed', quotes: this.#pushed.of(name), endKnown: true }
    const sources = [pushed, ...this.#sources.map((source) => beganBy(now, source.quotesOf(name)))]
    const plan = planned(sources, now)
    const [first] = plan
    const chosen = sources.find(({ quotes }) => quotes.some((q) => q.source === first?.source))
    const backMs = chosen?.intervalMs ?? 0
    const isFirst = book.at(now)[name as keyof Prices] === undefined
    writer.add(book.plan(name, now, plan, backMs))
    if (isFirst && first) this.#o.onFilled?.({ name, fromMs: now - backMs, toMs: now })
    const ends = sources.flatMap(({ quotes }) => quotes.flatMap((q) => q.staleAfterMs ?? []))
    this.#endsMs.set(name, Math.min(Number.POSITIVE_INFINITY, ...ends.filter((ms) => ms >= now)))
  }

  /** After a restart, each source continues with the quotes that the book has of it, until it publishes. */
  #recall(name: QuoteName): void {
    const kept = this.#o.book.between(name, this.#o.nowMs(), Number.MAX_SAFE_INTEGER)
    this.#pushed.recall(name, kept, this.#o.nowMs())
    for (const source of this.#sources) {
      if (source.rank === 'typed' || !source.feed.quotes.includes(name)) continue
      const own = kept.filter((q) => !isPushed(q) && sourceName(q.source) === source.feed.name)
      const before = this.#o.book.between(name, this.#o.nowMs() - 24 * HOUR_MS, this.#o.nowMs())
      if (own.length > 0 && source.quotesOf(name).quotes.length === 0) source.recall(name, own, before)
    }
  }

  #sinkOf(source: FeedState): FeedSink {
    return {
      publish: (statements) => {
        const now = this.#o.nowMs()
        for (const name of new Set(statements.map((s) => s.name))) {
          const present = this.#neighbours.presentOf(name, now)
          const own = statements.filter((s) => s.name === name)
          const beside = this.#neighbours.ofSource(name, now, source.feed.name)
          const quotes = source.take(name, own, beside, now)
          this.#neighbours.note(name, source, quotes, now)
          const wrong = source.takeOverturned(name)
          if (wrong) this.#past.markWrong(name, wrong, now)
          if (present && sourceName(present.source) === source.feed.name)
            this.#past.fillGap(present, quotes, now)
          this.#past.fillHoles(name, quotes, now)
          // also where all of it is held back: its last price is stale then
          this.#decide(name)
          this.#past.fillBefore(name, quotes, now)
        }
        void this.#o.writer.flush()
      },
      earlier: (statements) => {
        const now = this.#o.nowMs()
        for (const name of new Set(statements.map((s) => s.name))) {
          const quotes = source.takeEarlier(name, statements, this.#neighbours.firstOf(name), now)
          this.#past.fillHoles(name, quotes, now)
          this.#past.fillBefore(name, quotes, now)
        }
      },
      failing: (reason) => source.setFailing(reason),
    }
  }
}
