import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { AgentInterval, LedgerSums } from '../economics/ledger-row.ts'
import type { Store } from '../plugin/store.ts'

/** Records by the UTC minute in which they start. */
export function recordsByMinute(intervals: readonly AgentInterval[]): Map<number, AgentInterval[]> {
  const minutes = new Map<number, AgentInterval[]>()
  for (const interval of intervals) {
    const minuteMs = minuteOf(interval.startMs)
    const minute = minutes.get(minuteMs)
    if (minute) minute.push(interval)
    else minutes.set(minuteMs, [interval])
  }
  return minutes
}

/** The ledger's stored sums, by minute and workload. Rejects where the store fails. */
export async function storedFigures(
  store: Pick<Store, 'ledger'>,
  fromMs: number,
  toMs: number,
): Promise<Map<number, Map<string, LedgerSums>>> {
  const buckets = await store.ledger({ fromMs, toMs, stepMs: MINUTE_MS, groupBy: 'workload' })
  const figures = new Map<number, Map<string, LedgerSums>>()
  for (const { startMs, group, ...sums } of buckets) {
    const minute = figures.get(startMs) ?? new Map<string, LedgerSums>()
    figures.set(startMs, minute.set(group, sums))
  }
  return figures
}
