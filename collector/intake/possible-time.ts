import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'
import type { Interval } from '../../protocol/interval.ts'
import { counted } from '../../protocol/kit/counted.ts'
import { PerwattError } from '../../protocol/kit/errors.ts'
import { HOUR_MS } from '../../protocol/units.ts'

/** The first and the last moment that a JavaScript Date can be. */
const LAST_MS = 8.64e15

/**
 * Refuses times at which no record can have been made, all or none: a shift of the wrong sign or size must not carry records out of
 * every list. @param retentionMs how far back the ledger reaches; absent: as far as 1970
 * @throws PerwattError `impossible-time` with the times
 */
export function refuseImpossible(
  records: readonly Interval[],
  { nowMs, retentionMs = nowMs }: { nowMs: number; retentionMs?: number },
): void {
  const firstMs = Math.max(0, nowMs - retentionMs)
  const late = records.filter((r) => r.startMs + r.durationMs > nowMs + CLOCK_TOLERANCE_MS)
  const early = records.filter((r) => r.startMs < firstMs)
  const [wrong, why] =
    late.length > 0
      ? [late, `in the future (it is ${iso(nowMs)})`]
      : [early, firstMs === 0 ? 'before 1970' : `before ${iso(firstMs)}: ${earlyText(retentionMs)}`]
  if (wrong.length === 0) return
  const starts = wrong.map(({ startMs }) => startMs)
  const from = iso(starts.reduce((a, b) => Math.min(a, b)))
  const to = iso(starts.reduce((a, b) => Math.max(a, b)))
  throw new PerwattError(
    'impossible-time',
    `nothing was taken in: ${counted(wrong.length, 'record')} would begin ${from === to ? `at ${from}` : `from ${from} to ${to}`}, ${why}; the shift is the right time minus the time that the record says, in seconds`,
  )
}

const earlyText = (retentionMs: number): string =>
  `the ledger keeps ${Math.round(retentionMs / (24 * HOUR_MS))} days (ledger.retention, or the retention of the database)`

const iso = (ms: number): string => new Date(Math.min(Math.max(ms, -LAST_MS), LAST_MS)).toISOString()
