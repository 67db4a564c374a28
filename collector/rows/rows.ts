import { PerwattError } from '../../protocol/kit/errors.ts'
import { LEDGER_SUMS, type LedgerRow } from '../economics/ledger-row.ts'
import type { Loss } from '../plugin/audit-store.ts'

/** Rules about rows that every store follows. */

/** The first of the items that share a key. */
export function firstByKey<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const byKey = new Map<string, T>()
  for (const item of items) {
    const key = keyOf(item)
    if (!byKey.has(key)) byKey.set(key, item)
  }
  return [...byKey.values()]
}

/** The last of the items that share a key. */
export const lastByKey = <T>(items: readonly T[], keyOf: (item: T) => string): T[] => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
]

/** At most `limit` of the rows, evenly spread by rank; the newest is among them. */
export const thin = <T>(rows: readonly T[], limit: number): T[] =>
  rows.filter((_, i) => Math.floor(((i + 1) * limit) / rows.length) > Math.floor((i * limit) / rows.length))

/** Checks a number that is stored as an integer. @throws PerwattError `store-refused` rather than round it */
export function whole(store: string, name: string, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number
  throw new PerwattError(
    'store-refused',
    `${store}: ${name} ${value} is not a whole number below 2^53; sending it again won't help`,
  )
}

/**
 * Checks that ledger rows are of the minutes whose rows they replace: those of another minute would be counted beside its own.
 * @throws PerwattError `store-refused`
 */
export function ofMinutes(store: string, minutes: readonly number[], rows: readonly LedgerRow[]): void {
  const replaced = new Set(minutes)
  const stray = rows.find((row) => !replaced.has(row.minuteMs))
  if (stray)
    throw new PerwattError(
      'store-refused',
      `${store}: a ledger row of ${new Date(stray.minuteMs).toISOString()} comes with other minutes, and would be counted twice`,
    )
}

/** Ledger rows without their devices: one row for each minute, workload and rack, with the sums of its devices. */
export function withoutDevices(rows: readonly LedgerRow[]): LedgerRow[] {
  const sums = new Map<string, LedgerRow>()
  for (const row of rows) {
    const { minuteMs, workload, container, rack } = row
    const key = JSON.stringify([minuteMs, workload, container, rack])
    const sum = sums.get(key)
    if (sum) for (const name of LEDGER_SUMS) sum[name] += row[name]
    else sums.set(key, { ...row, agentId: '', deviceId: '', owner: '' })
  }
  return [...sums.values()]
}

export const lossKey = (loss: Loss): string => `${loss.agentId}\n${loss.epoch}\n${loss.seq}`
