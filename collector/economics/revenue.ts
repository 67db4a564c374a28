import type { Owner } from '../../protocol/owner.ts'
import {
  HOUR_MS,
  JOULES_PER_KWH,
  MILLIJOULES_PER_KWH,
  NANO_USD_PER_USD,
  workDiff1OfHashrate,
} from '../../protocol/units.ts'
import type { Prices } from '../quotes.ts'
import type { Workload } from '../workloads.ts'
import { fppsRevenueUsd, usdPerDiff1 } from './mining.ts'

/** Expected reward of a difficulty-1 share at these prices, USD; undefined where a price is missing. */
export function shareUsd(prices: Prices): number | undefined {
  const { btcUsd, difficulty, blockHeight, feesBtcPerBlock } = prices
  if (!btcUsd || !difficulty || !blockHeight) return undefined
  return usdPerDiff1({
    btcUsd: btcUsd.value,
    difficulty: difficulty.value,
    blockHeight: blockHeight.value,
    feesBtcPerBlock: feesBtcPerBlock?.value ?? 0,
  })
}

/** A firmware's dev fee is work for somebody else: it earns the operator nothing. */
export const isDevFee = (owner: Owner): boolean => owner['poolRole'] === 'devfee'

export interface Quantities {
  workDiff1?: number
  gpuMs?: number
  tokensIn?: number
  tokensOut?: number
}

/** Revenue of what was done in an interval, nano-USD, a whole number. Zero where a price is missing: nothing is guessed. */
export function revenueNanoUsd(
  workload: Workload | undefined,
  owner: Owner,
  q: Quantities,
  prices: Prices,
): number {
  return Math.round(revenueUsd(workload, owner, q, shareUsd(prices)) * NANO_USD_PER_USD)
}

function revenueUsd(
  workload: Workload | undefined,
  owner: Owner,
  q: Quantities,
  usdPerShare: number | undefined,
): number {
  switch (workload?.kind) {
    case 'mining':
      return usdPerShare === undefined || isDevFee(owner)
        ? 0
        : fppsRevenueUsd(q.workDiff1 ?? 0, usdPerShare, workload.poolFeeRatio)
    case 'gpu-hour':
      return ((q.gpuMs ?? 0) / HOUR_MS) * workload.usdPerGpuHour
    case 'tokens':
      return (
        ((q.tokensIn ?? 0) * workload.usdPerMillionTokensIn +
          (q.tokensOut ?? 0) * workload.usdPerMillionTokensOut) /
        1e6
      )
    default:
      return 0
  }
}

export interface Rates {
  hashrateHs?: number | undefined
  gpusHeld?: number | undefined
  tokensInPerS?: number | undefined
  tokensOutPerS?: number | undefined
}

/** Revenue of what is being done now, USD/h: that of an hour of it. Mining earns the expected pay of its hashrate's work. */
export function revenueUsdPerH(
  workload: Workload | undefined,
  owner: Owner,
  r: Rates,
  usdPerShare: number | undefined,
): number {
  const hour = {
    workDiff1: workDiff1OfHashrate(r.hashrateHs ?? 0, 3600),
    gpuMs: (r.gpusHeld ?? 0) * HOUR_MS,
    tokensIn: (r.tokensInPerS ?? 0) * 3600,
    tokensOut: (r.tokensOutPerS ?? 0) * 3600,
  }
  return revenueUsd(workload, owner, hour, usdPerShare)
}

/** Cost of energy, nano-USD, a whole number. */
export const energyCostNanoUsd = (energyMilliJ: number, usdPerKwh: number): number =>
  Math.round((energyMilliJ / MILLIJOULES_PER_KWH) * usdPerKwh * NANO_USD_PER_USD)

/** Cost rate of a power, USD/h. */
export const energyCostUsdPerH = (powerW: number, usdPerKwh: number): number => (powerW / 1000) * usdPerKwh

/** Revenue per energy, USD/kWh; absent, never infinite, where no energy was used. */
export const perKwh = (usd: number, energyJ: number): number | undefined =>
  energyJ > 0 ? usd / (energyJ / JOULES_PER_KWH) : undefined

/** The same of rates: USD/h over W. */
export const perKwhOfRates = (usdPerH: number, powerW: number): number | undefined =>
  powerW > 0 ? usdPerH / (powerW / 1000) : undefined
