import type { Log } from '../../protocol/kit/log.ts'
import { type Quote, type QuoteName, unitOf } from '../../protocol/quote.ts'
import type { ConfiguredFeed, FeedQuote } from '../plugin/feed.ts'
import { measuredFault, quoteFault, quoteLeap } from './quote-limits.ts'
import type { SourceQuotes } from './source-priority.ts'

/** A value that is held back because it can hardly be true. */
export interface HeldBack {
  name: QuoteName
  value: number
  unit: string
  source: string
  /** since when it is held back, Unix ms */
  sinceMs: number
  reason: string
}

/** One feed for screens and API. */
export interface FeedReport {
  name: string
  /** its plug-in, as in the YAML: `mempool` */
  feed: string
  quotes: readonly QuoteName[]
  /** when it last published a quote that was accepted, Unix ms */
  heardMs?: number
  failing?: string
  /** true: its last try gave nothing at all */
  silent?: true
}

/** State of one feed: its newest quotes by name, what is held back, and whether it fails. */
export class FeedState {
  readonly feed: ConfiguredFeed
  readonly rank: SourceQuotes['rank']
  readonly #log: Log
  readonly #quotes = new Map<QuoteName, Omit<SourceQuotes, 'rank'>>()
  readonly #held = new Map<QuoteName, HeldBack>()
  #heardMs: number | undefined
  #failing: string | undefined
  /** whether it has published since it was last told to be well or failing */
  #hasPublished = false
  #silent = false

  constructor(feed: ConfiguredFeed, rank: SourceQuotes['rank'], log: Log) {
    this.feed = feed
    this.rank = rank
    this.#log = log
  }

  quotesOf(name: QuoteName): SourceQuotes {
    return { rank: this.rank, ...(this.#quotes.get(name) ?? { quotes: [], endKnown: false }) }
  }

  /** Sets the quotes that it published before a restart. */
  recall(name: QuoteName, quotes: readonly Quote[]): void {
    // of a price list each begin is known ahead; the other times are those of polls
    const endKnown = quotes.some(({ fromMs, knownMs = fromMs }) => knownMs < fromMs)
    this.#quotes.set(name, { quotes, endKnown })
  }

  /**
   * Takes what the feed published for one name; it replaces the feed's earlier quotes. What can't be true is held back.
   * @param before the price that a polled value is compared with
   * @returns the quotes that were accepted
   */
  take(name: QuoteName, statements: readonly FeedQuote[], before: Quote | undefined, now: number): Quote[] {
    // a person checked typed prices and tables, so only polled values are compared
    const isPolled = this.rank === 'feed' && this.feed.feed !== 'fixed'
    const doubtOf = ({ value, fromMs }: FeedQuote) =>
      quoteFault(name, value) ??
      (isPolled ? measuredFault(name, value) : undefined) ??
      (isPolled && before && fromMs === undefined ? quoteLeap(name, value, before.value) : undefined)
    const doubts = statements.map(doubtOf)
    this.#hold(name, doubts, statements, now)
    const quotes = statements.filter((_, i) => !doubts[i]).map((s) => quoteOf(s, this.feed.name, now))
    if (quotes.length > 0) {
      const intervalMs = statements.find((s) => s.intervalMs !== undefined)?.intervalMs
      const endKnown = statements.some((s) => s.fromMs !== undefined)
      this.#quotes.set(name, { quotes, endKnown, ...(intervalMs === undefined ? {} : { intervalMs }) })
      this.#heardMs = now
      this.#hasPublished = true
    }
    return quotes
  }

  /** The feed's prices of earlier times, oldest first, without those that can't be true. They replace nothing. */
  takeEarlier(name: QuoteName, statements: readonly FeedQuote[], now: number): Quote[] {
    return statements
      .filter((s) => s.name === name && quoteFault(name, s.value) === undefined)
      .map((s) => quoteOf(s, this.feed.name, now))
      .sort((a, b) => a.fromMs - b.fromMs)
  }

  /** @param reason why the feed fails; undefined while it is well */
  setFailing(reason: string | undefined): void {
    const feed = this.feed.name
    if (reason && !this.#failing) this.#log.warn('a feed fails', { feed, reason })
    if (!reason && this.#failing) this.#log.info('a feed is well again', { feed })
    this.#failing = reason
    this.#silent = reason !== undefined && !this.#hasPublished
    this.#hasPublished = false
  }

  heldBack(): HeldBack[] {
    return [...this.#held.values()]
  }

  report(): FeedReport {
    const { name, feed, quotes } = this.feed
    return {
      name,
      feed,
      quotes,
      ...(this.#heardMs === undefined ? {} : { heardMs: this.#heardMs }),
      ...(this.#failing === undefined ? {} : { failing: this.#failing }),
      ...(this.#silent ? { silent: true as const } : {}),
    }
  }

  #hold(
    name: QuoteName,
    doubts: readonly (string | undefined)[],
    statements: readonly FeedQuote[],
    now: number,
  ): void {
    const doubted = doubts.findIndex((doubt) => doubt !== undefined)
    const [value, reason] = [statements[doubted]?.value, doubts[doubted]]
    if (value === undefined || reason === undefined) {
      this.#held.delete(name)
      return
    }
    const held = { name, value, unit: unitOf(name), source: this.feed.name, reason }
    const known = this.#held.get(name)
    if (!known) this.#log.warn('a quote is held back', held)
    this.#held.set(name, { ...held, sinceMs: known?.sinceMs ?? now })
  }
}

const quoteOf = (
  { name, value, fromMs, staleAfterMs, detail }: FeedQuote,
  by: string,
  now: number,
): Quote => ({
  name,
  value,
  unit: unitOf(name),
  source: detail ? `${by} (${detail})` : by,
  fromMs: Math.floor(fromMs ?? now),
  ...(fromMs === undefined || Math.floor(fromMs) === now ? {} : { knownMs: now }),
  ...(staleAfterMs === undefined ? {} : { staleAfterMs: Math.floor(staleAfterMs) }),
})
