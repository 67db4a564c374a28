import type { Log } from '../../protocol/kit/log.ts'
import { isStale, type Quote, type QuoteName, sourceName, unitOf } from '../../protocol/quote.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import type { ConfiguredFeed, FeedQuote } from '../plugin/feed.ts'
import type { HeldBack } from './held-back.ts'
import { countingRows, leapOfEarlier, listDoubts, listLeap, outOfRange } from './list-doubts.ts'
import { OverturnedPrices } from './overturned-prices.ts'
import { isNear, type Reading } from './quote-leaps.ts'
import { measuredFault } from './quote-limits.ts'
import type { SourceQuotes } from './source-priority.ts'
import { type Beside, type Doubt, doubtOf, SourceWatch } from './source-watch.ts'

/** Source name of the prices that the configuration's `prices` holds. */
export const TYPED = 'configuration'

const ACCEPTED = 'accepted by'
/** Feeds whose energy prices follow no market. */
const TARIFFS: ReadonlySet<string> = new Set(['fixed', 'time-of-use'])

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
  readonly #watches = new Map<QuoteName, SourceWatch>()
  /** by name, the newest statements where one of them is held back */
  readonly #doubted = new Map<QuoteName, readonly FeedQuote[]>()
  readonly #overturned: OverturnedPrices
  #heardMs: number | undefined
  #failing: string | undefined
  /** whether it has published since it was last told to be well or failing */
  #hasPublished = false
  #silent = false

  constructor(feed: ConfiguredFeed, rank: SourceQuotes['rank'], log: Log) {
    this.feed = feed
    this.rank = rank
    this.#log = log
    this.#overturned = new OverturnedPrices(feed.name, log)
  }

  quotesOf(name: QuoteName): SourceQuotes {
    return { rank: this.rank, ...(this.#quotes.get(name) ?? { quotes: [], endKnown: false }) }
  }

  /**
   * Sets the quotes that it published before a restart.
   * @param before all quotes of the last day, oldest first: they tell how steady the last one was
   */
  recall(name: QuoteName, quotes: readonly Quote[], before: readonly Quote[] = []): void {
    // of a price list each begin is known ahead; the other times are those of polls
    const endKnown = quotes.some(({ fromMs, knownMs = fromMs }) => knownMs < fromMs)
    this.#quotes.set(name, { quotes, endKnown })
    const last = quotes.at(-1)
    if (!last || endKnown) return
    const alike = before.filter(
      (q) => sourceName(q.source) === this.feed.name && isNear(name, q.value, last.value),
    )
    const isSteady = lastReading(last).atMs - last.fromMs >= HOUR_MS || last.source.includes(ACCEPTED)
    const readings = isSteady ? {} : { readings: Math.max(1, alike.length) }
    this.#watches.set(name, new SourceWatch(name, { ...lastReading(last), ...readings }))
  }

  /**
   * Takes what the feed published for one name; it replaces the feed's earlier quotes. What can't be true is held back, and what leapt
   * until it is confirmed: the last one goes on, and is stale.
   * @param beside what its values are compared with
   * @returns the quotes that were accepted
   */
  take(name: QuoteName, statements: readonly FeedQuote[], beside: Beside, now: number): Quote[] {
    const doubts = this.#doubtsOf(name, statements, { ...beside, isSteady: this.#isTariff }, now)
    this.#hold(name, doubts, statements, now)
    this.#overturned.note(name, this.#watches.get(name)?.takeOverturned(), now)
    const quotes = countingRows(statements, doubts).map((s) => quoteOf(s, this.feed.name, now))
    const known = this.#quotes.get(name)
    if (quotes.length > 0) {
      const intervalMs = statements.find((s) => s.intervalMs !== undefined)?.intervalMs
      const endKnown = statements.some((s) => s.fromMs !== undefined)
      const kept = [...goingOn(known?.quotes ?? [], statements, doubts, quotes), ...quotes]
      this.#quotes.set(name, { quotes: kept, endKnown, ...(intervalMs === undefined ? {} : { intervalMs }) })
      this.#heardMs = now
      this.#hasPublished = true
    } else if (known && !known.endKnown && doubts.size > 0)
      this.#quotes.set(name, { ...known, quotes: endedBy(known.quotes, now) })
    return quotes
  }

  /**
   * The feed's prices of earlier times, oldest first, without those that can't be true. They replace nothing.
   * @param next the first value that is known of the name
   */
  takeEarlier(
    name: QuoteName,
    statements: readonly FeedQuote[],
    next: Reading | undefined,
    now: number,
  ): Quote[] {
    const own = statements.filter((s) => s.name === name)
    const isSteady = this.#isTariff
    const leap = leapOfEarlier(name, own, next, isSteady)
    if (leap) {
      const reason = leap.text
      this.#log.warn('prices of earlier times are left out', { feed: this.feed.name, quote: name, reason })
      return []
    }
    const doubts = this.#isMeasured
      ? listDoubts(name, own, { before: undefined, others: [], isSteady })
      : outOfRange(name, own)
    return countingRows(own, doubts).map((s) => quoteOf(s, this.feed.name, now))
  }

  /**
   * A person says that what is held back is right. @returns the quotes that hold by it; undefined where nothing is held that could be
   */
  accept(name: QuoteName, by: string, beside: Beside, now: number): Quote[] | undefined {
    const held = this.#held.get(name)
    const statements = this.#doubted.get(name)
    if (held?.waitsFor === undefined || !statements) return undefined
    this.#watchOf(name).believe({ value: held.value, atMs: now })
    const accepted = (detail = '') => `${detail}${detail && ', '}${ACCEPTED} ${by}`
    const named = statements.map((s) => (s.value === held.value ? { ...s, detail: accepted(s.detail) } : s))
    return this.take(name, named, beside, now)
  }

  /** Its values of a name now, in use or held back, for the doubts about others. */
  witnesses(name: QuoteName, now: number): number[] {
    if (this.rank === 'typed') return []
    const doubted = this.#watches.get(name)?.doubted
    return [this.fresh(name, now), doubted].flatMap((value) => value ?? [])
  }

  /** Its value of a name that holds now and is fresh; undefined of a typed price, which may be old. */
  fresh(name: QuoteName, now: number): number | undefined {
    if (this.rank === 'typed') return undefined
    return this.#quotes
      .get(name)
      ?.quotes.filter((q) => q.fromMs <= now && !isStale(q, now))
      .at(-1)?.value
  }

  /** How many readings told its value of a name; undefined where it was confirmed, or it has none. */
  readingsOf(name: QuoteName): number | undefined {
    return this.#watches.get(name)?.readings
  }

  /** The value that steady readings have just overturned, where they have. */
  takeOverturned = (name: QuoteName): { value: number; fromMs: number } | undefined =>
    this.#overturned.take(name)

  /** @param reason why the feed fails; undefined while it is well */
  setFailing(reason: string | undefined): void {
    const feed = this.feed.name
    if (reason && !this.#failing) this.#log.warn('a feed fails', { feed, reason })
    if (!reason && this.#failing) this.#log.info('a feed is well again', { feed })
    this.#failing = reason
    this.#silent = reason !== undefined && !this.#hasPublished
    this.#hasPublished = false
  }

  /** What is held back, and for a day what was used and has been overturned. */
  heldBack(now: number): HeldBack[] {
    return [...this.#held.values(), ...this.#overturned.told(now)]
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

  /** A person checked typed prices, so only those of others are compared. */
  get #isMeasured(): boolean {
    return this.rank === 'feed' && this.feed.feed !== 'fixed'
  }

  /** Whether its energy prices follow no market. */
  get #isTariff(): boolean {
    return this.rank === 'typed' || TARIFFS.has(this.feed.feed)
  }

  #watchOf(name: QuoteName): SourceWatch {
    const watch = this.#watches.get(name) ?? new SourceWatch(name)
    this.#watches.set(name, watch)
    return watch
  }

  #doubtsOf(
    name: QuoteName,
    statements: readonly FeedQuote[],
    beside: Beside,
    now: number,
  ): Map<number, Doubt> {
    if (!this.#isMeasured && name !== 'energyUsdPerKwh') return outOfRange(name, statements)
    if (statements.some(({ fromMs }) => fromMs !== undefined)) {
      const firstMs = statements.reduce((least, { fromMs = now }) => Math.min(least, fromMs), now)
      const known = this.#quotes
        .get(name)
        ?.quotes.filter((q) => q.fromMs <= firstMs)
        .at(-1)
      const accepted = this.#watches.get(name)?.believed
      const others = accepted === undefined ? beside.others : [...beside.others, accepted]
      const leap = known ? undefined : listLeap(name, statements, { ...beside, others }, now)
      if (leap) return new Map(statements.map((_, i) => [i, doubtOf(leap)]))
      return listDoubts(name, statements, {
        before: known && { value: known.value, atMs: known.fromMs },
        others,
        isSteady: beside.isSteady ?? false,
      })
    }
    const doubts = outOfRange(name, statements)
    for (const [i, { value, intervalMs }] of statements.entries()) {
      const reason = measuredFault(name, value)
      const doubt =
        doubts.get(i) ??
        (reason ? { reason } : this.#watchOf(name).judge(value, now, { ...beside, intervalMs }))
      if (doubt) doubts.set(i, doubt)
    }
    return doubts
  }

  #hold(
    name: QuoteName,
    doubts: ReadonlyMap<number, Doubt>,
    statements: readonly FeedQuote[],
    now: number,
  ): void {
    const [first] = [...doubts].sort(([a], [b]) => a - b)
    const statement = first && statements[first[0]]
    if (!statement) {
      this.#held.delete(name)
      this.#doubted.delete(name)
      return
    }
    const held = { name, value: statement.value, unit: unitOf(name), source: this.feed.name, ...first[1] }
    const known = this.#held.get(name)
    if (!known) this.#log.warn('a quote is held back', held)
    this.#held.set(name, { ...held, sinceMs: known?.sinceMs ?? now })
    this.#doubted.set(name, statements)
  }
}

/** The quotes of a source that says something else now, which is held back: they are used on, and are stale. */
const endedBy = (quotes: readonly Quote[], now: number): Quote[] =>
  quotes.map((q) => ({ ...q, staleAfterMs: Math.min(q.staleAfterMs ?? Number.POSITIVE_INFINITY, now - 1) }))

/** Of a list whose first rows are held back, its price of before: it is used on until the list goes on, and is stale. */
function goingOn(
  before: readonly Quote[],
  statements: readonly FeedQuote[],
  doubts: ReadonlyMap<number, Doubt>,
  accepted: readonly Quote[],
): Quote[] {
  const begins = [...doubts.keys()].flatMap((i) => statements[i]?.fromMs ?? [])
  const fromMs = Math.min(...begins)
  if (fromMs >= (accepted[0]?.fromMs ?? 0)) return []
  return endedBy(before.filter((quote) => quote.fromMs <= fromMs).slice(-1), fromMs)
}

/** A quote of before as the last value of its source, at the time when it was known to hold. */
export const lastReading = ({ value, fromMs, staleAfterMs }: Quote): Reading => ({
  value,
  atMs: Math.max(fromMs, staleAfterMs ?? fromMs),
})

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
