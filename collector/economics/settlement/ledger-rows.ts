import { ownerKey } from '../../../protocol/owner.ts'
import type { Prices } from '../../../protocol/quote.ts'
import { type AgentInterval, LEDGER_SUMS, type LedgerRow } from '../ledger-row.ts'
import { type TrueUp, trueUpOwner } from '../true-up.ts'
import type { PricedPart } from './priced.ts'
import { priceMinute, type SettleContext } from './settle.ts'

/** Settles one minute: prices its interval records and returns the rows of the ledger. */
export const settleMinute = (
  minuteMs: number,
  intervals: readonly AgentInterval[],
  prices: Prices,
  context: SettleContext,
  trueUps: readonly TrueUp[] = [],
): LedgerRow[] =>
  merge(priceMinute(minuteMs, intervals, prices, context, trueUps).parts.map((p) => row(minuteMs, p)))

/** Merges rows with the same key: after a restart, one owner has several interval records in one minute. */
function merge(rows: readonly LedgerRow[]): LedgerRow[] {
  const byRow = new Map<string, LedgerRow>()
  for (const r of rows) {
    const key = `${r.workload}\n${r.agentId}\n${r.deviceId}\n${r.owner}`
    const into = byRow.get(key)
    if (into) for (const name of LEDGER_SUMS) into[name] += r[name]
    else byRow.set(key, r)
  }
  return [...byRow.values()]
}

function row(minuteMs: number, p: PricedPart): LedgerRow {
  const { interval, device, trueUp } = p
  const counted = p.counts ? interval : undefined
  return {
    minuteMs,
    workload: p.name,
    agentId: interval?.agentId ?? '',
    deviceId: interval?.deviceId ?? '',
    owner: counted ? ownerKey(counted.owner) : trueUp ? ownerKey(trueUpOwner(trueUp)) : '',
    container: device?.location?.container ?? '',
    rack: device?.location?.rack ?? '',
    energyMilliJ: p.energyMilliJ,
    coveredMs: counted?.coveredMs ?? 0,
    revenueNanoUsd: p.revenueNanoUsd,
    minedMilliSat: p.minedMilliSat,
    feeNanoUsd: p.feeNanoUsd,
    costNanoUsd: p.costNanoUsd,
    demandNanoUsd: p.demandNanoUsd,
    depreciationNanoUsd: p.depreciationNanoUsd,
    workDiff1: counted?.workDiff1 ?? 0,
    estimatedWorkDiff1: counted?.estimatedWorkDiff1 ?? 0,
    estimatedRevenueNanoUsd: p.estimatedNanoUsd,
    trueUpWorkDiff1: trueUp?.workDiff1 ?? 0,
    trueUpRevenueNanoUsd: trueUp ? p.revenueNanoUsd : 0,
    unpricedWorkDiff1: p.unpricedWorkDiff1,
    unpricedEnergyMilliJ: p.unpricedEnergyMilliJ,
    gpuMs: counted?.gpuMs ?? 0,
    busyGpuMs: counted?.busyGpuMs ?? 0,
    tokensIn: counted?.tokensIn ?? 0,
    tokensInCached: counted?.tokensInCached ?? 0,
    tokensOut: counted?.tokensOut ?? 0,
    intervals: counted && !counted.energyIsHeld ? 1 : 0,
  }
}
