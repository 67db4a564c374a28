import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { fppsRevenueUsd, usdPerDiff1 } from '../mining.ts'
import { UNPAID } from '../unpaid.ts'

/**
 * What a workload's revenue follows: `network` the reward of Bitcoin's network, `gpu-hours` the GPU-hours held, `tokens` the tokens,
 * `agreed` a fixed contract price, `nothing` no revenue.
 */
export type PaidBy = 'network' | 'gpu-hours' | 'tokens' | 'agreed' | 'nothing'

/** A workload now. */
export interface BaselineWorkload {
  name: string
  kind: string
  paidBy: PaidBy
  /** whether the customer also pays the energy, at its cost */
  energyPassedOn: boolean
  powerW: number
  revenueUsdPerH: number
  /** transmission and demand charge: all costs except energy at its price */
  otherCostUsdPerH: number
  hashrateHs: number
  poolFeeRatio: number
  gpusHeld: number
  /** GPUs held, and idle GPUs that would earn most for this workload */
  gpusInstalled: number
  /** W of a held GPU */
  wattsPerGpu?: number
  usdPerGpuHour?: number
  /** colocation: USD/h of each contracted kW */
  usdPerKwH?: number
}

/** Prices now; absent if unknown. */
export interface BaselinePrices {
  btcUsd?: number
  difficulty?: number
  blockHeight?: number
  feesBtcPerBlock?: number
  energyUsdPerKwh?: number
}

/** Revenue, costs and power of a site at one moment: the start of every scenario. */
export interface Baseline {
  atMs: number
  prices: BaselinePrices
  workloads: readonly BaselineWorkload[]
  /** GPUs that nobody holds; their power is part of the workload `idle` */
  idleGpus: { count: number; wattsPerGpu: number }
}

/** A change to a baseline: new prices, and functions that return the new value for a workload. */
export interface Change {
  prices?: BaselinePrices
  usdPerGpuHour?: (w: BaselineWorkload) => number | undefined
  gpusHeld?: (w: BaselineWorkload) => number
  /** new price of tokens / price now */
  tokenPriceRatio?: number
}

/** Expected reward of a difficulty-1 share, USD; undefined if a price is missing. Unknown block fees count as 0. */
export function shareUsdOf({ btcUsd, difficulty, blockHeight, feesBtcPerBlock = 0 }: BaselinePrices) {
  if (btcUsd === undefined || difficulty === undefined || blockHeight === undefined) return undefined
  return usdPerDiff1({ btcUsd, difficulty, blockHeight, feesBtcPerBlock })
}

/** Expected revenue of a hashrate (H/s), USD/h, less the pool's fee. @param usdPerShare expected reward of a difficulty-1 share, USD */
export const hashingUsdPerH = (hashrateHs: number, usdPerShare: number, poolFeeRatio: number): number =>
  fppsRevenueUsd((hashrateHs * 3600) / HASHES_PER_DIFF1, usdPerShare, poolFeeRatio)

/** Applies a change to a site. Everything that the change does not name stays as observed. */
export function changed(before: Baseline, change: Change): Baseline {
  const prices = { ...before.prices, ...change.prices }
  const energyRise = (prices.energyUsdPerKwh ?? 0) - (before.prices.energyUsdPerKwh ?? 0)
  const shareBefore = shareUsdOf(before.prices)
  const shareAfter = shareUsdOf(prices)
  const { count, wattsPerGpu: wattsPerIdle } = before.idleGpus
  let newlyHeld = 0
  const workloads = before.workloads.map((w): BaselineWorkload => {
    const after = { ...w }
    switch (w.paidBy) {
      case 'network':
        if (shareAfter !== undefined) after.revenueUsdPerH = hashingAt(w, shareBefore, shareAfter)
        break
      case 'gpu-hours': {
        const price = w.usdPerGpuHour ?? 0
        const priceAfter = change.usdPerGpuHour?.(w) ?? price
        after.gpusHeld = change.gpusHeld?.(w) ?? w.gpusHeld
        after.usdPerGpuHour = priceAfter
        after.revenueUsdPerH += after.gpusHeld * priceAfter - w.gpusHeld * price
        after.powerW += (after.gpusHeld - w.gpusHeld) * (w.wattsPerGpu ?? wattsPerIdle)
        newlyHeld += after.gpusHeld - w.gpusHeld
        break
      }
      case 'tokens':
        after.revenueUsdPerH *= change.tokenPriceRatio ?? 1
    }
    if (w.energyPassedOn) after.revenueUsdPerH += (w.powerW / 1000) * energyRise
    return after
  })
  const idle = workloads.find((w) => w.name === UNPAID.idle)
  if (idle) idle.powerW -= newlyHeld * wattsPerIdle
  return { ...before, prices, workloads, idleGpus: { ...before.idleGpus, count: count - newlyHeld } }
}

/**
 * Mining revenue at another reward, USD/h: the observed revenue x new reward / old reward, so that the pool's luck and the firmware's
 * fee stay in it. Without an old reward it is the expected revenue of the hashrate.
 */
function hashingAt(w: BaselineWorkload, shareBefore: number | undefined, shareAfter: number): number {
  const scaled = shareBefore ? (w.revenueUsdPerH / shareBefore) * shareAfter : Number.NaN
  return Number.isFinite(scaled) ? scaled : hashingUsdPerH(w.hashrateHs, shareAfter, w.poolFeeRatio)
}
