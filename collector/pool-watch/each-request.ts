import { reasonOf } from '../../protocol/kit/errors.ts'
import { ThrottledError } from '../../protocol/kit/http/refusals.ts'
import type { MissingFigures, PoolReport } from '../plugin/pool.ts'
import { unreadIn } from './pool-rows.ts'

export interface EachRequest {
  /**
   * Makes one request. Where it is refused, late or malformed the figures are noted as missing, and the others are read all the same.
   * @param figures what it tells, in a person's words: `payouts`
   * @returns undefined where it was not answered
   * @throws only the signal's reason
   */
  ask<T>(figures: string, request: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>
  /** What is missing. @throws the first error where no request was answered */
  end(): Pick<PoolReport, 'missing' | 'retryAfterMs'>
}

/** Makes each request of a read alone, so that one that fails costs only its own figures. */
export function eachRequest(signal: AbortSignal): EachRequest {
  const missing: MissingFigures[] = []
  let answered = 0
  let first: { error: unknown } | undefined
  let throttled: ThrottledError | undefined
  return {
    async ask(figures, request) {
      if (throttled) {
        missing.push({ figures, reason: `not asked: ${throttled.message}` })
        return undefined
      }
      try {
        const answer = await request(signal)
        answered++
        for (const unread of unreadIn(answer))
          missing.push({ figures, reason: `${unread}; check whether the pool’s API has changed` })
        return answer
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (error instanceof ThrottledError) throttled = error
        first ??= { error }
        missing.push({ figures, reason: reasonOf(error) })
        return undefined
      }
    },
    end() {
      if (answered === 0 && first) throw first.error
      return {
        ...(missing.length > 0 && { missing }),
        ...(throttled && { retryAfterMs: throttled.retryAfterMs }),
      }
    },
  }
}
