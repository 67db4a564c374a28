import type { Device } from '../../protocol/device.ts'
import { ownerKey } from '../../protocol/owner.ts'
import type { Prices } from '../quotes.ts'
import { type AgentInterval, LEDGER_SUMS, type LedgerRow } from '../store.ts'
import { UNPAID } from '../workloads.ts'
import type { Attribute } from './attribution.ts'
import { energyCostNanoUsd, revenueNanoUsd } from './revenue.ts'

export interface SettleContext {
  attribute: Attribute
  /** deviceId of the site meter; without one the site's energy is the sum of its devices */
  siteMeter?: string | undefined
  device(agentId: string, deviceId: string): Device | undefined
}

/**
 * The ledger of one minute: every interval priced by itself, so that every grouping adds up exactly. What the site meter shows
 * beyond the devices is `overhead`; what the devices claim beyond the meter is `unaccounted`, negative. Either stands in the
 * meter's own row, so the sum over all rows is the meter's energy, to the millijoule:
 *   sum(workloads) + idle + unassigned + overhead + unaccounted = meter.
 */
export function settleMinute(
  minuteMs: number,
  intervals: readonly AgentInterval[],
  prices: Prices,
  context: SettleContext,
): LedgerRow[] {
  const isMeter = (i: AgentInterval) =>
    context.device(i.agentId, i.deviceId)?.kind === 'meter' || i.deviceId === context.siteMeter
  const usdPerKwh = prices.energyUsdPerKwh?.value ?? 0
  const rows: LedgerRow[] = []
  let devicesMilliJ = 0
  for (const i of intervals) {
    if (isMeter(i)) continue
    const device = context.device(i.agentId, i.deviceId)
    const { name, workload } = context.attribute(i.owner, device)
    devicesMilliJ += i.energyMilliJ ?? 0
    rows.push(
      row(
        minuteMs,
        i,
        device,
        name,
        i.energyMilliJ ?? 0,
        revenueNanoUsd(workload, i.owner, i, prices),
        usdPerKwh,
      ),
    )
  }
  const site = intervals.filter((i) => i.deviceId === context.siteMeter && i.energyMilliJ !== undefined)
  const beyondMilliJ = site.reduce((sum, i) => sum + (i.energyMilliJ ?? 0), 0) - devicesMilliJ
  for (const i of intervals) {
    if (!isMeter(i)) continue
    // a meter's own row carries what is left over, once; other meters are checks, not workloads
    const energyMilliJ = i === site[0] ? beyondMilliJ : 0
    const name = energyMilliJ < 0 ? UNPAID.unaccounted : UNPAID.overhead
    rows.push(row(minuteMs, i, context.device(i.agentId, i.deviceId), name, energyMilliJ, 0, usdPerKwh))
  }
  return merge(rows)
}

/** A machine's or an agent's restart leaves several intervals of one owner in one minute: one row in the ledger. */
function merge(rows: readonly LedgerRow[]): LedgerRow[] {
  const byKey = new Map<string, LedgerRow>()
  for (const r of rows) {
    const key = JSON.stringify([r.workload, r.agentId, r.deviceId, r.owner])
    const into = byKey.get(key)
    if (into) for (const name of LEDGER_SUMS) into[name] += r[name]
    else byKey.set(key, r)
  }
  return [...byKey.values()]
}

function row(
  minuteMs: number,
  i: AgentInterval,
  device: Device | undefined,
  workload: string,
  energyMilliJ: number,
  revenue: number,
  usdPerKwh: number,
): LedgerRow {
  return {
    minuteMs,
    workload,
    agentId: i.agentId,
    deviceId: i.deviceId,
    owner: ownerKey(i.owner),
    container: device?.location?.container ?? '',
    rack: device?.location?.rack ?? '',
    energyMilliJ,
    coveredMs: i.coveredMs,
    revenueNanoUsd: revenue,
    costNanoUsd: energyCostNanoUsd(energyMilliJ, usdPerKwh),
    workDiff1: i.workDiff1 ?? 0,
    gpuMs: i.gpuMs ?? 0,
    busyGpuMs: i.busyGpuMs ?? 0,
    tokensIn: i.tokensIn ?? 0,
    tokensOut: i.tokensOut ?? 0,
    intervals: 1,
  }
}
