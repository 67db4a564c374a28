import type { Device } from '../../../protocol/device.ts'
import { ownerKey } from '../../../protocol/owner.ts'
import type { Prices } from '../../../protocol/quote.ts'
import type { MonthOf } from '../calendar.ts'
import type { Attribute } from '../energy/attribution.ts'
import { type DeviceLoad, type Distribution, distribute } from '../energy/distribution.ts'
import { ownFlow } from '../energy/own-flow.ts'
import { toldOnce } from '../gpu-seconds.ts'
import type { AgentInterval } from '../ledger-row.ts'
import { withinRow } from '../row-limits.ts'
import type { AttributionSettings, Costs } from '../site-settings.ts'
import type { TrueUp } from '../true-up.ts'
import type { Workload } from '../workloads.ts'
import { addUnmeasuredOverhead, demandNanoUsd, depreciate, energyCostNanoUsd, shareDemand } from './costs.ts'
import { type PaidContract, payContracts } from './pay-contracts.ts'
import { type IntervalPart, type PricedPart, pieceOf } from './priced.ts'
import {
  earned,
  estimatedPart,
  isPaidByShare,
  ledgerShareUsd,
  milliSatOf,
  nanoUsd,
  workOf,
} from './revenue.ts'
import { trueUpParts } from './true-up-parts.ts'

/** The rules for settling a minute. */
export interface SettleRules {
  workloads: readonly Workload[]
  attribute: Attribute
  /** deviceId of the site meter; without one, the site's energy is the sum of its devices */
  siteMeter?: string | undefined
  attribution: AttributionSettings
  costs: Costs
  monthOf: MonthOf
  /** whether the fees of a block have a source: then work without a price of theirs is unpriced, else they count as 0 */
  needsFees?: boolean | undefined
}

/** The devices of the site's inventories. */
export interface KnownDevices {
  readonly device: (agentId: string, deviceId: string) => Device | undefined
  /** finds a device of any agent */
  readonly find: (deviceId: string) => Device | undefined
  /** all devices that agents have named; absent if the inventories are not kept */
  readonly all?: () => Iterable<Device>
  /** what a device with GPU time has in common with others of its machine; absent: no two are of one machine */
  readonly machineKeys?: (agentId: string, deviceId: string) => readonly string[]
  /** when the site heard of a device first, Unix ms; absent: it is not kept */
  readonly since?: (agentId: string, deviceId: string) => number | undefined
  /** the devices as they stood in a minute of the past, when other agents may have had them; absent: as they are */
  readonly at?: (minuteMs: number) => KnownDevices
}

/** The devices as they stood in a minute: what is settled again comes out as it was, whoever has them now. */
export const devicesAt = <T extends KnownDevices>(devices: T, minuteMs: number): T => ({
  ...devices,
  ...devices.at?.(minuteMs),
})

export type SettleContext = SettleRules & KnownDevices

/** A priced minute, with everything that its figures are explained by. */
export interface PricedMinute {
  parts: PricedPart[]
  deviceLoads: readonly DeviceLoad<IntervalPart>[]
  distribution: Distribution<IntervalPart>
  /** paid contracts by name of the workload */
  contracts: ReadonlyMap<string, PaidContract>
  /** the demand charge of the whole site */
  demandNanoUsd: number
}

/** Cost of energy, USD/kWh: energy price (0 if unknown) + transmission. For the ledger an unknown price is unpriced energy. */
export const energyUsdPerKwh = (prices: Prices, { transmissionUsdPerKwh }: Costs): number =>
  (prices.energyUsdPerKwh?.value ?? 0) + transmissionUsdPerKwh

/**
 * Prices a minute part by part in whole numbers, so that every grouping adds up exactly:
 *   sum(workloads) + idle + unassigned + overhead + unaccounted = meter, to the millijoule.
 * @param minuteMs Unix ms, start of the UTC minute
 * @param intervals the records of the minute, in any order
 * @param trueUps what pools credited beyond the ledger, booked in this minute
 */
export function priceMinute(
  minuteMs: number,
  intervals: readonly AgentInterval[],
  prices: Prices,
  present: SettleContext,
  trueUps: readonly TrueUp[] = [],
): PricedMinute {
  const context = devicesAt(present, minuteMs)
  const { siteMeter, costs, monthOf, workloads, attribution, needsFees } = context
  const deviceLoads = deviceLoadsOf(gpuSecondsOnce(intervals.map(withinRow), context), context, minuteMs)
  const distribution = distribute(deviceLoads, context)
  const parts = partsOf(distribution, deviceLoads)
  if (!deviceLoads.some((t) => t.deviceId === siteMeter && t.own !== undefined))
    addUnmeasuredOverhead(parts, attribution)
  const usdPerKwh = prices.energyUsdPerKwh ? energyUsdPerKwh(prices, costs) : undefined
  const usdPerShare = ledgerShareUsd(prices, needsFees)
  for (const part of parts) {
    const { interval, device, workload, counts } = part
    if (usdPerKwh === undefined) part.unpricedEnergyMilliJ = part.energyMilliJ
    else part.costNanoUsd = energyCostNanoUsd(part.energyMilliJ, usdPerKwh)
    if (!interval || !counts) continue
    const money = earned({ workload, owner: interval.owner, device }, interval, usdPerShare)
    part.revenueNanoUsd = nanoUsd(money.revenueUsd)
    part.estimatedNanoUsd = estimatedPart(
      { workload, owner: interval.owner, device },
      interval,
      part.revenueNanoUsd,
    )
    part.feeNanoUsd = nanoUsd(money.feeUsd)
    // a fixed hashprice is paid in USD: nobody mined satoshis for it
    if (!isPaidByShare({ workload, owner: interval.owner, device })) continue
    part.minedMilliSat = milliSatOf(money.revenueUsd, prices)
    if (usdPerShare === undefined) part.unpricedWorkDiff1 = workOf(interval)
  }
  const demand = demandNanoUsd(costs, minuteMs, monthOf)
  shareDemand(parts, demand)
  depreciate(parts, costs)
  const contracts = payContracts(minuteMs, parts, workloads, monthOf, context.all)
  // last: a true-up takes no share of energy, costs or contracts
  parts.push(...trueUpParts(trueUps, workloads, prices, needsFees))
  return { parts, deviceLoads, distribution, contracts, demandNanoUsd: demand }
}

/** The records in their order, each GPU-second told once by its agent. */
export const gpuSecondsOnce = (
  intervals: readonly AgentInterval[],
  { device, machineKeys }: KnownDevices,
): readonly AgentInterval[] =>
  toldOnce(intervals, (agentId, deviceId) => {
    const kind = machineKeys && device(agentId, deviceId)?.kind
    return kind && { kind, keys: machineKeys(agentId, deviceId) }
  })

/** Groups interval records by device. A device's own reading is the sum of its records' energy. */
function deviceLoadsOf(
  intervals: readonly AgentInterval[],
  { attribute, device }: SettleContext,
  minuteMs: number,
): DeviceLoad<IntervalPart>[] {
  const deviceLoads = new Map<string, DeviceLoad<IntervalPart> & { parts: IntervalPart[] }>()
  // the order decides which part gets a rounding remainder, so it must not depend on the order of arrival
  for (const interval of [...intervals].sort(byKey)) {
    const { agentId, deviceId, owner, energyMilliJ, exportedMilliJ = 0 } = interval
    const key = `${agentId}\n${deviceId}`
    const named = device(agentId, deviceId)
    const load = deviceLoads.get(key) ?? { agentId, deviceId, device: named, parts: [] }
    deviceLoads.set(key, load)
    const own = ownFlow(named, energyMilliJ, exportedMilliJ)
    if (own !== undefined) load.own = (load.own ?? 0) + own
    const weight = (energyMilliJ ?? 0) + exportedMilliJ
    load.parts.push({ interval, attribution: attribute(owner, named, minuteMs), weight })
  }
  // owners of a machine without an energy reading share it by time
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
  const counted = new Set<AgentInterval>()
  const parts: PricedPart[] = []
  for (const charge of charges) {
    const { device, parts: own } = deviceLoads[charge.load] as DeviceLoad<IntervalPart>
    const interval = charge.part?.interval ?? own[0]?.interval
    if (!interval) continue
    const counts = charge.part !== undefined
    if (counts) counted.add(interval)
    parts.push({
      ...pieceOf(interval, device, charge.attribution),
      counts,
      charge,
      energyMilliJ: charge.amount,
    })
  }
  // records without energy still have work, tokens or time
  for (const { device, parts: own } of deviceLoads)
    for (const { interval, attribution } of own)
      if (!counted.has(interval)) parts.push(pieceOf(interval, device, attribution))
  return parts
}
