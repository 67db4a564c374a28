import { setTimeout as sleep } from 'node:timers/promises'

/**
 * How long to wait before try number `attempt` (0 is the first repeat): full jitter, so that a thousand agents that lost
 * one broker don't return in step. Exponential between `baseMs` and `capMs`.
 */
export function backoffMs(
  attempt: number,
  baseMs: number,
  capMs: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30))
}

/** Waits; returns false at once when the signal ends the wait. Never throws. */
export async function pause(ms: number, signal?: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {})
    return true
  } catch {
    return false
  }
}

/** Work that is aborted at a deadline or by a signal, and then not waited for. Rejects with the work’s own word, or the reason of the abort. */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  ms: number,
  signal?: AbortSignal,
): Promise<T> {
  const own = new AbortController()
  const both = signal ? AbortSignal.any([signal, own.signal]) : own.signal
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    // the work, aborted, may know better than "no answer" what went wrong: it speaks first
    const fail = () => {
      setImmediate(() => reject(both.reason))
    }
    if (both.aborted) {
      fail()
      return
    }
    both.addEventListener('abort', fail, { once: true })
    timer = setTimeout(() => own.abort(new Error(`no answer in ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work(both), expired])
  } catch (error) {
    // "The operation was aborted" is no word of its own
    throw both.aborted && error instanceof Error && error.name === 'AbortError' ? both.reason : error
  } finally {
    clearTimeout(timer)
    own.abort()
  }
}
