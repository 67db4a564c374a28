import type { Quote } from '../../../../protocol/quote.ts'

const HOUR_MS = 3_600_000
const AHEAD_H = 24

/** A price of energy, and for how many of the next 24 hours it holds. */
export interface PriceHours {
  usdPerKwh: number
  hours: number
}

/** The prices of the 24 h from `nowMs`. Quotes come oldest first; each holds until the next, the last one without end. */
export function priceHours(quotes: readonly Pick<Quote, 'value' | 'fromMs'>[], nowMs: number): PriceHours[] {
  const endMs = nowMs + AHEAD_H * HOUR_MS
  return quotes.flatMap(({ value, fromMs }, i) => {
    const from = Math.max(nowMs, fromMs)
    const to = Math.min(endMs, quotes[i + 1]?.fromMs ?? endMs)
    return to > from ? [{ usdPerKwh: value, hours: (to - from) / HOUR_MS }] : []
  })
}

/** For how many of these hours the price is above `usdPerKwh`, h. */
export const hoursAbove = (prices: readonly PriceHours[], usdPerKwh: number): number =>
  prices.reduce((sum, p) => sum + (p.usdPerKwh > usdPerKwh ? p.hours : 0), 0)
