import { intervalKey } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { AgentInterval, LedgerSums } from '../economics/ledger-row.ts'
import { RECORDS_GONE, type Settlement } from '../plugin/audit-store.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Store } from '../plugin/store.ts'
import { causesWith } from './causes.ts'
import type { MinutePricing } from './pricing.ts'
import { settlementOf } from './settlement-of.ts'

/**
 * The minutes of a time whose figures were settled from more records than the store still has, held ones and rejected ones included: a
 * damaged database has lost some. Settled again they would come to less than was measured, so they stay as they are. Rejects where the
 * store fails.
 * @param kept the records that would be settled now, by minute
 * @param before the figures as they stand, by minute and workload
 */
export async function minutesWithLostRecords(
  store: Pick<Store, 'held'>,
  kept: ReadonlyMap<number, readonly AgentInterval[]>,
  before: ReadonlyMap<number, ReadonlyMap<string, LedgerSums>>,
): Promise<Set<number>> {
  const found = new Set<number>()
  for (const [minuteMs, workloads] of before) {
    const settled = [...workloads.values()].reduce((sum, { intervals }) => sum + intervals, 0)
    const counting = kept.get(minuteMs) ?? []
    if (settled <= counting.length) continue
    const stored = new Set(counting.map(keyOf))
    const held = await store.held({ fromMs: minuteMs, toMs: minuteMs + MINUTE_MS }, ALL_HELD)
    for (const { record } of held) stored.add(keyOf(record))
    if (settled > stored.size) found.add(minuteMs)
  }
  return found
}

/** How such a minute is kept: as it was settled, with the word that its records are gone. @param settlement undefined: it is not known how */
export function stayed(
  settlement: Settlement | undefined,
  minuteMs: number,
  pricing: MinutePricing,
  nowMs: number,
): Settlement {
  if (!settlement) return settlementOf(minuteMs, undefined, pricing, [RECORDS_GONE], nowMs)
  if (settlement.causes?.some(({ why }) => why === RECORDS_GONE)) return settlement
  return { ...settlement, causes: causesWith(settlement.causes, [RECORDS_GONE], nowMs) }
}

const keyOf = (record: AgentInterval): string => `${record.agentId}|${intervalKey(record)}`
