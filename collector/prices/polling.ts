import { reasonOf } from '../../protocol/kit/errors.ts'
import { ThrottledError } from '../../protocol/kit/http/refusals.ts'
import { backoffMs, withDeadline } from '../../protocol/kit/retry.ts'
import type { FeedContext, FeedQuote, StartFeed } from '../plugin/feed.ts'

const DEADLINE_MS = 20_000
const LONGEST_WAIT_MS = 10 * 60_000
/** After a long outage, a feed that polls often waits at most this many of its polls. */
const LONGEST_WAIT_POLLS = 4
const SHORTEST_WAIT_MS = 1_000
/** A quote that was not renewed for this many polls is stale. */
const STALE_POLLS = 3

/** Result of one poll; `missing` says why some quotes are not in it. */
export interface Polled {
  quotes: readonly FeedQuote[]
  /** prices of times before those of `quotes` */
  earlier?: readonly FeedQuote[] | undefined
  missing?: string | undefined
}

/**
 * Polls with jitter of a tenth either way, so that many sites do not poll in step. After a failure it backs off: the first
 * retry comes before the next poll, later ones after ever longer waits, and none before the server's Retry-After.
 * @param read one poll; a quote without `fromMs` gets the age at which polled quotes are stale, and the interval of the poll
 * @param deadlineMs of one poll
 */
export function polling(
  { nowMs, random, pause }: FeedContext,
  everyMs: number,
  read: (signal: AbortSignal) => Promise<Polled>,
  deadlineMs = DEADLINE_MS,
): StartFeed {
  const longestMs = Math.min(LONGEST_WAIT_MS, LONGEST_WAIT_POLLS * everyMs)
  const waitAfter = (failures: number, error: unknown): number => {
    const leastMs = error instanceof ThrottledError ? error.retryAfterMs : 0
    return Math.max(leastMs, SHORTEST_WAIT_MS + backoffMs(failures, everyMs / 2, longestMs, random))
  }
  return (sink, signal) => {
    const run = async () => {
      let failures = 0
      let waitMs = 0
      do {
        try {
          const { quotes, earlier, missing } = await withDeadline(read, deadlineMs, signal)
          const staleAfterMs = nowMs() + STALE_POLLS * everyMs
          sink.publish(
            quotes.map((s) => (s.fromMs === undefined ? { staleAfterMs, intervalMs: everyMs, ...s } : s)),
          )
          if (earlier && earlier.length > 0) sink.earlier(earlier)
          sink.failing(missing)
          failures = 0
          waitMs = everyMs * (0.9 + 0.2 * random())
        } catch (error) {
          if (signal.aborted) return
          sink.failing(reasonOf(error))
          waitMs = waitAfter(failures++, error)
        }
      } while (await pause(waitMs, signal))
    }
    void run()
  }
}
