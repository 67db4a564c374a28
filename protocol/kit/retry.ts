import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, boundedWaitMs } from './timers.ts'

/** A deadline passed. The message names its length; the caller adds who did not answer. */
export class NoAnswer extends Error {}

/**
 * Exponential back-off with full jitter: a random wait between 0 and min(capMs, baseMs * 2^attempt). Jitter keeps a thousand
 * agents that lost one broker from returning at the same moment.
 * @param attempt 0 for the first repeat
 */
export function backoffMs(
  attempt: number,
  baseMs: number,
  capMs: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30))
}

/** Waits. @returns true after `ms`; false at once when the signal aborts. Never throws. */
export async function pause(ms: number, signal?: AbortSignal): Promise<boolean> {
  try {
    await sleep(boundedWaitMs(ms), undefined, signal ? { signal } : {})
    return true
  } catch {
    return false
  }
}

/** The deadline behind the signal of a `withDeadline`. */
export interface Deadline {
  /** its whole length, ms */
  ms: number
  /** when it passes, ms of `performance.now()` */
  readonly atMs: number
  /** whether `extend` may move it */
  readonly isFlexible: boolean
  /** Something was answered: it passes `ms` from now, if it may be so long, and so do those around it. */
  extend(): void
}

const deadlines = new WeakMap<AbortSignal, Deadline>()

/** The deadline of a signal that `withDeadline` has passed to its work; undefined for any other signal. */
export const deadlineOf = (signal: AbortSignal): Deadline | undefined => deadlines.get(signal)

/** Reason of the signal of work that goes on after its result no longer counts. One object for all: abort() alone would build an error each time. */
const OVER = new Error('the call has ended, and its result no longer counts')

/**
 * Runs work with a deadline. At the deadline, or when `signal` aborts, the work's own signal aborts and the call rejects without
 * waiting for the work: with the work's own error where it throws one at once, else with the reason of the abort. The listener on
 * `signal` is removed at the end, so one signal may serve any number of calls.
 * @param mostMs `Deadline.extend` moves the deadline up to so long after the start; absent: it stays
 * @throws NoAnswer at the deadline
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  ms: number,
  signal?: AbortSignal,
  mostMs = ms,
): Promise<T> {
  const own = new AbortController()
  // a detection asks many things at once, and each listens
  setMaxListeners(0, own.signal)
  let fail = () => {}
  const expired = new Promise<never>((_, reject) => {
    // the aborted work may throw a better error than "no answer": let it reject first
    fail = () => {
      setImmediate(() => reject(own.signal.reason))
    }
  })
  const end = (reason: unknown) => {
    if (own.signal.aborted) return
    own.abort(reason)
    fail()
  }
  const expire = () => end(new NoAnswer(`no answer in ${ms} ms`))
  const around = signal && deadlines.get(signal)
  const startMs = performance.now()
  let atMs = startMs + ms
  let timer: NodeJS.Timeout
  deadlines.set(own.signal, {
    ms,
    isFlexible: mostMs > ms,
    get atMs() {
      return atMs
    },
    extend() {
      around?.extend()
      const nowMs = performance.now()
      const laterMs = Math.min(startMs + mostMs, nowMs + ms)
      if (laterMs <= atMs || own.signal.aborted) return
      atMs = laterMs
      clearTimeout(timer)
      timer = after(atMs - nowMs, expire)
    },
  })
  const leave = () => end(signal?.reason)
  timer = after(ms, expire)
  signal?.addEventListener('abort', leave, { once: true })
  if (signal?.aborted) leave()
  try {
    return await Promise.race([work(own.signal), expired])
  } catch (error) {
    // "The operation was aborted" says less than the reason of the abort
    throw own.signal.aborted && error instanceof Error && error.name === 'AbortError'
      ? own.signal.reason
      : error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
    own.abort(OVER)
  }
}
