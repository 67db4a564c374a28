import type { Interval } from '../../protocol/interval.ts'

/** An interval record with the agent that sent it. Its key is (agentId, deviceId, owner, startMs). */
export interface AgentInterval extends Interval {
  agentId: string
  /** true: its energy is in doubt and left out; the store does not count it */
  energyIsHeld?: true
  /** GPU time that it tells and that other devices of its machine have: it is not in its `gpuMs` */
  othersGpuMs?: number
}

/**
 * One row of the ledger: the priced work of one device for one owner in one minute. A meter's row is the energy that the meter
 * measured beyond the machines behind it. The row of a contract without machines, or of a pool's true-up, has an empty agentId and deviceId.
 * The key is (minuteMs, workload, agentId, deviceId, owner). All numbers are whole, so every grouping adds up exactly.
 */
export interface LedgerRow {
  /** Unix ms, start of the UTC minute */
  minuteMs: number
  workload: string
  agentId: string
  deviceId: string
  /** ownerKey of the owner; '' where nobody held the device */
  owner: string
  /** '' where unknown */
  container: string
  rack: string
  energyMilliJ: number
  coveredMs: number
  revenueNanoUsd: number
  /** mining revenue in thousandths of a satoshi, at the Bitcoin price of the minute; part of revenueNanoUsd */
  minedMilliSat: number
  /** pool fee and firmware dev fee; not part of the revenue */
  feeNanoUsd: number
  /** energy cost */
  costNanoUsd: number
  /** share of the site's demand charge */
  demandNanoUsd: number
  depreciationNanoUsd: number
  /** counted by the machine, accepted by its pool */
  workDiff1: number
  /** of machines that count no accepted work: by hashrate, less rejected shares */
  estimatedWorkDiff1: number
  /** part of revenueNanoUsd that estimatedWorkDiff1 earned */
  estimatedRevenueNanoUsd: number
  /** what the pool credited for a day beyond counted and estimated work; negative where it credited less */
  trueUpWorkDiff1: number
  /** part of revenueNanoUsd that trueUpWorkDiff1 earned */
  trueUpRevenueNanoUsd: number
  /** work, of all the above, that earns nothing yet because no price of its time is known */
  unpricedWorkDiff1: number
  /** part of energyMilliJ that costs nothing yet because no energy price of its time is known */
  unpricedEnergyMilliJ: number
  gpuMs: number
  busyGpuMs: number
  tokensIn: number
  /** input tokens that came from a cache; included in tokensIn */
  tokensInCached: number
  tokensOut: number
  /** number of interval records in this row */
  intervals: number
}

/** The columns of a ledger row that can be summed over rows. */
export const LEDGER_SUMS = [
  'energyMilliJ',
  'coveredMs',
  'revenueNanoUsd',
  'minedMilliSat',
  'feeNanoUsd',
  'costNanoUsd',
  'demandNanoUsd',
  'depreciationNanoUsd',
  'workDiff1',
  'estimatedWorkDiff1',
  'estimatedRevenueNanoUsd',
  'trueUpWorkDiff1',
  'trueUpRevenueNanoUsd',
  'unpricedWorkDiff1',
  'unpricedEnergyMilliJ',
  'gpuMs',
  'busyGpuMs',
  'tokensIn',
  'tokensInCached',
  'tokensOut',
  'intervals',
] as const
export type LedgerSums = Record<(typeof LEDGER_SUMS)[number], number>

export const zeroSums = (): LedgerSums =>
  Object.fromEntries(LEDGER_SUMS.map((name) => [name, 0])) as LedgerSums

/** Adds b to a in place, and returns a. */
export function addSums(a: LedgerSums, b: LedgerSums): LedgerSums {
  for (const name of LEDGER_SUMS) a[name] += b[name]
  return a
}

/** Sums rows by workload. */
export function sumsByWorkload(rows: readonly LedgerRow[]): Map<string, LedgerSums> {
  const sums = new Map<string, LedgerSums>()
  for (const row of rows) sums.set(row.workload, addSums(sums.get(row.workload) ?? zeroSums(), row))
  return sums
}
