import { NANO_USD_PER_USD } from '../protocol/units.ts'
import type { Restatement } from './accounts.ts'
import { perKwh } from './economics/revenue.ts'
import type { LedgerSums } from './store.ts'
import type { LedgerFigure } from './view.ts'

/** The ledger's whole numbers as a person reads them: J, s, USD. Sums are made before this, never after. */
export function ledgerFigure(
  group: string,
  startMs: number,
  endMs: number,
  sums: LedgerSums,
  restatement?: Omit<Restatement, 'startMs'>,
): LedgerFigure {
  const energyJ = sums.energyMilliJ / 1000
  const revenueUsd = sums.revenueNanoUsd / NANO_USD_PER_USD
  const earned = perKwh(revenueUsd, energyJ)
  return {
    group,
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
    energyJ,
    revenueUsd,
    costUsd: sums.costNanoUsd / NANO_USD_PER_USD,
    netUsd: (sums.revenueNanoUsd - sums.costNanoUsd) / NANO_USD_PER_USD,
    ...(earned === undefined ? {} : { revenueUsdPerKwh: earned }),
    coveredS: sums.coveredMs / 1000,
    workDiff1: sums.workDiff1,
    gpuS: sums.gpuMs / 1000,
    busyGpuS: sums.busyGpuMs / 1000,
    tokensIn: sums.tokensIn,
    tokensOut: sums.tokensOut,
    ...(restatement
      ? { revision: restatement.revision, restatedAt: new Date(restatement.restatedMs).toISOString() }
      : {}),
  }
}
