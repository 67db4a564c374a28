import { isStale, type Quote } from '../../protocol/quote.ts'
import { lastIndexAtOrBefore } from './quote-book.ts'

/** What one source says of one name, oldest first. */
export interface SourceQuotes {
  /** a typed price is a fallback until anybody else has spoken */
  rank: 'pushed' | 'feed' | 'typed'
  quotes: readonly Quote[]
  /** true where the end of the last is known, and not only when it should have been said again */
  endKnown: boolean
}

/**
 * Which of several sources counts, given in their order: the first that is fresh; where none is, the one that was fresh last,
 * which says that it is stale; and what is typed in the configuration only where no other has ever spoken.
 */
function chosenAt(offers: readonly SourceQuotes[], ms: number): Quote | undefined {
  const heard = offers.flatMap(({ rank, quotes }) => {
    const quote = quotes[lastIndexAtOrBefore(quotes, ms)]
    return quote ? [{ rank, quote }] : []
  })
  const spoken = heard.filter(({ rank }) => rank !== 'typed').map(({ quote }) => quote)
  const newest = (a: Quote, b: Quote) => ((b.staleAfterMs ?? 0) > (a.staleAfterMs ?? 0) ? b : a)
  return (
    spoken.find((quote) => !isStale(quote, ms)) ??
    (spoken.length > 0 ? spoken.reduce(newest) : heard[0]?.quote)
  )
}

/**
 * What holds from `nowMs` on as far as anybody has said, oldest first; what holds now has `nowMs` for its begin. A pushed price or a list of them
 * gives way at its end; a polled price may be renewed until then, and gives way when it wasn't.
 */
export function planned(offers: readonly SourceQuotes[], nowMs: number): Quote[] {
  const times = offers.flatMap(({ endKnown, quotes }) =>
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
    const quote = chosenAt(offers, ms)
    const before = plan.at(-1)
    const goesOn =
      before?.value === quote?.value &&
      before?.source === quote?.source &&
      before?.staleAfterMs === quote?.staleAfterMs
    if (quote && !goesOn) plan.push({ ...quote, fromMs: ms })
  }
  return plan
}
