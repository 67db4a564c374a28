import { currencyQuote, isStale, type Prices } from '../../protocol/quote.ts'
import type { SiteView } from '../views/site.ts'

/** The currency in which screens show money, with its rate. Empty for USD, and where no rate is known. */
export function displayCurrency(
  code: string,
  prices: Prices,
  atMs: number,
): Pick<SiteView, 'displayCurrency'> {
  const quote = code === 'USD' ? undefined : prices[currencyQuote(code)]
  return quote ? { displayCurrency: { code, perUsd: quote.value, stale: isStale(quote, atMs) } } : {}
}
