import type { Device } from '../../protocol/device.ts'
import { ownerKey } from '../../protocol/owner.ts'
import type { Prices } from '../quotes.ts'
import { type AgentInterval, LEDGER_SUMS, type LedgerRow } from '../store.ts'
import { UNPAID, type Workload } from '../workloads.ts'
import type { Attribute } from './attribution.ts'
import { energyCostNanoUsd, revenueNanoUsd } from './revenue.ts'

export interface SettleContext {
  attribute: Attribute
  /** deviceId of the site meter; without one the site's energy is the sum of its devices */
  siteMeter?: string | undefined
  device(agentId: string, deviceId: string): Device | undefined
}

/** One interval priced: what the ledger's rows are made of, and what a figure is explained by. */
export interface PricedInterval {
  interval: AgentInterval
  device: Device | undefined
  /** name of the workload that it counts for */
  name: string
  /** absent where it earns nothing by its nature */
  workload?: Workload | undefined
  /** what the ledger counts: of the site meter what is beyond the devices, of other meters 0 */
  energyMilliJ: number
  revenueNanoUsd: number
  costNanoUsd: number
}

/**
 * Every interval of a minute priced by itself, so that every grouping adds up exactly. What the site meter shows beyond the
 * devices is `overhead`; what the devices claim beyond the meter is `unaccounted`, negative. Either stands in the meter's own
 * row, so the sum over all rows is the meter's energy, to the millijoule:
 *   sum(workloads) + idle + unassigned + overhead + unaccounted = meter.
 */
export function priceIntervals(
  intervals: readonly AgentInterval[],
  prices: Prices,
  context: SettleContext,
): PricedInterval[] {
  const deviceOf = (i: AgentInterval) => context.device(i.agentId, i.deviceId)
  const isMeter = (i: AgentInterval) => deviceOf(i)?.kind === 'meter' || i.deviceId === context.siteMeter
  const usdPerKwh = prices.energyUsdPerKwh?.value ?? 0
  const priced = intervals
    .filter((i) => !isMeter(i))
    .map((interval): PricedInterval => {
      const device = deviceOf(interval)
      const { name, workload } = context.attribute(interval.owner, device)
      const energyMilliJ = interval.energyMilliJ ?? 0
      return {
        interval,
        device,
        name,
        workload,
        energyMilliJ,
        revenueNanoUsd: revenueNanoUsd(workload, interval.owner, interval, prices),
        costNanoUsd: energyCostNanoUsd(energyMilliJ, usdPerKwh),
      }
    })
  const devicesMilliJ = priced.reduce((sum, p) => sum + p.energyMilliJ, 0)
  const site = siteMeterIntervals(intervals, context)
  const beyondMilliJ = site.reduce((sum, i) => sum + (i.energyMilliJ ?? 0), 0) - devicesMilliJ
  for (const interval of intervals) {
    if (!isMeter(interval)) continue
    // a meter's own row carries what is left over, once; other meters are checks, not workloads
    const energyMilliJ = interval === site[0] ? beyondMilliJ : 0
    priced.push({
      interval,
      device: deviceOf(interval),
      name: energyMilliJ < 0 ? UNPAID.unaccounted : UNPAID.overhead,
      energyMilliJ,
      revenueNanoUsd: 0,
      costNanoUsd: energyCostNanoUsd(energyMilliJ, usdPerKwh),
    })
  }
  return priced
}

/** What the site meter told, earliest first: which of several carries the rest must not depend on the order of arrival. */
export const siteMeterIntervals = (
  intervals: readonly AgentInterval[],
  { siteMeter }: Pick<SettleContext, 'siteMeter'>,
): AgentInterval[] =>
  intervals
    .filter((i) => i.deviceId === siteMeter && i.energyMilliJ !== undefined)
    .sort((a, b) => a.startMs - b.startMs || (a.agentId < b.agentId ? -1 : 1))

/** The ledger of one minute. */
export const settleMinute = (
  minuteMs: number,
  intervals: readonly AgentInterval[],
  prices: Prices,
  context: SettleContext,
): LedgerRow[] => merge(priceIntervals(intervals, prices, context).map((p) => row(minuteMs, p)))

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

function row(minuteMs: number, p: PricedInterval): LedgerRow {
  const { interval: i, device, name, energyMilliJ, revenueNanoUsd, costNanoUsd } = p
  return {
    minuteMs,
    workload: name,
    agentId: i.agentId,
    deviceId: i.deviceId,
    owner: ownerKey(i.owner),
    container: device?.location?.container ?? '',
    rack: device?.location?.rack ?? '',
    energyMilliJ,
    coveredMs: i.coveredMs,
    revenueNanoUsd,
    costNanoUsd,
    workDiff1: i.workDiff1 ?? 0,
    gpuMs: i.gpuMs ?? 0,
    busyGpuMs: i.busyGpuMs ?? 0,
    tokensIn: i.tokensIn ?? 0,
    tokensOut: i.tokensOut ?? 0,
    intervals: 1,
  }
}
