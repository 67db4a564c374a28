import type { Log } from '../../protocol/kit/log.ts'
import { type Quote, type QuoteName, unitOf } from '../../protocol/quote.ts'
import type { Feed, Statement } from '../plugin/feed.ts'
import { quoteFault, quoteLeap } from './quote-limits.ts'
import type { SourceQuotes } from './source-priority.ts'

/** A value that is not believed. */
export interface HeldBack {
  name: QuoteName
  value: number
  unit: string
  source: string
  /** since when, Unix ms */
  sinceMs: number
  reason: string
}

/** What is known of one feed. */
export interface FeedReport {
  name: string
  kind: string
  quotes: readonly QuoteName[]
  /** when it last said something, Unix ms */
  heardMs?: number
  failing?: string
}

/** One feed as the selector hears it: what it said last of each name, what of it is not believed, and whether it is well. */
export class FeedState {
  readonly feed: Feed
  readonly rank: SourceQuotes['rank']
  readonly #log: Log
  readonly #said = new Map<QuoteName, Omit<SourceQuotes, 'rank'>>()
  readonly #held = new Map<QuoteName, HeldBack>()
  #heardMs: number | undefined
  #failing: string | undefined

  constructor(feed: Feed, rank: SourceQuotes['rank'], log: Log) {
    this.feed = feed
    this.rank = rank
    this.#log = log
  }

  offer(name: QuoteName): SourceQuotes {
    return { rank: this.rank, ...(this.#said.get(name) ?? { quotes: [], endKnown: false }) }
  }

  /** What it said before a restart. */
  recall(name: QuoteName, quotes: readonly Quote[]): void {
    this.#said.set(name, { quotes, endKnown: false })
  }

  /**
   * What it says of one name, in place of what it said before; what can't be true is held back.
   * @param before a quote that a polled value is compared with
   * @returns the quotes that are believed
   */
  hear(name: QuoteName, statements: readonly Statement[], before: Quote | undefined, now: number): Quote[] {
    // a person vouches for what is typed and for tables
    const isPolled = this.rank === 'feed' && this.feed.kind !== 'fixed'
    const reasonOf = ({ value, fromMs }: Statement) =>
      quoteFault(name, value) ??
      (isPolled && before && fromMs === undefined ? quoteLeap(name, value, before.value) : undefined)
    const doubts = statements.map(reasonOf)
    this.#hold(name, doubts, statements, now)
    const quotes = statements.filter((_, i) => !doubts[i]).map((s) => quoteOf(s, this.feed.name, now))
    if (quotes.length > 0) {
      this.#said.set(name, { quotes, endKnown: statements.some((s) => s.fromMs !== undefined) })
      this.#heardMs = now
    }
    return quotes
  }

  fails(reason: string | undefined): void {
    const feed = this.feed.name
    if (reason && !this.#failing) this.#log.warn('a feed fails', { feed, reason })
    if (!reason && this.#failing) this.#log.info('a feed is well again', { feed })
    this.#failing = reason
  }

  heldBack(): HeldBack[] {
    return [...this.#held.values()]
  }

  report(): FeedReport {
    const { name, kind, quotes } = this.feed
    return {
      name,
      kind,
      quotes,
      ...(this.#heardMs === undefined ? {} : { heardMs: this.#heardMs }),
      ...(this.#failing === undefined ? {} : { failing: this.#failing }),
    }
  }

  #hold(
    name: QuoteName,
    doubts: readonly (string | undefined)[],
    statements: readonly Statement[],
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
  { name, value, fromMs, staleAfterMs, detail }: Statement,
  by: string,
  now: number,
): Quote => ({
  name,
  value,
  unit: unitOf(name),
  source: detail ? `${by} (${detail})` : by,
  fromMs: Math.floor(fromMs ?? now),
  ...(staleAfterMs === undefined ? {} : { staleAfterMs: Math.floor(staleAfterMs) }),
})
