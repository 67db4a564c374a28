import type { Device } from '../../../protocol/device.ts'
import { apportion, MINUTE_MS } from '../../../protocol/units.ts'
import type { MonthOf } from '../calendar.ts'
import { contractTime } from '../contract-time.ts'
import { numberAt } from '../element.ts'
import { matcher } from '../energy/attribution.ts'
import { ratio } from '../ratio.ts'
import type { Workload, WorkloadOf } from '../workloads.ts'
import {
  type ContractMinute,
  contractMinute,
  isBelow,
  isContract,
  revenueOf,
  type Used,
} from './contracts.ts'
import { type PricedPart, pieceWithoutDevice, weightsOf } from './priced.ts'

/** A contract's minute with the use that it was computed from. */
export interface PaidContract {
  used: Used
  minute: ContractMinute
}

/**
 * Adds the pay of all contracts in force to their machines' parts, by energy. A contract without machines gets a part of its own.
 * @param parts changed in place
 * @param devices all devices that agents have named
 * @returns the paid contracts by name of the workload
 */
export function payContracts(
  minuteMs: number,
  parts: PricedPart[],
  workloads: readonly Workload[],
  monthOf: MonthOf,
  devices: () => Iterable<Device> = () => [],
): Map<string, PaidContract> {
  const paid = new Map<string, PaidContract>()
  for (const workload of workloads) {
    if (!isContract(workload) || !contractTime(workload)(minuteMs)) continue
    const own = parts.filter((p) => p.name === workload.name)
    const used = usedBy(own)
    if (workload.kind === 'colocation' && workload.slaCreditRatio > 0 && isBelow(workload, used))
      used.coveredMs = observedMs(workload, own, devices())
    const minute = contractMinute(workload, minuteMs, used, monthOf)
    paid.set(workload.name, { used, minute })
    const revenue = revenueOf(minute)
    if (own.length === 0) {
      const { name } = workload
      parts.push(
        pieceWithoutDevice({ name, workload }, { revenueNanoUsd: revenue, contractNanoUsd: revenue }),
      )
      continue
    }
    const amounts = apportion(Math.abs(revenue), weightsOf(own))
    for (const [i, part] of own.entries()) {
      part.contractNanoUsd = Math.sign(revenue) * numberAt(amounts, i)
      part.revenueNanoUsd += part.contractNanoUsd
    }
  }
  return paid
}

function usedBy(parts: readonly PricedPart[]): Used {
  const used: Used = { energyMilliJ: 0, costNanoUsd: 0, coveredMs: 0 }
  for (const { energyMilliJ, costNanoUsd, counts, interval } of parts) {
    used.energyMilliJ += energyMilliJ
    used.costNanoUsd += costNanoUsd
    if (counts) used.coveredMs += interval?.coveredMs ?? 0
  }
  return used
}

/**
 * How long the machines of a contract were observed, average of the machines, ms. Named machines without a record count as not
 * observed, so that an agent that is down does not look like an outage of the customer.
 */
function observedMs(
  { match }: WorkloadOf<'colocation'>,
  parts: readonly PricedPart[],
  devices: Iterable<Device>,
): number {
  const observed = new Map<string, number>()
  for (const { interval, counts } of parts) {
    if (!interval || !counts) continue
    const { deviceId, coveredMs } = interval
    observed.set(deviceId, Math.min(MINUTE_MS, (observed.get(deviceId) ?? 0) + coveredMs))
  }
  const rules = match.map(matcher)
  for (const device of devices)
    if (!observed.has(device.deviceId) && rules.some((fits) => fits({}, device)))
      observed.set(device.deviceId, 0)
  const sum = [...observed.values()].reduce((total, ms) => total + ms, 0)
  return ratio(sum, observed.size) ?? 0
}
