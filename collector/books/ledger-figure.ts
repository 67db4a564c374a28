import { JOULES_PER_KWH, NANO_USD_PER_USD } from '../../protocol/units.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'
import { KWH_PER_WATT_YEAR } from '../economics/settlement/revenue.ts'
import type { Restatement } from '../plugin/audit-store.ts'
import type { LedgerFigure } from '../views/ledger-figure.ts'

/** The ledger's whole numbers in the units that people read: J, s, USD. Add up sums before this, never figures after. */
export function ledgerFigure(
  group: string,
  startMs: number,
  endMs: number,
  sums: LedgerSums,
  restatement?: Omit<Restatement, 'startMs'>,
): LedgerFigure {
  const energyJ = sums.energyMilliJ / 1000
  const revenueUsd = sums.revenueNanoUsd / NANO_USD_PER_USD
  const costUsd = sums.costNanoUsd / NANO_USD_PER_USD
  const netUsd = (sums.revenueNanoUsd - sums.costNanoUsd - sums.demandNanoUsd) / NANO_USD_PER_USD
  const minedSat = sums.minedMilliSat / 1000
  return {
    group,
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
    energyJ,
    revenueUsd,
    feesUsd: sums.feeNanoUsd / NANO_USD_PER_USD,
    costUsd,
    demandUsd: sums.demandNanoUsd / NANO_USD_PER_USD,
    netUsd,
    depreciationUsd: sums.depreciationNanoUsd / NANO_USD_PER_USD,
    ...perEnergy({ revenueUsd, costUsd, netUsd, minedSat }, energyJ, sums),
    minedSat,
    coveredS: sums.coveredMs / 1000,
    workDiff1: sums.workDiff1,
    estimatedWorkDiff1: sums.estimatedWorkDiff1,
    estimatedUsd: sums.estimatedRevenueNanoUsd / NANO_USD_PER_USD,
    trueUpWorkDiff1: sums.trueUpWorkDiff1,
    unpricedWorkDiff1: sums.unpricedWorkDiff1,
    unpricedEnergyJ: sums.unpricedEnergyMilliJ / 1000,
    trueUpUsd: sums.trueUpRevenueNanoUsd / NANO_USD_PER_USD,
    gpuS: sums.gpuMs / 1000,
    busyGpuS: sums.busyGpuMs / 1000,
    tokensIn: sums.tokensIn,
    tokensInCached: sums.tokensInCached,
    tokensOut: sums.tokensOut,
    ...(restatement
      ? { revision: restatement.revision, restatedAt: new Date(restatement.restatedMs).toISOString() }
      : {}),
  }
}

/** Figures per kWh; absent, never infinite, where there was no energy, and where a part of the money has no price yet. */
function perEnergy(
  {
    revenueUsd,
    costUsd,
    netUsd,
    minedSat,
  }: Pick<LedgerFigure, 'revenueUsd' | 'costUsd' | 'netUsd' | 'minedSat'>,
  energyJ: number,
  { unpricedWorkDiff1, unpricedEnergyMilliJ }: LedgerSums,
): Partial<LedgerFigure> {
  if (!(energyJ > 0)) return {}
  const kWh = energyJ / JOULES_PER_KWH
  const [earned, paid] = [unpricedWorkDiff1 === 0, unpricedEnergyMilliJ === 0]
  return {
    ...(earned
      ? {
          revenueUsdPerKwh: revenueUsd / kWh,
          revenueUsdPerWattYear: (revenueUsd / kWh) * KWH_PER_WATT_YEAR,
        }
      : {}),
    ...(paid ? { costUsdPerKwh: costUsd / kWh } : {}),
    ...(earned && paid ? { netUsdPerKwh: netUsd / kWh } : {}),
    ...(earned && minedSat > 0 ? { minedSatPerKwh: minedSat / kWh } : {}),
  }
}
