import type { Interval } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Ability } from './abilities.ts'
import { isBeyond, type RecordedSoFar } from './recorded-so-far.ts'

/** Parts of a minute are rounded to ms, and the clock may have been set. */
const SLACK_MS = 1_000
const LATE_MS = 3 * MINUTE_MS

/** GPU time against the clock: a record's against its own length, and that of all owners together against the time that passed. */
export function gpuTimeFault(
  next: RecordedSoFar,
  { gpuMs = 0, busyGpuMs = 0, durationMs }: Interval,
  elapsedMs: number,
  { gpus }: Ability,
): string | undefined {
  const held = Math.max(gpuMs, busyGpuMs)
  if (held === 0) return undefined
  if (held > gpus * durationMs + SLACK_MS)
    return `it has ${held / 1000} GPU-seconds in ${durationMs / 1000} s of ${gpus} GPU${gpus === 1 ? '' : 's'}; look at the agent`
  const possible = gpus * elapsedMs
  const before = { held: next.gpuMs, busy: next.busyGpuMs }
  next.gpuMs = Math.max(0, before.held + gpuMs - possible)
  next.busyGpuMs = Math.max(0, before.busy + busyGpuMs - possible)
  const most = gpus * LATE_MS
  const isHeld = isBeyond(before.held, next.gpuMs, most)
  if (!isHeld && !isBeyond(before.busy, next.busyGpuMs, most)) return undefined
  const beyond = isHeld ? next.gpuMs : next.busyGpuMs
  return `its owners together have ${Math.round(beyond / 1000)} GPU-seconds more than passed; look at the agent`
}
