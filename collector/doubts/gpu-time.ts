import type { Interval } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Ability } from './abilities.ts'
import type { Seen } from './seen.ts'

/** Parts of a minute are rounded to ms, and the clock may have been set. */
const SLACK_MS = 1_000
const LATE_MS = 3 * MINUTE_MS

/** GPU time against the clock: a record's against its own length, and that of all owners together against the time that passed. */
export function gpuTimeFault(
  next: Seen,
  { gpuMs = 0, busyGpuMs = 0, durationMs }: Interval,
  elapsedMs: number,
  { gpus }: Ability,
): string | undefined {
  const held = Math.max(gpuMs, busyGpuMs)
  if (held === 0) return undefined
  if (held > gpus * durationMs + SLACK_MS)
    return `it has ${held / 1000} GPU-seconds in ${durationMs / 1000} s of ${gpus} GPU${gpus === 1 ? '' : 's'}; look at the agent`
  const possible = gpus * elapsedMs
  next.gpuMs = Math.max(0, next.gpuMs + gpuMs - possible)
  next.busyGpuMs = Math.max(0, next.busyGpuMs + busyGpuMs - possible)
  const beyond = Math.max(next.gpuMs, next.busyGpuMs)
  if (beyond <= gpus * LATE_MS) return undefined
  return `its owners together have ${Math.round(beyond / 1000)} GPU-seconds more than passed; look at the agent`
}
