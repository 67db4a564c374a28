import type { Baseline, BaselineWorkload } from '../../../../collector/economics/choices/baseline.ts'

/** A workload whose fields are 0, except those that a test sets. */
export const workload = (name: string, more: Partial<BaselineWorkload>): BaselineWorkload => ({
  name,
  kind: name,
  paidBy: 'nothing',
  energyPassedOn: false,
  powerW: 0,
  revenueUsdPerH: 0,
  otherCostUsdPerH: 0,
  hashrateHs: 0,
  poolFeeRatio: 0,
  gpusHeld: 0,
  gpusInstalled: 0,
  ...more,
})

/** USD/h of 1 PH/s at D = 1e14, 3.125 BTC, no fees, 100,000 USD: a hashprice of 62.8643 USD/PH/day. */
export const PH_USD_PER_H = (1e15 * 3600 * 3.125 * 100_000) / (1e14 * 2 ** 32)

/** A site with one workload of each kind, in round figures: 10 PH/s at 20 J/TH, 8 of 10 GPUs rented. */
export const siteNow = (more: Partial<Baseline> = {}): Baseline => ({
  atMs: Date.UTC(2026, 0, 1),
  prices: { btcUsd: 100_000, difficulty: 1e14, blockHeight: 900_000, energyUsdPerKwh: 0.05 },
  workloads: [
    workload('mining', {
      paidBy: 'network',
      powerW: 200_000,
      hashrateHs: 10e15,
      poolFeeRatio: 0.02,
      revenueUsdPerH: 10 * PH_USD_PER_H * 0.98,
    }),
    workload('rental', {
      kind: 'gpu-hour',
      paidBy: 'gpu-hours',
      powerW: 8_000,
      gpusHeld: 8,
      gpusInstalled: 10,
      wattsPerGpu: 1_000,
      usdPerGpuHour: 2,
      revenueUsdPerH: 16,
    }),
    workload('chat', {
      kind: 'tokens',
      paidBy: 'tokens',
      powerW: 2_000,
      gpusHeld: 2,
      wattsPerGpu: 1_000,
      revenueUsdPerH: 6,
    }),
    workload('hall', {
      kind: 'colocation',
      paidBy: 'agreed',
      powerW: 50_000,
      revenueUsdPerH: 12,
      usdPerKwH: 0.2,
    }),
    workload('idle', { powerW: 200 }),
    workload('overhead', { powerW: 10_000 }),
  ],
  idleGpus: { count: 2, wattsPerGpu: 100 },
  ...more,
})
