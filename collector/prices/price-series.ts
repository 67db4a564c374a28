import type { QuoteName } from '../../protocol/quote.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import type { FeedQuote } from '../plugin/feed.ts'

/** Prices further ahead are left out: no market publishes that far, and a year's file must not fill the store at once. */
export const AHEAD_MS = 8 * 24 * HOUR_MS
/** Older prices are left out. A collector that was down for this long still finds a price for each minute. */
export const BACK_MS = 40 * 24 * HOUR_MS

/** A price times a unit's factor, without the noise of binary fractions: 45.1 USD/MWh is 0.0451 USD/kWh exactly. */
export const scaled = (value: number, scale: number): number => Number((value * scale).toPrecision(14))

export interface TimedPrice {
  /** Unix ms; the price holds until the next one */
  fromMs: number
  value: number
}

/**
 * A series of prices as quotes: those near `nowMs`, oldest first, equal neighbours merged. The last price ends after as long as the
 * one before it held, and is stale then.
 */
export function timed(name: QuoteName, prices: readonly TimedPrice[], nowMs: number): FeedQuote[] {
  const sorted = [...prices].sort((a, b) => a.fromMs - b.fromMs)
  const [secondLast, last] = [sorted.at(-2), sorted.at(-1)]
  if (!last) return []
  const staleAfterMs = last.fromMs + (secondLast ? last.fromMs - secondLast.fromMs : 1) - 1
  const near = sorted.filter(
    ({ fromMs }, i) =>
      fromMs < nowMs + AHEAD_MS && (sorted[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY) > nowMs - BACK_MS,
  )
  return near
    .filter(({ value }, i) => i === 0 || value !== near[i - 1]?.value || near[i] === last)
    .map(({ fromMs, value }) => ({
      name,
      value,
      fromMs,
      ...(fromMs === last.fromMs ? { staleAfterMs } : {}),
    }))
}
