import { z } from 'zod'

/** Names of the prices and network figures, with the unit of each. */
export const QUOTE_UNITS = {
  btcUsd: 'USD/BTC',
  difficulty: 'difficulty',
  blockHeight: 'blocks',
  feesBtcPerBlock: 'BTC/block',
  energyUsdPerKwh: 'USD/kWh',
} as const
/** What a value of this unit may be; both ends belong to it. */
export interface QuoteRange {
  least: number
  most: number
}
/** By name, the range outside of which a value is of another unit, or has lost its decimal point. Inside of it, `leapOf` compares it with the last. */
export const QUOTE_RANGES: Readonly<Record<keyof typeof QUOTE_UNITS, QuoteRange>> = {
  // 1 USD was reached in February 2011; the most is 80 times the highest of 2025
  btcUsd: { least: 1, most: 1e7 },
  // above the least since 2011; the most is 64 times that of November 2025 (1.56e14)
  difficulty: { least: 1e6, most: 1e16 },
  // 52,560 blocks a year: the most is that of the year 2198
  blockHeight: { least: 0, most: 1e7 },
  // averages of a day: the highest was about 10, 1,495 BTC on 22 December 2017
  feesBtcPerBlock: { least: 0, most: 25 },
  // Lowest limits: -15,000 EUR/MWh (balancing energy, PICASSO), -9,999 (SIDC), -500 (SDAC). Highest: 9,000 USD/MWh (ERCOT until 2021), 20,300 AUD/MWh
  // (AEMO, 2025/26), 15,000 EUR/MWh (PICASSO)
  energyUsdPerKwh: { least: -20, most: 20 },
}
/** Units of a currency for 1 USD: 0.3 KWD, 89,500 LBP; and gold, XAU, by the ounce. */
const FX_RANGE: QuoteRange = { least: 1e-5, most: 1e7 }
/** `fx.EUR`: EUR for 1 USD. Used for display alone: the ledger is in USD. */
export type CurrencyQuote = `fx.${string}`
export type QuoteName = keyof typeof QUOTE_UNITS | CurrencyQuote
export const QUOTE_NAMES = Object.keys(QUOTE_UNITS) as (keyof typeof QUOTE_UNITS)[]

export const CurrencySchema = z.string().regex(/^[A-Z]{3}$/, 'expected an ISO 4217 code such as EUR')
export const currencyQuote = (code: string): CurrencyQuote => `fx.${code}`

const isKnown = (name: string): name is keyof typeof QUOTE_UNITS => Object.hasOwn(QUOTE_UNITS, name)
export const unitOf = (name: QuoteName): string =>
  isKnown(name) ? QUOTE_UNITS[name] : `${name.slice('fx.'.length)}/USD`

export const rangeOf = (name: QuoteName): QuoteRange => (isKnown(name) ? QUOTE_RANGES[name] : FX_RANGE)

const NAME = new RegExp(`^(${QUOTE_NAMES.join('|')}|fx\\.[A-Z]{3})$`)
export const QuoteNameSchema = z
  .string()
  .regex(NAME, `expected one of ${QUOTE_NAMES.join(', ')}, or a currency such as fx.EUR`)
  .meta({
    description: 'fx.EUR and other currencies: units of that currency for 1 USD',
  }) as unknown as z.ZodType<QuoteName, QuoteName>

/** A price or a network figure, its source, and the time from which it holds. */
export const QuoteSchema = z.object({
  name: QuoteNameSchema,
  value: z.number(),
  unit: z.string(),
  /** source, with its detail in brackets: `configuration`, `pushed by desk`, `tickers (median of kraken, coinbase)` */
  source: z.string(),
  /** Unix ms; holds until the next quote of the same name; may lie in the future */
  fromMs: z.number().int(),
  /** Unix ms; after this the quote is stale: still used, and marked as stale */
  staleAfterMs: z.number().int().optional(),
  /** Unix ms; when it was known, where that is not `fromMs`: earlier for a price known ahead, later for one of the past */
  knownMs: z.number().int().optional(),
})
export type Quote = z.infer<typeof QuoteSchema>

/** The quotes that hold at one moment. */
export type Prices = { readonly [N in keyof typeof QUOTE_UNITS]?: Quote } & {
  readonly [N in CurrencyQuote]: Quote
}

export const isStale = ({ staleAfterMs }: Quote, atMs: number): boolean =>
  staleAfterMs !== undefined && atMs > staleAfterMs

/** The source without the detail in brackets. */
export const sourceName = (source: string): string => source.split(' (', 1)[0] ?? source

/** The source with one more detail in its brackets. */
export const withDetail = (source: string, detail: string): string =>
  source.endsWith(')') ? `${source.slice(0, -1)}; ${detail})` : `${source} (${detail})`
