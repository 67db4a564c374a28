import { HASHES_PER_DIFF1 } from '../../protocol/units.ts'
import { ratio } from './ratio.ts'

/** Blocks between two halvings (Bitcoin Core, consensus.nSubsidyHalvingInterval). */
export const HALVING_BLOCKS = 210_000
/** Target time between blocks, s (Bitcoin Core, consensus.nPowTargetSpacing). */
export const BLOCK_S = 600
const SECONDS_PER_DAY = 86_400

/** Block subsidy at a height, BTC: 50 / 2^floor(height / 210000), in whole satoshis (Bitcoin Core, GetBlockSubsidy). */
export function subsidyBtc(height: number): number {
  const halvings = Math.floor(height / HALVING_BLOCKS)
  return halvings >= 33 ? 0 : Math.floor(5_000_000_000 / 2 ** halvings) / 1e8
}

/**
 * Subsidy of the block that miners work on, BTC. Work done now can only find the next block, so a halving counts from the moment
 * at which the block before it is found.
 * @param tipHeight height of the newest block
 */
export const nextSubsidyBtc = (tipHeight: number): number => subsidyBtc(tipHeight + 1)

/** The inputs of the network's reward for a share. */
export interface MiningPrices {
  /** difficulty of the next block */
  difficulty: number
  /** height of the newest block */
  blockHeight: number
  /** average transaction fees of a block, BTC */
  feesBtcPerBlock: number
  /** USD/BTC */
  btcUsd: number
}

/**
 * Expected reward of one accepted difficulty-1 share, USD: (subsidy of the next block + fees) x price / difficulty. A block takes
 * difficulty x 2^32 hashes on average, and a difficulty-1 share stands for 2^32 hashes. Undefined if a block would take less than
 * one hash, because such a difficulty does not exist.
 */
export function usdPerDiff1(p: MiningPrices): number | undefined {
  if (!(p.difficulty * HASHES_PER_DIFF1 >= 1)) return undefined
  return ratio((nextSubsidyBtc(p.blockHeight) + p.feesBtcPerBlock) * p.btcUsd, p.difficulty)
}

/** FPPS revenue, USD: every share earns its expected reward, less the pool's fee. */
export const fppsRevenueUsd = (workDiff1: number, usdPerShare: number, poolFeeRatio: number): number =>
  workDiff1 * usdPerShare * (1 - poolFeeRatio)

/** Hashprice, USD per PH/s per day: 1e15 x 86400 / (difficulty x 2^32) x (subsidy + fees) x price. */
export const hashpriceUsdPerPhDay = (usdPerShare: number): number =>
  (1e15 * SECONDS_PER_DAY * usdPerShare) / HASHES_PER_DIFF1

/**
 * Energy price at which mining revenue equals energy cost, USD/kWh: hashprice / (24 x J/TH). Undefined if the efficiency is 0.
 * @param hashprice USD per PH/s per day
 */
export const breakEvenUsdPerKwh = (hashprice: number, efficiencyJPerTh: number): number | undefined =>
  ratio(hashprice, 24 * efficiencyJPerTh)

/**
 * Energy cost of hashing, USD per PH/s per day: 24 x J/TH x USD/kWh (1 PH/s at 1 J/TH draws 1 kW). This is also the break-even
 * hashprice of a machine with that efficiency.
 */
export const hashcostUsdPerPhDay = (efficiencyJPerTh: number, usdPerKwh: number): number =>
  24 * efficiencyJPerTh * usdPerKwh

/** Network hashrate that a difficulty implies, H/s: difficulty x 2^32 / 600. */
export const networkHashrateHs = (difficulty: number): number => (difficulty * HASHES_PER_DIFF1) / BLOCK_S

/** Efficiency of machines, J/TH: W / (TH/s). Undefined if the hashrate is 0. */
export const efficiencyJPerTh = (powerW: number, hashrateHs: number): number | undefined =>
  hashrateHs > 0 ? powerW / (hashrateHs / 1e12) : undefined
