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

const MILLI_SAT_PER_BTC = 1e11
export const DAY_MS = 24 * HOUR_MS

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

/** What one device did for one owner. */
export interface Quantities {
  /** ms that were observed */
  coveredMs?: number
  workDiff1?: number
  gpuMs?: number
  /** all input tokens, those from a cache included */
  tokensIn?: number
  tokensInCached?: number
  tokensOut?: number
}

/** Whose work on what it was. */
export interface Work {
  workload?: Workload | undefined
  owner: Owner
  device?: Pick<DeviceFacts, 'algorithm'> | undefined
}

/** What work earns, USD, and what a pool or a firmware kept of what it was worth. */
export interface Earned {
  revenueUsd: number
  feeUsd: number
}

const NOTHING: Earned = { revenueUsd: 0, feeUsd: 0 }

/**
 * What is paid for the quantities themselves. Nothing where a price is missing: nothing is guessed. What a contract pays
 * whatever is used is not in it (contracts.ts).
 * @param usdPerShare expected reward of a difficulty-1 share
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
 * The pool's fee and the firmware's dev fee are in `feeUsd`. All schemes have the same expected value, reward x (1 - fee): PPLNS
 * and solo pay it on average only, PPS+ the fees of transactions.
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
      ? (q.workDiff1 ?? 0) * (usdPerShare ?? 0)
      : ((q.coveredMs ?? 0) / DAY_MS) * (workload.usdPerDeviceDay ?? 0)
  if (isDevFee(owner)) return { revenueUsd: 0, feeUsd: grossUsd }
  return {
    revenueUsd: grossUsd * (1 - workload.poolFeeRatio),
    feeUsd: grossUsd * workload.poolFeeRatio,
  }
}

/** Whether what is paid is proportional to the expected reward of a difficulty-1 share. */
export const isPaidByShare = ({ workload, device }: Work): boolean =>
  workload?.kind === 'mining' && workload.usdPerPhDay === undefined && device?.algorithm === undefined

/** USD of a difficulty-1 share at a hashprice in USD per PH/s per day: hashprice x 2^32 / (1e15 x 86400). */
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

/** What a device does for an owner now. */
export interface Rates {
  hashrateHs?: number | undefined
  gpusHeld?: number | undefined
  tokensInPerS?: number | undefined
  tokensOutPerS?: number | undefined
  /** part of the device */
  share?: number | undefined
}

/** What is being done now earns, USD/h: as an hour of it. Mining earns the expected pay of its hashrate's work. */
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

/** USD in thousandths of a satoshi at these prices, a whole number; 0 without a price of Bitcoin. */
export const milliSatOf = (usd: number, { btcUsd }: Prices): number =>
  btcUsd && btcUsd.value > 0 ? Math.round((usd / btcUsd.value) * MILLI_SAT_PER_BTC) : 0

/** USD as nano-USD, a whole number. */
export const nanoUsd = (usd: number): number => Math.round(usd * NANO_USD_PER_USD)

/** USD per watt-year of a USD/kWh: 8,766 hours of a year of 365.25 days, over 1,000. */
export const KWH_PER_WATT_YEAR = 8.766

/** Revenue per energy, USD/kWh; absent, never infinite, where no energy was used. */
export const perKwh = (usd: number, energyJ: number): number | undefined =>
  energyJ > 0 ? usd / (energyJ / JOULES_PER_KWH) : undefined

/** The same of rates: USD/h over W. */
export const perKwhOfRates = (usdPerH: number, powerW: number): number | undefined =>
  powerW > 0 ? usdPerH / (powerW / 1000) : undefined
