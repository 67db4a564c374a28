import { reasonOf } from '../../protocol/kit/errors.ts'
import { ThrottledError } from '../../protocol/kit/http/refusals.ts'
import { backoffMs, withDeadline } from '../../protocol/kit/retry.ts'
import type { Feed, FeedContext, Statement } from '../plugin/feed.ts'

const DEADLINE_MS = 20_000
const LONGEST_WAIT_MS = 10 * 60_000
/** A feed that is asked often is soon asked again, also after a long outage. */
const LONGEST_WAIT_POLLS = 4
const SHORTEST_WAIT_MS = 1_000
/** What was not said again for this many polls is stale. */
const STALE_POLLS = 3

/** What one poll brought; `missing` says why there is not more. */
export interface Polled {
  statements: readonly Statement[]
  missing?: string | undefined
}

/**
 * A feed that asks again and again: a tenth early or late, so that many sites don't ask in step; after a failure sooner than the
 * next poll at first, then ever later, and never before a server that is asked too much allows it.
 * @param read says what holds now; statements without a time of their own get the age of a poll
 */
export function polling(
  { nowMs, random, pause }: FeedContext,
  everyMs: number,
  read: (signal: AbortSignal) => Promise<Polled>,
  deadlineMs = DEADLINE_MS,
): Feed['start'] {
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
          const { statements, missing } = await withDeadline(read, deadlineMs, signal)
          const staleAfterMs = nowMs() + STALE_POLLS * everyMs
          sink.publish(statements.map((s) => (s.fromMs === undefined ? { staleAfterMs, ...s } : s)))
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
