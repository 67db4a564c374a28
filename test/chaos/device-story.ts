import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Evidence } from './evidence.ts'

/** What the store and the ledger have of one device, a line a record and a minute: to find where its work went. */
export function deviceStory({ stored, closed }: Evidence, deviceId: string): string[] {
  const at = (ms: number) => new Date(ms).toISOString().slice(11, 23)
  const records = stored.intervals.filter((r) => r.deviceId === deviceId)
  const lines = records.map(
    (r) =>
      `${at(r.startMs)} +${r.durationMs} ms: stored work ${r.workDiff1 ?? '-'}, estimated ${r.estimatedWorkDiff1 ?? '-'}, energy ${r.energyMilliJ ?? '-'}${r.recovered ? ', recovered' : ''}`,
  )
  for (const b of stored.byDevice.filter(({ group }) => group === deviceId)) {
    const own = records.filter((r) => minuteOf(r.startMs) === b.startMs)
    const work = own.reduce((sum, r) => sum + (r.workDiff1 ?? 0), 0)
    lines.push(
      `${at(b.startMs)} +${MINUTE_MS} ms: ledger work ${b.workDiff1}, its ${own.length} records have ${work}`,
    )
  }
  for (const [agent, { byKey }] of closed)
    for (const r of byKey.values())
      if (r.deviceId === deviceId)
        lines.push(
          `${at(r.startMs)} +${r.durationMs} ms: sent by ${agent}, work ${r.workDiff1 ?? '-'}${r.recovered ? ', recovered' : ''}`,
        )
  return lines.sort()
}
