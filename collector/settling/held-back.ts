import { intervalKey } from '../../protocol/interval.ts'
import type { Prices } from '../../protocol/quote.ts'
import { minuteOf } from '../../protocol/units.ts'
import { withinRow } from '../economics/row-limits.ts'
import { earned, nanoUsd, shareUsd } from '../economics/settlement/revenue.ts'
import type { SettleContext } from '../economics/settlement/settle.ts'
import type { HeldBack, HeldRecord } from '../plugin/held.ts'

const MOST = Number.MAX_SAFE_INTEGER

/** Held records by the minute of their start; one with several holds stands once, with the first of them. */
export function heldByMinute(held: readonly HeldRecord[]): Map<number, HeldRecord[]> {
  const minutes = new Map<number, HeldRecord[]>()
  const seen = new Set<string>()
  for (const entry of held) {
    const key = `${entry.record.agentId}|${intervalKey(entry.record)}`
    if (seen.has(key)) continue
    seen.add(key)
    const minuteMs = minuteOf(entry.record.startMs)
    const minute = minutes.get(minuteMs)
    if (minute) minute.push(entry)
    else minutes.set(minuteMs, [entry])
  }
  return minutes
}

/**
 * What a minute's held records would be worth by its prices: the revenue of their work, and their own energy. Contracts are left
 * out, since they are paid for what the others do too.
 */
export function heldBackOf(
  minuteMs: number,
  held: readonly HeldRecord[],
  prices: Prices,
  { attribute, device: deviceOf }: Pick<SettleContext, 'attribute' | 'device'>,
): HeldBack[] {
  if (held.length === 0) return []
  const usdPerShare = shareUsd(prices)
  const sums = new Map<string, HeldBack>()
  for (const { record: told, kind } of held) {
    const record = withinRow(told)
    const { agentId, deviceId, owner, energyMilliJ = 0 } = record
    const device = deviceOf(agentId, deviceId)
    const { name, workload } = attribute(owner, device, minuteMs)
    const { revenueUsd } = earned({ workload, owner, device }, record, usdPerShare)
    const key = `${name}\n${kind}`
    const sum = sums.get(key) ?? {
      minuteMs,
      workload: name,
      kind,
      records: 0,
      revenueNanoUsd: 0,
      energyMilliJ: 0,
    }
    sums.set(key, sum)
    sum.records++
    // a doubtful figure may be beyond what a store can hold
    sum.revenueNanoUsd = Math.min(MOST, sum.revenueNanoUsd + nanoUsd(revenueUsd))
    sum.energyMilliJ = Math.min(MOST, sum.energyMilliJ + energyMilliJ)
  }
  return [...sums.values()]
}
