import { setTimeout as sleep } from 'node:timers/promises'

/** A deadline passed: it knows how long it was, and not who was asked. */
export class NoAnswer extends Error {}

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

/** What work that goes on in the background finds as the reason of its signal. Made once: an abort without one builds an error. */
const OVER = new Error('nobody waits for this any more')

/**
 * Work that is aborted at a deadline or by a signal, and then not waited for. Rejects with the work’s own word, or the reason of
 * the abort. The signal is listened to only meanwhile: one that lives as long as the program may serve any number of waits.
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  ms: number,
  signal?: AbortSignal,
): Promise<T> {
  const own = new AbortController()
  let fail = () => {}
  const expired = new Promise<never>((_, reject) => {
    // the work, aborted, may know better than "no answer" what went wrong: it speaks first
    fail = () => {
      setImmediate(() => reject(own.signal.reason))
    }
  })
  own.signal.addEventListener('abort', fail, { once: true })
  const leave = () => own.abort(signal?.reason)
  const timer = setTimeout(() => own.abort(new NoAnswer(`no answer in ${ms} ms`)), ms)
  signal?.addEventListener('abort', leave, { once: true })
  if (signal?.aborted) leave()
  try {
    return await Promise.race([work(own.signal), expired])
  } catch (error) {
    // "The operation was aborted" is no word of its own
    throw own.signal.aborted && error instanceof Error && error.name === 'AbortError'
      ? own.signal.reason
      : error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
    own.signal.removeEventListener('abort', fail)
    own.abort(OVER)
  }
}
