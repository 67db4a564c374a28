import type { Owner } from '../../../protocol/owner.ts'
import type { Prices } from '../../../protocol/quote.ts'
import {
  HASHES_PER_DIFF1,
  HOUR_MS,
  JOULES_PER_KWH,
  NANO_USD_PER_USD,
  workDiff1OfHashrate,
} from '../../../protocol/units.ts'
import type { DeviceFacts } from '../energy/attribution.ts'
import { usdPerDiff1 } from '../mining.ts'
import type { Workload, WorkloadOf } from '../workloads.ts'
import { missingForShares } from './unpriced.ts'

const MILLI_SAT_PER_BTC = 1e11
export const DAY_MS = 24 * HOUR_MS

/** Expected reward of a difficulty-1 share, USD; undefined if a price is missing. Unknown block fees count as 0. */
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

/** The same for the ledger: undefined too where the fees of a block have a source and are unknown. */
export const ledgerShareUsd = (prices: Prices, needsFees: boolean | undefined): number | undefined =>
  missingForShares(prices, needsFees).length > 0 ? undefined : shareUsd(prices)

/** Whether the work is a firmware's dev fee, which earns the operator nothing. */
export const isDevFee = (owner: Owner): boolean => owner['poolRole'] === 'devfee'

/** The quantities that one device delivered to one owner. */
export interface Quantities {
  /** observed time, ms */
  coveredMs?: number
  /** counted work, difficulty-1 shares */
  workDiff1?: number
  /** work of a machine that does not count it, difficulty-1 shares; paid as counted work is */
  estimatedWorkDiff1?: number
  gpuMs?: number
  /** input tokens, those from a cache included */
  tokensIn?: number
  tokensInCached?: number
  tokensOut?: number
}

/** Counted and estimated work, difficulty-1 shares. */
export const workOf = ({ workDiff1 = 0, estimatedWorkDiff1 = 0 }: Quantities): number =>
  workDiff1 + estimatedWorkDiff1

/** The workload, owner and device of some work. */
export interface Work {
  workload?: Workload | undefined
  owner: Owner
  device?: Pick<DeviceFacts, 'algorithm'> | undefined
}

/** Revenue of work, USD, and the pool fee and firmware dev fee, which are not part of it. */
export interface Earned {
  revenueUsd: number
  feeUsd: number
}

const NOTHING: Earned = { revenueUsd: 0, feeUsd: 0 }

/**
 * What work earns by its quantities, USD; 0 if a price is missing. The pay of contracts is not included (contracts.ts).
 * @param usdPerShare expected reward of a difficulty-1 share, USD
 */
export function earned(
  { workload, owner, device }: Work,
  q: Quantities,
  usdPerShare: number | undefined,
): Earned {
  switch (workload?.kind) {
    case 'mining':
      return mined(workload, owner, device, q, usdPerShare)
    case 'gpu-hour':
      return { revenueUsd: ((q.gpuMs ?? 0) / HOUR_MS) * workload.usdPerGpuHour, feeUsd: 0 }
    case 'tokens':
      return { revenueUsd: tokensUsd(workload, q), feeUsd: 0 }
    default:
      return NOTHING
  }
}

/**
 * Mining revenue: reward x (1 - pool fee). All schemes have this expected value: PPLNS and solo pay it only on average, and PPS+ pays
 * the transaction fees only on average. `feeUsd` holds the pool's fee, or all of the reward if the work is a dev fee.
 */
function mined(
  workload: WorkloadOf<'mining'>,
  owner: Owner,
  device: Work['device'],
  q: Quantities,
  networkUsdPerShare: number | undefined,
): Earned {
  const usdPerShare =
    workload.usdPerPhDay === undefined ? networkUsdPerShare : usdPerShareAt(workload.usdPerPhDay)
  const grossUsd =
    device?.algorithm === undefined
      ? workOf(q) * (usdPerShare ?? 0)
      : ((q.coveredMs ?? 0) / DAY_MS) * (workload.usdPerDeviceDay ?? 0)
  if (isDevFee(owner)) return { revenueUsd: 0, feeUsd: grossUsd }
  return {
    revenueUsd: grossUsd * (1 - workload.poolFeeRatio),
    feeUsd: grossUsd * workload.poolFeeRatio,
  }
}

/** The part of a revenue that estimated work earned, nano-USD: all shares are worth the same. */
export function estimatedPart(
  { workload, device }: Work,
  { workDiff1 = 0, estimatedWorkDiff1 = 0 }: Quantities,
  revenueNanoUsd: number,
): number {
  if (workload?.kind !== 'mining' || device?.algorithm !== undefined || estimatedWorkDiff1 === 0) return 0
  return Math.round((revenueNanoUsd * estimatedWorkDiff1) / (workDiff1 + estimatedWorkDiff1))
}

/** Whether the revenue is proportional to the network's reward for a difficulty-1 share. */
export const isPaidByShare = ({ workload, device }: Work): boolean =>
  workload?.kind === 'mining' && workload.usdPerPhDay === undefined && device?.algorithm === undefined

/** Value of a difficulty-1 share at a hashprice (USD per PH/s per day), USD: hashprice x 2^32 / (1e15 x 86400). */
const usdPerShareAt = (usdPerPhDay: number): number => (usdPerPhDay * HASHES_PER_DIFF1) / (1e15 * 86_400)

function tokensUsd(w: WorkloadOf<'tokens'>, { tokensIn = 0, tokensInCached = 0, tokensOut = 0 }: Quantities) {
  const cached = w.usdPerMillionTokensInCached === undefined ? 0 : Math.min(tokensIn, tokensInCached)
  return (
    ((tokensIn - cached) * w.usdPerMillionTokensIn +
      cached * (w.usdPerMillionTokensInCached ?? 0) +
      tokensOut * w.usdPerMillionTokensOut) /
    1e6
  )
}

/** The rates at which a device works for an owner now. */
export interface Rates {
  hashrateHs?: number | undefined
  gpusHeld?: number | undefined
  tokensInPerS?: number | undefined
  tokensOutPerS?: number | undefined
  /** share of the device, 0 to 1 */
  share?: number | undefined
}

/** What work earns at these rates, USD/h. @param usdPerShare expected reward of a difficulty-1 share, USD */
export function earnedPerH(work: Work, r: Rates, usdPerShare: number | undefined): Earned {
  const hour = {
    coveredMs: (r.share ?? 1) * HOUR_MS,
    workDiff1: workDiff1OfHashrate(r.hashrateHs ?? 0, 3600),
    gpuMs: (r.gpusHeld ?? 0) * HOUR_MS,
    tokensIn: (r.tokensInPerS ?? 0) * 3600,
    tokensOut: (r.tokensOutPerS ?? 0) * 3600,
  }
  return earned(work, hour, usdPerShare)
}

/** USD in thousandths of a satoshi, a whole number; 0 without a Bitcoin price. */
export const milliSatOf = (usd: number, { btcUsd }: Prices): number =>
  btcUsd && btcUsd.value > 0 ? Math.round((usd / btcUsd.value) * MILLI_SAT_PER_BTC) : 0

/** USD as nano-USD, a whole number. */
export const nanoUsd = (usd: number): number => Math.round(usd * NANO_USD_PER_USD)

/** kWh of 1 W over a year of 365.25 days: USD per watt-year = USD/kWh x 8.766. */
export const KWH_PER_WATT_YEAR = 8.766

/** Revenue per energy, USD/kWh; undefined without energy. */
export const perKwh = (usd: number, energyJ: number): number | undefined =>
  energyJ > 0 ? usd / (energyJ / JOULES_PER_KWH) : undefined

/** Revenue per energy at a moment, USD/kWh, from USD/h and W; undefined without power. */
export const perKwhOfRates = (usdPerH: number, powerW: number): number | undefined =>
  powerW > 0 ? usdPerH / (powerW / 1000) : undefined
