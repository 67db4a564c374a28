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
  /** its own end where the list tells it, Unix ms */
  toMs?: number
  /** absent: the list has the time, but no price for it, and the price before it ends */
  value?: number
}

/** The quotes of a series, oldest first. */
export interface SeriesQuotes {
  /** near the present */
  quotes: FeedQuote[]
  /** of the time before those */
  earlier: FeedQuote[]
}

/**
 * A series of prices as quotes, equal neighbours merged. A price before a hole is stale from its end until the list goes on: its own end
 * where the list tells that, else by the step of the list there. So is the last one; its step is that of the price before it.
 */
export function timed(name: QuoteName, prices: readonly TimedPrice[], nowMs: number): SeriesQuotes {
  const sorted = [...prices].sort((a, b) => a.fromMs - b.fromMs)
  const steps = stepsOf(sorted)
  const quotes = sorted.map(({ fromMs, toMs, value }, i): FeedQuote | undefined => {
    if (value === undefined) return undefined
    const next = sorted[i + 1]
    const ownEndMs =
      toMs !== undefined && toMs > fromMs ? toMs : fromMs + (steps[i] ?? Number.POSITIVE_INFINITY)
    const endMs = next && next.value === undefined ? Math.min(ownEndMs, next.fromMs) : ownEndMs
    const isFollowed = next?.value !== undefined && next.fromMs <= endMs
    return {
      name,
      value,
      fromMs,
      ...(isFollowed || endMs === Number.POSITIVE_INFINITY ? {} : { staleAfterMs: endMs - 1 }),
    }
  })
  // the price that holds at the begin of the near time is the first of it
  const firstNear = Math.max(0, lastIndexAtOrBefore(sorted, nowMs - BACK_MS))
  const near = known(quotes.slice(firstNear)).filter(({ fromMs = 0 }) => fromMs < nowMs + AHEAD_MS)
  return { quotes: merged(near), earlier: merged(known(quotes.slice(0, firstNear))) }
}

const known = (quotes: readonly (FeedQuote | undefined)[]): FeedQuote[] =>
  quotes.filter((quote) => quote !== undefined)

/** Leaves out a price that only repeats the one before it. Where one of the two has an end there is a hole between them, so both stay. */
const merged = (quotes: readonly FeedQuote[]): FeedQuote[] =>
  quotes.filter((quote, i) => {
    const before = quotes[i - 1]
    return (
      before?.value !== quote.value || before.staleAfterMs !== undefined || quote.staleAfterMs !== undefined
    )
  })

/** Steps of markets that no list of changes has, and one that a list of changes has seldom. */
const MARKET_STEP_MS = 30 * MINUTE_MS
const LONGEST_MARKET_STEP_MS = HOUR_MS
/** Distances on each side of a row that tell the step there: a market may change from hours to quarters within a list. */
const NEAR = 8

/**
 * For each price how long it holds at most where the list does not tell its end, ms; undefined: until the next one. Distances above the
 * usual one near a price are holes. A list without regular steps is one of changes, and has no holes.
 */
function stepsOf(sorted: readonly TimedPrice[]): (number | undefined)[] {
  const distances = sorted.slice(1).map(({ fromMs }, i) => fromMs - (sorted[i]?.fromMs ?? 0))
  const regular = isRegular(distances)
  const steps = distances.map((ms, i) => (regular ? stepAt(distances, i, ms) : undefined))
  const lastMs = distances.at(-1)
  // the smallest time where there is one price alone
  const lastStepMs = lastMs === undefined ? 1 : Math.min(lastMs, steps.at(-1) ?? lastMs)
  return sorted.length === 0 ? [] : [...steps, lastStepMs]
}

/** A market's step that the next distance has too is a step; another distance is held against the commonest one near it. */
function stepAt(distances: readonly number[], i: number, ms: number): number {
  const isStep = ms <= LONGEST_MARKET_STEP_MS && (distances[i - 1] === ms || distances[i + 1] === ms)
  return isStep ? ms : (commonest(distances.slice(Math.max(0, i - NEAR), i + NEAR + 1))?.ms ?? ms)
}

/**
 * Whether a list has a price for each step: all distances are multiples of the shortest, which is half an hour or less, or an hour and
 * half of them; or three quarters of the distances, three at least, are the same.
 */
function isRegular(distances: readonly number[]): boolean {
  const shortest = distances.reduce(
    (least, ms) => (ms > 0 && ms < least ? ms : least),
    Number.POSITIVE_INFINITY,
  )
  const count = distances.filter((ms) => ms === shortest).length
  const isMarket =
    shortest <= MARKET_STEP_MS || (shortest <= LONGEST_MARKET_STEP_MS && 2 * count >= distances.length)
  if (isMarket && distances.every((ms) => ms % shortest === 0)) return true
  const common = commonest(distances)
  return common !== undefined && common.count >= Math.max(3, 0.75 * distances.length)
}

/** The commonest of some distances, the shortest of several. */
function commonest(distances: readonly number[]): { ms: number; count: number } | undefined {
  const counts = new Map<number, number>()
  for (const ms of distances) if (ms > 0) counts.set(ms, (counts.get(ms) ?? 0) + 1)
  const [first] = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])
  return first && { ms: first[0], count: first[1] }
}
