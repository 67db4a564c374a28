import { table } from '../../protocol/kit/table.ts'
import type { AuditView } from '../books/audit-views.ts'

/** What a repricing or a decision changed, by workload, as a table. */
export function auditText({ changes, from, to }: AuditView): string {
  if (changes.length === 0) return `done: nothing changed from ${from} to ${to}`
  const usd = (value: number) => value.toFixed(2)
  return table(
    ['workload', 'revenue USD', 'now', 'energy cost USD', 'now', 'kWh', 'now'],
    changes.map(({ before, after }) => [
      before.group,
      usd(before.revenueUsd),
      usd(after.revenueUsd),
      usd(before.costUsd),
      usd(after.costUsd),
      (before.energyJ / 3.6e6).toFixed(3),
      (after.energyJ / 3.6e6).toFixed(3),
    ]),
  )
}
