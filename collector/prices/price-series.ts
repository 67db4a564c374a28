import type { QuoteName } from '../../protocol/quote.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import type { FeedQuote } from '../plugin/feed.ts'

/** Farther ahead than any market publishes; a year's file is not kept in the store at once. */
export const AHEAD_MS = 8 * 24 * HOUR_MS
/** What a collector that was down this long still finds a price for. */
export const BACK_MS = 40 * 24 * HOUR_MS

/** A price times a unit's factor; 45.1 USD/MWh is 0.0451 USD/kWh also to the last digit that anybody reads. */
export const scaled = (value: number, scale: number): number => Number((value * scale).toPrecision(14))

export interface TimedPrice {
  /** Unix ms, holds until the next */
  fromMs: number
  value: number
}

/**
 * Prices by time as a feed says them: those near now, oldest first, the last of them stale when it is over, which is after as
 * long as the one before it held. Equal prices in a row are one.
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
