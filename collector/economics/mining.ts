import { HASHES_PER_DIFF1 } from '../../protocol/units.ts'
import { ratio } from './ratio.ts'

/** Blocks between two halvings (Bitcoin Core, consensus.nSubsidyHalvingInterval). */
export const HALVING_BLOCKS = 210_000
/** Time that the network aims at for a block, s (Bitcoin Core, consensus.nPowTargetSpacing). */
export const BLOCK_S = 600
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
 * difficulty x 2^32 hashes, and the share stands for 2^32. Undefined where that is less than one hash: there is no such
 * difficulty.
 */
export function usdPerDiff1(p: MiningPrices): number | undefined {
  if (!(p.difficulty * HASHES_PER_DIFF1 >= 1)) return undefined
  return ratio((subsidyBtc(p.blockHeight) + p.feesBtcPerBlock) * p.btcUsd, p.difficulty)
}

/** Revenue of paid work, USD, under FPPS: each share its expected reward, less the pool's fee. */
export const fppsRevenueUsd = (workDiff1: number, usdPerShare: number, poolFeeRatio: number): number =>
  workDiff1 * usdPerShare * (1 - poolFeeRatio)

/** Hashprice, USD per PH/s per day: 1e15 x 86400 / (difficulty x 2^32) x (subsidy + fees) x price. */
export const hashpriceUsdPerPhDay = (usdPerShare: number): number =>
  (1e15 * SECONDS_PER_DAY * usdPerShare) / HASHES_PER_DIFF1

/** Energy price at which a machine earns nothing, USD/kWh: hashprice / (24 x J/TH). Undefined at zero efficiency. */
export const breakEvenUsdPerKwh = (hashprice: number, efficiencyJPerTh: number): number | undefined =>
  ratio(hashprice, 24 * efficiencyJPerTh)

/**
 * What the energy of a hashrate costs, USD per PH/s per day: 24 x J/TH x USD/kWh (1 PH/s at 1 J/TH takes 1 kW). It is also
 * the hashprice at which a machine of that efficiency earns nothing: its break-even hashprice.
 */
export const hashcostUsdPerPhDay = (efficiencyJPerTh: number, usdPerKwh: number): number =>
  24 * efficiencyJPerTh * usdPerKwh

/** Hashrate of the whole network that a difficulty stands for, H/s: difficulty x 2^32 / 600. */
export const networkHashrateHs = (difficulty: number): number => (difficulty * HASHES_PER_DIFF1) / BLOCK_S
