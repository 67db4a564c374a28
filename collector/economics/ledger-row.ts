import type { Interval } from '../../protocol/interval.ts'

/** An interval with the agent that closed it. Its key is (agentId, deviceId, owner, startMs). */
export interface AgentInterval extends Interval {
  agentId: string
}

/**
 * One line of the ledger: what one device did for one owner in one minute, priced; a meter's lines are what it shows beyond the
 * machines behind it, a contract without machines has none of either. Its key is (minuteMs, workload, agentId, deviceId, owner). Whole numbers, so that any grouping adds up exactly.
 */
export interface LedgerRow {
  /** Unix ms, start of the UTC minute */
  minuteMs: number
  workload: string
  agentId: string
  deviceId: string
  /** ownerKey of the owner; '' for nobody */
  owner: string
  /** '' where unknown */
  container: string
  rack: string
  energyMilliJ: number
  coveredMs: number
  revenueNanoUsd: number
  /** of the revenue what mining earned, in thousandths of a satoshi at the minute's price */
  minedMilliSat: number
  /** what a pool and a firmware kept; not in the revenue */
  feeNanoUsd: number
  /** of the energy */
  costNanoUsd: number
  /** its part of the demand charge */
  demandNanoUsd: number
  depreciationNanoUsd: number
  workDiff1: number
  gpuMs: number
  busyGpuMs: number
  tokensIn: number
  /** of tokensIn what came from a cache */
  tokensInCached: number
  tokensOut: number
  /** how many intervals are in this row */
  intervals: number
}

/** The numbers of a ledger row that add up. */
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

/** Adds b to a, in place. */
export function addSums(a: LedgerSums, b: LedgerSums): LedgerSums {
  for (const name of LEDGER_SUMS) a[name] += b[name]
  return a
}

/** The rows of a minute by workload. */
export function sumsByWorkload(rows: readonly LedgerRow[]): Map<string, LedgerSums> {
  const sums = new Map<string, LedgerSums>()
  for (const row of rows) sums.set(row.workload, addSums(sums.get(row.workload) ?? zeroSums(), row))
  return sums
}
