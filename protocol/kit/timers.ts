/**
 * The longest wait of a timer, ms (24.8 days). A longer one is an overflow: Node fires it after 1 ms, in a loop where
 * it repeats (Node, `timers`: "When delay is larger than 2147483647 or less than 1 or NaN, the delay will be set to 1").
 */
export const LONGEST_WAIT_MS = 2 ** 31 - 1

/** A timer, for `clearTimeout` and `clearInterval`. */
export type Timer = ReturnType<typeof setTimeout>

/**
 * A wait that no timer can overflow. What would be longer ends early, which every caller bears: it looks at its clock again.
 * @throws RangeError where it is no number: such a wait would end at once
 */
export function boundedWaitMs(ms: number): number {
  if (Number.isNaN(ms)) throw new RangeError('a wait must be a number of milliseconds, got NaN')
  return Math.min(Math.max(ms, 0), LONGEST_WAIT_MS)
}

/** Calls `run` once, after `ms`. */
export const after = (ms: number, run: () => void): Timer => setTimeout(run, boundedWaitMs(ms))

/** Calls `run` every `ms`, at least 1 ms apart. */
export const every = (ms: number, run: () => void): Timer => setInterval(run, boundedWaitMs(ms))

/**
 * Calls `run` every `ms`, or less often where it takes long: two thirds of the time stay with what else the event loop has to do. A call
 * that is left out is not made up for.
 * @param steadyMs a clock that never steps
 */
export function everySparing(ms: number, run: () => void, steadyMs = () => performance.now()): Timer {
  let restsUntilMs = Number.NEGATIVE_INFINITY
  return every(ms, () => {
    const beganMs = steadyMs()
    if (beganMs < restsUntilMs) return
    run()
    const endedMs = steadyMs()
    restsUntilMs = endedMs + 2 * (endedMs - beganMs)
  })
}

/** A signal that aborts with a TimeoutError after `ms`, as `AbortSignal.timeout`. It keeps no process alive. */
export function signalAfter(ms: number): AbortSignal {
  const late = new AbortController()
  after(ms, () => late.abort(new DOMException(`no end after ${ms} ms`, 'TimeoutError'))).unref()
  return late.signal
}
