import type { Interval } from '../../protocol/interval.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { RecordedSoFar } from './recorded-so-far.ts'
import { begunStretch, coveredBefore } from './stretches.ts'

/** Work that a record tells may have been done this much before it: answers of pools come late, counters stand still. */
const LATE_MS = 10 * MINUTE_MS
/** An agent recovers no longer stretch. */
const RECOVERED_AT_MOST_MS = 7 * 24 * HOUR_MS
/** A record that ends this much before the newest one was made after the agent's clock was set back. */
const SET_BACK_MS = 2 * MINUTE_MS
/** The clock may be set back this often at once, and once more each `BACK_STEP_EVERY_MS`. */
const BACK_STEPS = 6
const BACK_STEP_EVERY_MS = 10 * MINUTE_MS

/**
 * The time in which the device can have done what a record tells, ms, beyond the time of its earlier records. A recovered stretch
 * counts with its whole length since the latest record: a clock that was set back gives no second time. Before the first one there was none: an agent writes a record for each
 * minute of a stretch, so it counts like any other. After a clock was set back, and where minutes of a
 * recovered stretch come after it, only time counts that no earlier record covers. Moves `next` on.
 * @param nowMs collector's clock
 */
export function elapse(
  next: RecordedSoFar,
  { startMs, durationMs, recovered }: Interval,
  nowMs: number,
): number {
  const endMs = startMs + durationMs
  const { upToMs } = next
  const furthestMs = Math.max(next.furthestMs, upToMs)
  next.furthestMs = Math.max(furthestMs, endMs)
  if (upToMs === 0) {
    next.upToMs = endMs
    next.stretchMs = startMs
    return recovered ? durationMs + LATE_MS : durationMs
  }
  if (endMs < upToMs - SET_BACK_MS && mayStepBack(next, nowMs)) {
    begunStretch(next, startMs)
    next.upToMs = endMs
    next.covered = []
    return durationMs - coveredBefore(next, startMs, endMs)
  }
  const newMs = Math.max(0, endMs - upToMs)
  const atOnceMs = durationMs + LATE_MS
  const longMs = recovered ? Math.max(atOnceMs, Math.min(endMs - furthestMs, RECOVERED_AT_MOST_MS)) : atOnceMs
  const fromMs = Math.max(upToMs, endMs - longMs)
  // a recovered stretch covers its minutes, which may come after it; other time that is passed over is not covered
  if (recovered && startMs > upToMs) {
    if (fromMs > upToMs || next.stretchMs === 0) begunStretch(next, fromMs)
  } else if (startMs > upToMs + SET_BACK_MS) begunStretch(next, startMs)
  next.upToMs = Math.max(upToMs, endMs)
  return Math.max(0, Math.min(newMs, longMs) - coveredBefore(next, fromMs, endMs))
}

function mayStepBack(next: RecordedSoFar, nowMs: number): boolean {
  const forgotten = Math.max(0, nowMs - next.backStepMs) / BACK_STEP_EVERY_MS
  const steps = Math.max(0, next.backSteps - forgotten)
  if (steps > BACK_STEPS - 1) return false
  next.backSteps = steps + 1
  next.backStepMs = nowMs
  return true
}
