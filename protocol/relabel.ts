import { splitExtra } from './extra.ts'
import { INTERVAL_QUANTITIES, type Interval } from './interval.ts'
import { apportion, MINUTE_MS, minuteOf } from './units.ts'

/**
 * A record whose clock was wrong, at the time that was right: one record, or two where the right time crosses a UTC minute. Their
 * quantities add up to the record's exactly, in proportion to time.
 * @param shiftMs right time minus the time that the record says, whole ms
 */
export function relabelled(record: Interval, shiftMs: number): [Interval] | [Interval, Interval] {
  const startMs = record.startMs + shiftMs
  const { durationMs } = record
  const firstMs = minuteOf(startMs) + MINUTE_MS - startMs
  if (durationMs <= firstMs) return [{ ...record, startMs }]
  const lengths = [firstMs, durationMs - firstMs] as const
  const first: Interval = { ...record, startMs, durationMs: lengths[0] }
  const second: Interval = { ...record, startMs: startMs + firstMs, durationMs: lengths[1] }
  for (const name of ['coveredMs', ...INTERVAL_QUANTITIES] as const) {
    const total = record[name]
    if (total === undefined) continue
    const parts = apportion(total, lengths)
    first[name] = parts[0] as number
    second[name] = parts[1] as number
  }
  if (record.extra) [first.extra, second.extra] = splitExtra(record.extra, lengths)
  return [first, second]
}
