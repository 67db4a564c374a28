import { intervalKey } from '../../protocol/interval.ts'
import type { Prices } from '../../protocol/quote.ts'
import { minuteOf } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import { withinRow } from '../economics/row-limits.ts'
import { earned, nanoUsd, shareUsd } from '../economics/settlement/revenue.ts'
import { devicesAt, gpuSecondsOnce, type SettleContext } from '../economics/settlement/settle.ts'
import type { HeldBack, HeldRecord } from '../plugin/held.ts'
import { heldEnergyOf } from './held-energy.ts'

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
 * What a minute's held records would be worth by its prices: their revenue and their energy, each once where a host is read as a whole and
 * as its GPUs. Contracts are left out, since they are paid for what the others do too.
 * @param counting the records that are in the ledger
 */
export function heldBackOf(
  minuteMs: number,
  held: readonly HeldRecord[],
  counting: readonly AgentInterval[],
  prices: Prices,
  present: SettleContext,
): HeldBack[] {
  if (held.length === 0) return []
  const context = devicesAt(present, minuteMs)
  const { attribute, device: deviceOf } = context
  const energy = heldEnergyOf(held, counting, context)
  const once = gpuSecondsOnce([...held.map(({ record }) => record), ...counting], context)
  const usdPerShare = shareUsd(prices)
  const sums = new Map<string, HeldBack>()
  for (const [i, { record: told, kind }] of held.entries()) {
    const record = withinRow(once[i] ?? told)
    const { agentId, deviceId, owner } = record
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
    sum.energyMilliJ = Math.min(MOST, sum.energyMilliJ + (energy.get(told) ?? 0))
  }
  return [...sums.values()]
}
