import type { Interval } from '../../protocol/interval.ts'
import { ownerKey } from '../../protocol/owner.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import { type Covered, isBeyond, type RecordedSoFar } from './recorded-so-far.ts'
import { coveredBefore } from './stretches.ts'

/** A clock that is set back by seconds makes the agent cover them twice. */
const OVERLAP_MS = 5 * MINUTE_MS
/** Of the time that passes, this part may be covered twice for ever: a clock that is set again and again. */
const OVERLAP_RATIO = 1 / 120

/**
 * Coverage against the clock: a record covers at most its own time, and one owner's records cover no time twice, but for what a clock
 * that was set back by minutes explains. Further back no time counts again, whoever owned it: an agent whose clock is set by more holds its records
 * until they have their right time.
 */
export function coverageFault(next: RecordedSoFar, record: Interval, elapsedMs: number): string | undefined {
  const { startMs, durationMs, coveredMs, owner } = record
  if (coveredMs > durationMs)
    return `it covers ${coveredMs / 1000} s of a time of ${durationMs / 1000} s; look at the agent`
  const overlapMs = Math.min(
    coveredMs,
    noteCovered(next, owner, startMs, startMs + durationMs) +
      coveredBefore(next, startMs, startMs + durationMs),
  )
  const before = next.overlapMs
  next.overlapMs = Math.max(0, before + overlapMs - elapsedMs * OVERLAP_RATIO)
  if (!isBeyond(before, next.overlapMs, OVERLAP_MS)) return undefined
  return `its owner's records cover ${Math.round(next.overlapMs / 1000)} s twice; look whether two agents of one name run`
}

/** Notes the time that a record covers. @returns how much of it the owner's earlier records cover, ms */
function noteCovered(next: RecordedSoFar, owner: Covered['owner'], startMs: number, endMs: number): number {
  const { covered } = next
  // nothing earlier reaches into it, as is usual
  if (covered.every(({ upToMs }) => upToMs <= startMs)) {
    next.covered = [{ owner, upToMs: endMs }]
    return 0
  }
  const key = ownerKey(owner)
  const earlier = covered.find((other) => other.owner === owner || ownerKey(other.owner) === key)
  const upToMs = Math.max(earlier?.upToMs ?? 0, endMs)
  next.covered = [...covered.filter((other) => other !== earlier), { owner, upToMs }]
  return earlier ? Math.max(0, Math.min(earlier.upToMs, endMs) - startMs) : 0
}
