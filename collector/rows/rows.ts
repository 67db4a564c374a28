import { PerwattError } from '../../protocol/kit/errors.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { LEDGER_SUMS, type LedgerRow, type LedgerSums } from '../economics/ledger-row.ts'
import type { ChangeBucket, Loss } from '../plugin/accounts.ts'
import type { Append, HighWater } from '../plugin/store.ts'

/** Rules that every store follows alike. */

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

/**
 * The mark that a store keeps: within one epoch it never goes back, so that a late copy of an old batch harms nothing;
 * another epoch is the agent's new spool, and replaces the old one's.
 */
const laterMark = (known: HighWater | undefined, mark: HighWater): HighWater =>
  known?.epoch === mark.epoch && known.seq > mark.seq ? known : mark

/** First start of a UTC minute at or after `ms`. */
export const minuteAtOrAfter = (ms: number): number => minuteOf(ms + MINUTE_MS - 1)

/** At most `limit` of the rows, evenly spread by rank; the newest is among them. */
export const thin = <T>(rows: readonly T[], limit: number): T[] =>
  rows.filter((_, i) => Math.floor(((i + 1) * limit) / rows.length) > Math.floor((i * limit) / rows.length))

/** A number that is kept as an integer. @throws PerwattError `store-refused` rather than round it */
export function whole(store: string, name: string, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number
  throw new PerwattError(
    'store-refused',
    `${store}: ${name} ${value} is not a whole number below 2^53; sending it again won't help`,
  )
}

/** Ledger rows without their devices: one for each minute, workload and rack, with the sums of those it stands for. */
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

/** Of several parts of one agent the mark that is left, by agent. */
export function marksAfter(
  known: ReadonlyMap<string, HighWater>,
  parts: readonly Append[],
): Map<string, HighWater> {
  const marks = new Map<string, HighWater>()
  for (const { agentId, mark } of parts)
    marks.set(agentId, laterMark(marks.get(agentId) ?? known.get(agentId), mark))
  return marks
}

export const lossKey = (loss: Loss): string => `${loss.agentId}\n${loss.epoch}\n${loss.seq}`

/** The sums before and after a repricing as columns of one row: `energyMilliJBefore`, `energyMilliJAfter`, ... */
export const CHANGE_SUMS = LEDGER_SUMS.flatMap((name) => [`${name}Before`, `${name}After`] as const)
type ChangeSums = Record<(typeof CHANGE_SUMS)[number], number>

export const changeColumns = ({ before, after }: Pick<ChangeBucket, 'before' | 'after'>): ChangeSums =>
  Object.fromEntries(
    LEDGER_SUMS.flatMap((name) => [
      [`${name}Before`, before[name]],
      [`${name}After`, after[name]],
    ]),
  ) as ChangeSums

export function changeOfColumns(row: ChangeSums): Pick<ChangeBucket, 'before' | 'after'> {
  const side = (suffix: 'Before' | 'After') =>
    Object.fromEntries(LEDGER_SUMS.map((name) => [name, row[`${name}${suffix}`]])) as LedgerSums
  return { before: side('Before'), after: side('After') }
}
