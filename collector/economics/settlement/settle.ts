import type { Device } from '../../../protocol/device.ts'
import { ownerKey } from '../../../protocol/owner.ts'
import type { Prices } from '../../../protocol/quote.ts'
import type { MonthOf } from '../calendar.ts'
import type { Attribute } from '../energy/attribution.ts'
import { type DeviceLoad, type Distribution, distribute } from '../energy/distribution.ts'
import type { AgentInterval } from '../ledger-row.ts'
import type { AttributionSettings, Costs } from '../site-settings.ts'
import type { Workload } from '../workloads.ts'
import { addUnmeasuredOverhead, demandNanoUsd, depreciate, energyCostNanoUsd, shareDemand } from './costs.ts'
import { type PaidContract, payContracts } from './pay-contracts.ts'
import { type IntervalPart, type PricedPart, pieceOf } from './priced.ts'
import { earned, milliSatOf, nanoUsd, shareUsd } from './revenue.ts'

/** The rules that a minute is settled by. */
export interface SettleRules {
  workloads: readonly Workload[]
  attribute: Attribute
  /** deviceId of the site meter; without one the site's energy is the sum of its devices */
  siteMeter?: string | undefined
  attribution: AttributionSettings
  costs: Costs
  monthOf: MonthOf
}

/** What is known of the site's devices. */
export interface KnownDevices {
  readonly device: (agentId: string, deviceId: string) => Device | undefined
  /** whichever agent reads it */
  readonly find: (deviceId: string) => Device | undefined
  /** all that agents have named; absent: nobody keeps them */
  readonly all?: () => Iterable<Device>
}

export type SettleContext = SettleRules & KnownDevices

/** A minute as it was priced. */
export interface PricedMinute {
  parts: PricedPart[]
  deviceLoads: readonly DeviceLoad<IntervalPart>[]
  distribution: Distribution<IntervalPart>
  /** by name of the workload */
  contracts: ReadonlyMap<string, PaidContract>
  /** of the whole site */
  demandNanoUsd: number
}

/** USD/kWh that energy costs: the market's or the tariff's price and what comes on top of it. */
export const energyUsdPerKwh = (prices: Prices, { transmissionUsdPerKwh }: Costs): number =>
  (prices.energyUsdPerKwh?.value ?? 0) + transmissionUsdPerKwh

/**
 * A minute priced piece by piece, so that every grouping adds up exactly:
 *   sum(workloads) + idle + unassigned + overhead + unaccounted = meter, to the millijoule.
 */
export function priceMinute(
  minuteMs: number,
  intervals: readonly AgentInterval[],
  prices: Prices,
  context: SettleContext,
): PricedMinute {
  const { siteMeter, costs, monthOf, workloads, attribution } = context
  const deviceLoads = deviceLoadsOf(intervals, context, minuteMs)
  const distribution = distribute(deviceLoads, context)
  const parts = partsOf(distribution, deviceLoads)
  if (!deviceLoads.some((t) => t.deviceId === siteMeter && t.own !== undefined))
    addUnmeasuredOverhead(parts, attribution)
  const usdPerKwh = energyUsdPerKwh(prices, costs)
  const usdPerShare = shareUsd(prices)
  for (const part of parts) {
    const { interval, device, workload, counts } = part
    part.costNanoUsd = energyCostNanoUsd(part.energyMilliJ, usdPerKwh)
    if (!interval || !counts) continue
    const money = earned({ workload, owner: interval.owner, device }, interval, usdPerShare)
    part.revenueNanoUsd = nanoUsd(money.revenueUsd)
    part.feeNanoUsd = nanoUsd(money.feeUsd)
    if (workload?.kind === 'mining' && device?.algorithm === undefined)
      part.minedMilliSat = milliSatOf(money.revenueUsd, prices)
  }
  const demand = demandNanoUsd(costs, minuteMs, monthOf)
  shareDemand(parts, demand)
  depreciate(parts, costs)
  const contracts = payContracts(minuteMs, parts, workloads, monthOf, context.all)
  return { parts, deviceLoads, distribution, contracts, demandNanoUsd: demand }
}

/** The intervals by device, each with what the agent says that the device drawn. */
function deviceLoadsOf(
  intervals: readonly AgentInterval[],
  { attribute, device }: SettleContext,
  minuteMs: number,
): DeviceLoad<IntervalPart>[] {
  const deviceLoads = new Map<string, DeviceLoad<IntervalPart> & { parts: IntervalPart[] }>()
  // how a rest is rounded, and which record carries it, must not depend on the order of arrival
  for (const interval of [...intervals].sort(byKey)) {
    const { agentId, deviceId, owner, energyMilliJ } = interval
    const key = `${agentId}\n${deviceId}`
    const known = device(agentId, deviceId)
    const load = deviceLoads.get(key) ?? { agentId, deviceId, device: known, parts: [] }
    deviceLoads.set(key, load)
    if (energyMilliJ !== undefined) load.own = (load.own ?? 0) + energyMilliJ
    load.parts.push({ interval, attribution: attribute(owner, known, minuteMs), weight: energyMilliJ ?? 0 })
  }
  // of a machine that tells no energy each owner has his time
  for (const { own, parts } of deviceLoads.values())
    if (own === undefined) for (const part of parts) part.weight = part.interval.durationMs
  return [...deviceLoads.values()]
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byKey = (a: AgentInterval, b: AgentInterval): number =>
  a.startMs - b.startMs ||
  compare(a.agentId, b.agentId) ||
  compare(a.deviceId, b.deviceId) ||
  compare(ownerKey(a.owner), ownerKey(b.owner))

function partsOf(
  { charges }: Distribution<IntervalPart>,
  deviceLoads: readonly DeviceLoad<IntervalPart>[],
): PricedPart[] {
  const told = new Set<AgentInterval>()
  const parts: PricedPart[] = []
  for (const charge of charges) {
    const { device, parts: own } = deviceLoads[charge.load] as DeviceLoad<IntervalPart>
    const interval = charge.part?.interval ?? own[0]?.interval
    if (!interval) continue
    const counts = charge.part !== undefined
    if (counts) told.add(interval)
    parts.push({
      ...pieceOf(interval, device, charge.attribution),
      counts,
      charge,
      energyMilliJ: charge.amount,
    })
  }
  // what drawn nothing has its work, its tokens, its time all the same
  for (const { device, parts: own } of deviceLoads)
    for (const { interval, attribution } of own)
      if (!told.has(interval)) parts.push(pieceOf(interval, device, attribution))
  return parts
}
