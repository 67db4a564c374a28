import { type Prices, type Quote, type QuoteName, sourceName } from '../../protocol/quote.ts'

/** All quotes, past and planned, by name and time: which price holds when. */
export class QuoteBook {
  readonly #byName = new Map<QuoteName, Quote[]>()

  /** Adds a quote; it replaces one of the same name and time. @returns false where nothing changed */
  add(quote: Quote): boolean {
    const list = this.#list(quote.name)
    const i = lastIndexAtOrBefore(list, quote.fromMs)
    const before = list[i]
    if (before && isSame(before, quote)) {
      if (before.fromMs === quote.fromMs) return false
      if (i === list.length - 1) {
        // the same price again: it keeps its begin, and is fresh for longer
        if (quote.staleAfterMs !== undefined) list[i] = { ...quote, fromMs: before.fromMs }
        return false
      }
    }
    put(list, quote)
    return true
  }

  /**
   * Replaces everything of a name from `nowMs` on with these quotes, oldest first. Where the first equals the quote that holds now,
   * that one keeps its begin. A planned quote that is no longer planned is overwritten, at its own time, by the quote before it: so
   * a store that replaces by time overwrites it too.
   * @returns the quotes to store
   */
  plan(name: QuoteName, nowMs: number, quotes: readonly Quote[]): Quote[] {
    const first = quotes.find((quote) => quote.fromMs <= nowMs)
    const later = quotes.filter((quote) => quote.fromMs > nowMs)
    const list = this.#list(name)
    const changed: Quote[] = []
    const change = (quote: Quote) => {
      put(list, quote)
      changed.push(quote)
    }
    const i = lastIndexAtOrBefore(list, nowMs)
    const present = list[i]
    if (first && present && isSame(present, first)) list[i] = { ...first, fromMs: present.fromMs }
    else if (first) change({ ...first, fromMs: nowMs })
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

  /** The prices at a moment. Before a name's first quote, that first one: a price known too late is better than none. */
  at(ms: number): Prices {
    const prices: Record<string, Quote> = {}
    for (const [name, list] of this.#byName) {
      const quote = list[Math.max(0, lastIndexAtOrBefore(list, ms))]
      if (quote) prices[name] = quote
    }
    return prices as Prices
  }

  /**
   * The prices for [fromMs, toMs): those at its begin, but the energy price is weighted by time where it changes within. Energy is
   * metered by the minute, so a change within a minute can't be priced more closely.
   */
  over(fromMs: number, toMs: number): Prices {
    const prices = this.at(fromMs)
    const parts = this.between('energyUsdPerKwh', fromMs, toMs).map((quote, i, all) => ({
      quote,
      ms: (all[i + 1]?.fromMs ?? toMs) - (i === 0 ? fromMs : quote.fromMs),
    }))
    const first = parts[0]?.quote
    if (!first || parts.every(({ quote }) => quote.value === first.value)) return prices
    const value = parts.reduce((sum, { quote, ms }) => sum + quote.value * ms, 0) / (toMs - fromMs)
    const detail = parts.map(({ quote, ms }) => `${ms / 1000} s at ${quote.value}`).join(', ')
    const source = `${sourceName(first.source)} (${detail})`
    return { ...prices, energyUsdPerKwh: { ...first, value, source } }
  }

  /** The quotes of a name that hold anywhere in [fromMs, toMs), oldest first. */
  between(name: QuoteName, fromMs: number, toMs: number): Quote[] {
    const list = this.#byName.get(name) ?? []
    return list.slice(Math.max(0, lastIndexAtOrBefore(list, fromMs)), lastIndexAtOrBefore(list, toMs - 1) + 1)
  }

  names(): QuoteName[] {
    return [...this.#byName.keys()]
  }

  #list(name: QuoteName): Quote[] {
    const list = this.#byName.get(name) ?? []
    this.#byName.set(name, list)
    return list
  }
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
