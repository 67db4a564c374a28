import { HOUR_MS, MILLIJOULES_PER_KWH, MINUTE_MS } from '../../../protocol/units.ts'
import { type MonthOf, minuteShare, type Period } from '../calendar.ts'
import type { Workload, WorkloadOf } from '../workloads.ts'
import { nanoUsd } from './revenue.ts'

/** Workloads that are paid by contract, not for work done. */
export type Contract = WorkloadOf<'reserved' | 'colocation' | 'fixed'>
export const isContract = (workload: Workload): workload is Contract =>
  workload.kind === 'reserved' || workload.kind === 'colocation' || workload.kind === 'fixed'

/** The use of a contract's machines in a minute. */
export interface Used {
  energyMilliJ: number
  /** energy cost, nano-USD */
  costNanoUsd: number
  /** ms observed: the sum over the machines, or the average of the machines if the minute may be an outage */
  coveredMs: number
}

/** What a contract pays for a minute, nano-USD, whole numbers. Its revenue is the sum of the four. */
export interface ContractMinute {
  /** the standing charge, due at any use */
  standing: number
  /** energy passed on to the customer at its cost */
  passedOn: number
  /** charge for energy above the contracted power */
  over: number
  /** credit for an outage: 0 or negative */
  slaCredit: number
}

/** kWh in a minute at 1 kW. */
const KWH_PER_KW_MINUTE = MINUTE_MS / HOUR_MS
/** An outage counts as measured only if this much of the minute was observed. */
const MEASURED_MS = 0.9 * MINUTE_MS

/**
 * What a contract pays for a minute. The standing charge of a period is shared over its minutes by `minuteShare`, so that they add up
 * to it exactly. A minute is an outage if the customer's machines were observed and drew less than `slaOutageBelowRatio` of the
 * contracted power.
 */
export function contractMinute(
  contract: Contract,
  minuteMs: number,
  used: Used,
  monthOf: MonthOf,
): ContractMinute {
  const { total, period } = standingOf(contract, minuteMs, monthOf)
  const standing = minuteShare(total, minuteMs, period)
  if (contract.kind !== 'colocation') return { standing, passedOn: 0, over: 0, slaCredit: 0 }
  const contractedKwh = contract.contractedKw * KWH_PER_KW_MINUTE
  const usedKwh = used.energyMilliJ / MILLIJOULES_PER_KWH
  const isOutage = used.coveredMs >= MEASURED_MS && isBelow(contract, used)
  return {
    standing,
    passedOn: contract.energyPassedOn === 'used' ? used.costNanoUsd : 0,
    over: nanoUsd(Math.max(0, usedKwh - contractedKwh) * contract.usdPerKwhOver),
    slaCredit: isOutage ? -Math.round(standing * contract.slaCreditRatio) : 0,
  }
}

/** Whether the draw is low enough for an outage. The minute is an outage only if it was also observed. */
export const isBelow = (contract: WorkloadOf<'colocation'>, { energyMilliJ }: Pick<Used, 'energyMilliJ'>) =>
  energyMilliJ / MILLIJOULES_PER_KWH <
  contract.contractedKw * KWH_PER_KW_MINUTE * contract.slaOutageBelowRatio

/** The standing charge of a contract, nano-USD, with its period: an hour (UTC) or a month of the site's time zone. */
export function standingOf(
  contract: Contract,
  minuteMs: number,
  monthOf: MonthOf,
): { total: number; period: Period } {
  if (contract.kind !== 'reserved') return { total: nanoUsd(monthUsd(contract)), period: monthOf(minuteMs) }
  const startMs = Math.floor(minuteMs / HOUR_MS) * HOUR_MS
  return {
    total: nanoUsd(contract.gpus * contract.usdPerGpuHour),
    period: { startMs, endMs: startMs + HOUR_MS },
  }
}

/** The revenue of a contract's minute, nano-USD. */
export const revenueOf = ({ standing, passedOn, over, slaCredit }: ContractMinute): number =>
  standing + passedOn + over + slaCredit

const monthUsd = (contract: WorkloadOf<'colocation' | 'fixed'>): number =>
  contract.kind === 'fixed' ? contract.usdPerMonth : contract.contractedKw * contract.usdPerKwMonth

/** What a contract pays now, USD/h: its standing charge, and the charges for the power that its machines draw. */
export function contractUsdPerH(
  contract: Contract,
  atMs: number,
  now: { powerW: number; energyCostUsdPerH: number },
  monthOf: MonthOf,
): number {
  if (contract.kind === 'reserved') return contract.gpus * contract.usdPerGpuHour
  const month = monthOf(atMs)
  const standing = monthUsd(contract) / ((month.endMs - month.startMs) / HOUR_MS)
  if (contract.kind === 'fixed') return standing
  const overKw = Math.max(0, now.powerW / 1000 - contract.contractedKw)
  return (
    standing +
    overKw * contract.usdPerKwhOver +
    (contract.energyPassedOn === 'used' ? now.energyCostUsdPerH : 0)
  )
}
