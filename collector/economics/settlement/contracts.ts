import { HOUR_MS, MILLIJOULES_PER_KWH, MINUTE_MS } from '../../../protocol/units.ts'
import { type MonthOf, minuteShare, type Period } from '../calendar.ts'
import type { Workload, WorkloadOf } from '../workloads.ts'
import { nanoUsd } from './revenue.ts'

/** What pays by contract, not by what is done. */
export type Contract = WorkloadOf<'reserved' | 'colocation' | 'fixed'>
export const isContract = (workload: Workload): workload is Contract =>
  workload.kind === 'reserved' || workload.kind === 'colocation' || workload.kind === 'fixed'

/** What a contract's machines did in a minute. */
export interface Used {
  energyMilliJ: number
  /** what that energy cost, nano-USD */
  costNanoUsd: number
  /** ms observed: of all the machines together, or of each on average where the minute may be an outage */
  coveredMs: number
}

/** A minute of a contract, nano-USD, whole numbers; revenue is their sum. */
export interface ContractMinute {
  /** paid whatever is used */
  standing: number
  /** energy passed on to the customer at its cost */
  passedOn: number
  /** drawn above what is contracted */
  over: number
  /** given back for an outage: negative */
  slaCredit: number
}

/** kWh in a minute at 1 kW. */
const KWH_PER_KW_MINUTE = MINUTE_MS / HOUR_MS
/** Less than this of a minute observed is no measurement of an outage. */
const MEASURED_MS = 0.9 * MINUTE_MS

/**
 * What a minute of a contract pays. A month's amount is shared over its minutes so that they add up to it exactly; an outage is
 * a minute in which the customer's machines were observed, and drew less than the contract's part.
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

/** Whether so little was drawn that the minute is an outage, if it was measured. */
export const isBelow = (contract: WorkloadOf<'colocation'>, { energyMilliJ }: Pick<Used, 'energyMilliJ'>) =>
  energyMilliJ / MILLIJOULES_PER_KWH <
  contract.contractedKw * KWH_PER_KW_MINUTE * contract.slaOutageBelowRatio

/** What a contract pays whatever is used: nano-USD of an hour, or of a month of the site. */
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

export const revenueOf = ({ standing, passedOn, over, slaCredit }: ContractMinute): number =>
  standing + passedOn + over + slaCredit

const monthUsd = (contract: WorkloadOf<'colocation' | 'fixed'>): number =>
  contract.kind === 'fixed' ? contract.usdPerMonth : contract.contractedKw * contract.usdPerKwMonth

/** The same at a moment, USD/h: what the contract pays whatever is used, and what its machines add now. */
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
