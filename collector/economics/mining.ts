import { HASHES_PER_DIFF1 } from '../../protocol/units.ts'

/** Blocks between two halvings (Bitcoin Core, consensus.nSubsidyHalvingInterval). */
const HALVING_BLOCKS = 210_000
const SECONDS_PER_DAY = 86_400

/** Subsidy of a block, BTC: 50 / 2^floor(height / 210000), in whole satoshis (Bitcoin Core, GetBlockSubsidy). */
export function subsidyBtc(height: number): number {
  const halvings = Math.floor(height / HALVING_BLOCKS)
  return halvings >= 33 ? 0 : Math.floor(5_000_000_000 / 2 ** halvings) / 1e8
}

/** What the network pays for work. */
export interface MiningPrices {
  difficulty: number
  blockHeight: number
  /** average transaction fees a block, BTC */
  feesBtcPerBlock: number
  /** USD/BTC */
  btcUsd: number
}

/**
 * Expected reward of one accepted difficulty-1 share, USD: (subsidy + fees) x price / difficulty. A block takes
 * difficulty x 2^32 hashes, and the share stands for 2^32. Undefined without a positive difficulty.
 */
export function usdPerDiff1(p: MiningPrices): number | undefined {
  if (!(p.difficulty > 0)) return undefined
  return ((subsidyBtc(p.blockHeight) + p.feesBtcPerBlock) * p.btcUsd) / p.difficulty
}

/** Revenue of paid work, USD, under FPPS: each share its expected reward, less the pool's fee. */
export const fppsRevenueUsd = (workDiff1: number, usdPerShare: number, poolFeeRatio: number): number =>
  workDiff1 * usdPerShare * (1 - poolFeeRatio)

/** Hashprice, USD per PH/s per day: 1e15 x 86400 / (difficulty x 2^32) x (subsidy + fees) x price. */
export const hashpriceUsdPerPhDay = (usdPerShare: number): number =>
  (1e15 * SECONDS_PER_DAY * usdPerShare) / HASHES_PER_DIFF1

/** Energy price at which a machine earns nothing, USD/kWh: hashprice / (24 x J/TH). Undefined at zero efficiency. */
export const breakEvenUsdPerKwh = (hashprice: number, efficiencyJPerTh: number): number | undefined =>
  efficiencyJPerTh > 0 ? hashprice / (24 * efficiencyJPerTh) : undefined
