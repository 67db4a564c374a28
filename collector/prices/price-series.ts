import type { QuoteName } from '../../protocol/quote.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { FeedQuote } from '../plugin/feed.ts'
import { lastIndexAtOrBefore } from './quote-book.ts'

/** Prices further ahead are left out: no market publishes that far, and a year's file must not fill the store at once. */
export const AHEAD_MS = 8 * 24 * HOUR_MS
/** Older prices are told once, not at every poll. A collector that was down for this long still finds a price for each minute. */
export const BACK_MS = 40 * 24 * HOUR_MS

/** A price times a unit's factor, without the noise of binary fractions: 45.1 USD/MWh is 0.0451 USD/kWh exactly. */
export const scaled = (value: number, scale: number): number => Number((value * scale).toPrecision(14))

export interface TimedPrice {
  /** Unix ms; the price holds until the next one */
  fromMs: number
  value: number
}

/** The quotes of a series, oldest first. */
export interface SeriesQuotes {
  /** near the present */
  quotes: FeedQuote[]
  /** of the time before those */
  earlier: FeedQuote[]
}

/**
 * A series of prices as quotes, equal neighbours merged. The last price ends after as long as the
 * one before it held, and is stale then. In a list with a regular step a price before a hole ends after one step, and is stale
 * until the list goes on.
 */
export function timed(name: QuoteName, prices: readonly TimedPrice[], nowMs: number): SeriesQuotes {
  const sorted = [...prices].sort((a, b) => a.fromMs - b.fromMs)
  const last = sorted.at(-1)
  if (!last) return { quotes: [], earlier: [] }
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
  // the price that holds at the begin of the near time is the first of it
  const firstNear = Math.max(0, lastIndexAtOrBefore(sorted, nowMs - BACK_MS))
  const near = quotes.slice(firstNear).filter(({ fromMs = 0 }) => fromMs < nowMs + AHEAD_MS)
  return { quotes: merged(near), earlier: merged(quotes.slice(0, firstNear)) }
}

/** Leaves out a price that its neighbour before it has too. The first after a hole is fresh again, though it may be the same. */
const merged = (quotes: readonly FeedQuote[]): FeedQuote[] =>
  quotes.filter((quote, i) => {
    const before = quotes[i - 1]
    return (
      before?.value !== quote.value || before.staleAfterMs !== undefined || quote.staleAfterMs !== undefined
    )
  })

/** Steps of markets that no list of changes has. */
const MARKET_STEP_MS = 30 * MINUTE_MS

/**
 * The step of a list that has a price for each step: the distance of at least three quarters of the neighbours, three at least; or one
 * of half an hour or less, of which all distances are multiples. Undefined for a list of changes.
 */
function regularStepMs(sorted: readonly TimedPrice[]): number | undefined {
  const distances = sorted.slice(1).map(({ fromMs }, i) => fromMs - (sorted[i]?.fromMs ?? 0))
  const shortest = distances.reduce(
    (least, ms) => (ms > 0 && ms < least ? ms : least),
    Number.POSITIVE_INFINITY,
  )
  if (shortest <= MARKET_STEP_MS && distances.every((ms) => ms % shortest === 0)) return shortest
  const counts = new Map<number, number>()
  for (const ms of distances) counts.set(ms, (counts.get(ms) ?? 0) + 1)
  const [step, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
  return step !== undefined && (count ?? 0) >= Math.max(3, 0.75 * distances.length) ? step : undefined
}

const lastStepMs = (sorted: readonly TimedPrice[]): number => {
  const [secondLast, last] = [sorted.at(-2), sorted.at(-1)]
  return secondLast && last ? last.fromMs - secondLast.fromMs : 1
}
