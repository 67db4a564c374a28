import { z } from 'zod'

/** What a price or a network figure is about, with its unit. */
export const QUOTE_UNITS = {
  btcUsd: 'USD/BTC',
  difficulty: 'difficulty',
  blockHeight: 'blocks',
  feesBtcPerBlock: 'BTC/block',
  energyUsdPerKwh: 'USD/kWh',
} as const
export type QuoteName = keyof typeof QUOTE_UNITS
export const QUOTE_NAMES = Object.keys(QUOTE_UNITS) as QuoteName[]

/** A price or a network figure with its source and the time from which it holds. */
export const QuoteSchema = z.object({
  name: z.enum(QUOTE_NAMES as [QuoteName, ...QuoteName[]]),
  value: z.number(),
  unit: z.string(),
  /** who said so: `configuration`, `mempool.space`, `kraken` */
  source: z.string(),
  /** holds from here (Unix ms) until the next quote of the same name */
  fromMs: z.number().int(),
  /** after this it is stale: still used, and marked */
  staleAfterMs: z.number().int().optional(),
})
export type Quote = z.infer<typeof QuoteSchema>

/** The quotes that hold at one moment. */
export type Prices = { readonly [N in QuoteName]?: Quote }

/** Every quote known, by name and time; answers what held when. */
export class QuoteBook {
  readonly #byName = new Map<QuoteName, Quote[]>()

  /** Adds a quote; one of the same name and time replaces the older. Returns false where nothing changed. */
  add(quote: Quote): boolean {
    const list = this.#byName.get(quote.name) ?? []
    this.#byName.set(quote.name, list)
    const i = lastIndexAtOrBefore(list, quote.fromMs)
    const before = list[i]
    if (before?.fromMs === quote.fromMs) {
      if (before.value === quote.value && before.source === quote.source) return false
      list[i] = quote
    } else if (
      before &&
      before.value === quote.value &&
      before.source === quote.source &&
      i === list.length - 1
    ) {
      // the same price again: it holds on, and its age is renewed
      if (quote.staleAfterMs !== undefined) before.staleAfterMs = quote.staleAfterMs
      return false
    } else list.splice(i + 1, 0, quote)
    return true
  }

  /** What held at a moment. Before the first quote of a name, the first one: a price known too late beats none. */
  at(ms: number): Prices {
    const prices: { [N in QuoteName]?: Quote } = {}
    for (const [name, list] of this.#byName) {
      const quote = list[Math.max(0, lastIndexAtOrBefore(list, ms))]
      if (quote) prices[name] = quote
    }
    return prices
  }
}

function lastIndexAtOrBefore(list: readonly Quote[], ms: number): number {
  let i = list.length - 1
  while (i >= 0 && (list[i] as Quote).fromMs > ms) i--
  return i
}
