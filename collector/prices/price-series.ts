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
 * one before it held, and is stale then. In a list with a regular step a price before a hole ends after one step, and is stale
 * until the list goes on.
 */
export function timed(name: QuoteName, prices: readonly TimedPrice[], nowMs: number): FeedQuote[] {
  const sorted = [...prices].sort((a, b) => a.fromMs - b.fromMs)
  const last = sorted.at(-1)
  if (!last) return []
  const stepMs = regularStepMs(sorted)
  const endMs = (i: number): number | undefined => {
    const [begin, next] = [sorted[i]?.fromMs ?? 0, sorted[i + 1]?.fromMs]
    if (next === undefined) return begin + (stepMs ?? lastStepMs(sorted))
    return stepMs !== undefined && next > begin + stepMs ? begin + stepMs : undefined
  }
  const quotes = sorted.map(({ fromMs, value }, i): FeedQuote => {
    const end = endMs(i)
    return { name, value, fromMs, ...(end === undefined ? {} : { staleAfterMs: end - 1 }) }
  })
  const near = quotes.filter(
    ({ fromMs = 0 }, i) =>
      fromMs < nowMs + AHEAD_MS && (sorted[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY) > nowMs - BACK_MS,
  )
  return near.filter((quote, i) => {
    const before = near[i - 1]
    // the first price after a hole is fresh again, though it may be the same
    return (
      before?.value !== quote.value || before.staleAfterMs !== undefined || quote.staleAfterMs !== undefined
    )
  })
}

/** The distance that nearly all neighbours have: three quarters of at least eight. Undefined for a list of changes. */
function regularStepMs(sorted: readonly TimedPrice[]): number | undefined {
  const counts = new Map<number, number>()
  for (let i = 1; i < sorted.length; i++) {
    const step = (sorted[i]?.fromMs ?? 0) - (sorted[i - 1]?.fromMs ?? 0)
    counts.set(step, (counts.get(step) ?? 0) + 1)
  }
  const [step, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
  const distances = sorted.length - 1
  return distances >= 8 && step !== undefined && (count ?? 0) >= 0.75 * distances ? step : undefined
}

const lastStepMs = (sorted: readonly TimedPrice[]): number => {
  const [secondLast, last] = [sorted.at(-2), sorted.at(-1)]
  return secondLast && last ? last.fromMs - secondLast.fromMs : 1
}
