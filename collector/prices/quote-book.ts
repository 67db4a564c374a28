import { isStale, type Prices, type Quote, type QuoteName } from '../../protocol/quote.ts'
import { HOUR_MS, minuteOf } from '../../protocol/units.ts'
import { assumedSource, isAssumed } from './assumed.ts'
import { weightedPrice } from './weighted-price.ts'

/** A price that goes on unchanged is stored with its new end as often as this, so that a restart knows until when it was fresh. */
const STORED_EVERY_MS = HOUR_MS

/** A past time of one name for which prices have come. `fromMs` inclusive, `toMs` exclusive. */
export interface FilledTime {
  name: QuoteName
  fromMs: number
  toMs: number
  /** from here on they may take the place of others, which had only gone on or were assumed; absent where they can't */
  replacedFromMs?: number
}

/** All quotes, past and planned, by name and time: which price holds when. Before a name's first quote, no price holds. */
export class QuoteBook {
  readonly #byName = new Map<QuoteName, Quote[]>()
  /** by name, the end of the present quote as the store has it */
  readonly #storedEndMs = new Map<QuoteName, { fromMs: number; endMs: number }>()

  /** Adds a quote; it replaces one of the same name and time. @returns false where nothing changed */
  add(quote: Quote): boolean {
    if (this.#gaveWay(quote)) return false
    const list = this.#list(quote.name)
    const i = lastIndexAtOrBefore(list, quote.fromMs)
    const before = list[i]
    if (before && isSame(before, quote)) {
      if (before.fromMs === quote.fromMs) return false
      if (i === list.length - 1 && !isStale(before, quote.fromMs)) {
        // the same price again: it keeps its begin, and is fresh for longer
        if (quote.staleAfterMs !== undefined) list[i] = { ...before, staleAfterMs: quote.staleAfterMs }
        return false
      }
    }
    put(list, quote)
    return true
  }

  /** Adds quotes that a store kept, oldest first: the book is then what it was when they were stored. */
  load(quotes: readonly Quote[]): void {
    for (const quote of quotes) if (!this.#gaveWay(quote)) put(this.#list(quote.name), quote)
  }

  /** Forgets all quotes but those of the time before these, and has these instead, oldest first. */
  replace(quotes: readonly Quote[]): void {
    const had = [...this.#byName]
    this.#byName.clear()
    this.#storedEndMs.clear()
    this.load(quotes)
    for (const [name, list] of had) if (this.#byName.has(name)) this.fillBefore(name, list)
  }

  /**
   * Replaces everything of a name from `nowMs` on with these quotes, oldest first. Where the first equals the quote that holds now,
   * that one keeps its begin, unless it has become stale: the time in between stays stale. A planned quote that is no longer
   * planned is overwritten, at its own time, by the quote before it: so a store that replaces by time overwrites it too.
   * @param backMs where no price was known, the first quote also holds for this time before `nowMs`
   * @returns the quotes to store
   */
  plan(name: QuoteName, nowMs: number, quotes: readonly Quote[], backMs = 0): Quote[] {
    const first = quotes.find((quote) => quote.fromMs <= nowMs)
    const later = quotes.filter((quote) => quote.fromMs > nowMs)
    const list = this.#list(name)
    const changed: Quote[] = []
    const change = (quote: Quote) => {
      put(list, quote)
      changed.push(quote)
    }
    const present = list[lastIndexAtOrBefore(list, nowMs)]
    if (first && present && isSame(present, first) && (!isStale(present, nowMs) || isStale(first, nowMs)))
      changed.push(...this.#renew(list, present, first))
    else if (first) {
      const { knownMs: _, ...begun } = first
      change({ ...begun, fromMs: nowMs })
      if (present === undefined && backMs > 0) change(assumed(begun, nowMs - backMs, nowMs))
    }
    for (const quote of later) {
      const planned = list[lastIndexAtOrBefore(list, quote.fromMs)]
      if (planned?.fromMs !== quote.fromMs || !isSame(planned, quote) || !endsAlike(planned, quote))
        change(quote)
    }
    const plannedMs = new Set(later.map((quote) => quote.fromMs))
    for (let j = Math.max(1, lastIndexAtOrBefore(list, nowMs) + 1); j < list.length; j++) {
      const [before, quote] = list.slice(j - 1, j + 1) as [Quote, Quote]
      if (!plannedMs.has(quote.fromMs) && !isSame(before, quote)) change({ ...before, fromMs: quote.fromMs })
    }
    return changed
  }

  /**
   * Adds quotes of the time before the first known one. Others are left out. What was only assumed of that time gives way to them.
   * @param quotes oldest first @returns the time that they fill; undefined where they fill none
   */
  fillBefore(name: QuoteName, quotes: readonly Quote[]): FilledTime | undefined {
    const list = this.#list(name)
    const endMs = this.knownSince(name) ?? Number.POSITIVE_INFINITY
    const rows = quotes.filter((quote) => quote.fromMs < endMs)
    const [oldest] = rows
    if (!oldest) return undefined
    const before = list.filter((quote) => quote.fromMs < endMs && quote.fromMs < oldest.fromMs)
    const known = list.filter((quote) => quote.fromMs >= endMs)
    const replacedFromMs = list[0] && minuteOf(list[0].fromMs)
    this.#byName.set(name, [...before, ...rows, ...known])
    const filled = { name, fromMs: oldest.fromMs, toMs: endMs }
    return replacedFromMs === undefined ? filled : { ...filled, replacedFromMs }
  }

  /**
   * The past times for which prices came after they had begun, newest first. A minute of them may still have the price that went on, or was assumed,
   * where the collector stopped before it was settled again.
   * @param name @param nowMs nothing later is looked at
   */
  toldLate(name: QuoteName, nowMs: number): FilledTime[] {
    const times: FilledTime[] = []
    const list = this.#byName.get(name) ?? []
    for (const [i, { fromMs, knownMs = fromMs }] of list.entries()) {
      if (knownMs <= fromMs || fromMs >= nowMs) continue
      const toMs = Math.min(knownMs, list[i + 1]?.fromMs ?? knownMs, nowMs)
      const last = times.at(-1)
      if (last?.toMs === fromMs) last.toMs = toMs
      else times.push({ name, fromMs, toMs, replacedFromMs: fromMs })
    }
    return times.toReversed()
  }

  /** Begin of the first quote that is not assumed, Unix ms; undefined where there is none. */
  knownSince(name: QuoteName): number | undefined {
    return this.#byName.get(name)?.find((quote) => !isAssumed(quote))?.fromMs
  }

  /** The prices at a moment. A name has none before its first quote. */
  at(ms: number): Prices {
    const prices: Record<string, Quote> = {}
    for (const [name, list] of this.#byName) {
      const quote = list[lastIndexAtOrBefore(list, ms)]
      if (quote) prices[name] = quote
    }
    return prices as Prices
  }

  /**
   * The prices for [fromMs, toMs): those at its begin, else the first that begins within. The energy price is weighted by time where
   * it changes within. Energy is metered by the minute, so a change within a minute can't be priced more closely.
   */
  over(fromMs: number, toMs: number): Prices {
    const prices: Record<string, Quote> = {}
    for (const [name, list] of this.#byName) {
      const quote = list[Math.max(0, lastIndexAtOrBefore(list, fromMs))]
      if (quote && quote.fromMs < toMs) prices[name] = quote
    }
    const energy = weightedPrice(this.between('energyUsdPerKwh', fromMs, toMs), fromMs, toMs)
    return { ...prices, ...(energy && { energyUsdPerKwh: energy }) } as Prices
  }

  /** The quotes of a name that hold anywhere in [fromMs, toMs), oldest first. */
  between(name: QuoteName, fromMs: number, toMs: number): Quote[] {
    const list = this.#byName.get(name) ?? []
    return list.slice(Math.max(0, lastIndexAtOrBefore(list, fromMs)), lastIndexAtOrBefore(list, toMs - 1) + 1)
  }

  names(): QuoteName[] {
    return [...this.#byName.keys()]
  }

  /** The present quote goes on, with the end that its source says now. @returns it where the store should know that end */
  #renew(list: Quote[], present: Quote, { staleAfterMs }: Quote): Quote[] {
    const { staleAfterMs: endMs = 0, ...kept } = present
    const renewed = staleAfterMs === undefined ? kept : { ...kept, staleAfterMs }
    list[list.indexOf(present)] = renewed
    const stored = this.#storedEndMs.get(present.name) ?? { fromMs: present.fromMs, endMs }
    const laterMs = (staleAfterMs ?? 0) - stored.endMs
    // one that ends earlier than it was to is stored at once
    const isKnown = stored.fromMs === present.fromMs && laterMs >= 0 && laterMs < STORED_EVERY_MS
    this.#storedEndMs.set(
      present.name,
      isKnown ? stored : { fromMs: present.fromMs, endMs: staleAfterMs ?? 0 },
    )
    return isKnown ? [] : [renewed]
  }

  /** A store keeps what was assumed of a time though it gave way to a price that was known later. */
  #gaveWay(quote: Quote): boolean {
    return isAssumed(quote) && (this.knownSince(quote.name) ?? Number.POSITIVE_INFINITY) <= quote.fromMs
  }

  #list(name: QuoteName): Quote[] {
    const list = this.#byName.get(name) ?? []
    this.#byName.set(name, list)
    return list
  }
}

/** A quote for the time shortly before it was first known, which its source says. */
function assumed(quote: Quote, fromMs: number, knownMs: number): Quote {
  return { ...quote, source: assumedSource(quote.source), fromMs, knownMs }
}

const isSame = (a: Quote, b: Quote): boolean => a.value === b.value && a.source === b.source
const endsAlike = (a: Quote, b: Quote): boolean => a.staleAfterMs === b.staleAfterMs

function put(list: Quote[], quote: Quote): void {
  const i = lastIndexAtOrBefore(list, quote.fromMs)
  const replaces = list[i]?.fromMs === quote.fromMs
  list.splice(replaces ? i : i + 1, replaces ? 1 : 0, quote)
}

/** Index of the last quote that begins at or before `ms`, -1 where all are later. Binary search: a busy feed has 100,000 quotes a year. */
export function lastIndexAtOrBefore(list: readonly { fromMs: number }[], ms: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] as { fromMs: number }).fromMs <= ms) low = middle + 1
    else high = middle
  }
  return low - 1
}
