import { isStale, type Quote } from '../../protocol/quote.ts'
import { lastIndexAtOrBefore } from './quote-book.ts'

/** The quotes of one source for one name, oldest first. */
export interface SourceQuotes {
  /** a typed price counts only until another source has published one */
  rank: 'pushed' | 'feed' | 'typed'
  quotes: readonly Quote[]
  /** whether the last quote's `staleAfterMs` is its real end; else it is only the time by which a poll should have renewed it */
  endKnown: boolean
  /** how often the source is asked, ms; absent where its prices have their own begin */
  intervalMs?: number
}

/**
 * Which source counts at a moment. Sources come in order of priority: the first with a fresh quote wins. Where none is fresh, the
 * one that was fresh last wins, and is marked stale. A typed price counts only where no other source ever published one.
 */
function chosenAt(sources: readonly SourceQuotes[], ms: number): Quote | undefined {
  const candidates = sources.flatMap(({ rank, quotes }) => {
    const quote = quotes[lastIndexAtOrBefore(quotes, ms)]
    return quote ? [{ rank, quote }] : []
  })
  const published = candidates.filter(({ rank }) => rank !== 'typed').map(({ quote }) => quote)
  const newest = (a: Quote, b: Quote) => ((b.staleAfterMs ?? 0) > (a.staleAfterMs ?? 0) ? b : a)
  return (
    published.find((quote) => !isStale(quote, ms)) ??
    (published.length > 0 ? published.reduce(newest) : candidates[0]?.quote)
  )
}

/**
 * Which quotes hold from `nowMs` on, as far ahead as the sources know, oldest first. The first begins at `nowMs`. A pushed price or
 * a price list gives way to another source at its end; a polled price may still be renewed, so its end is not planned ahead.
 */
export function planned(sources: readonly SourceQuotes[], nowMs: number): Quote[] {
  const times = sources.flatMap(({ endKnown, quotes }) =>
    quotes
      .slice(Math.max(0, lastIndexAtOrBefore(quotes, nowMs)))
      .flatMap(({ fromMs, staleAfterMs }) => [
        fromMs,
        ...(endKnown && staleAfterMs !== undefined ? [staleAfterMs + 1] : []),
      ]),
  )
  const ahead = [...new Set(times.filter((ms) => ms > nowMs))].sort((a, b) => a - b)
  const plan: Quote[] = []
  for (const ms of [nowMs, ...ahead]) {
    const quote = chosenAt(sources, ms)
    const before = plan.at(-1)
    const goesOn =
      before?.value === quote?.value &&
      before?.source === quote?.source &&
      before?.staleAfterMs === quote?.staleAfterMs
    if (quote && !goesOn) plan.push({ ...quote, fromMs: ms })
  }
  return plan
}

/** A polled price holds since it was read. Where the clock was set back since, it holds from now, not only when that time comes again. */
export const beganBy = (now: number, of: SourceQuotes): SourceQuotes =>
  of.endKnown ? of : { ...of, quotes: of.quotes.map((q) => (q.fromMs > now ? { ...q, fromMs: now } : q)) }
