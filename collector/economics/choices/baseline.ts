import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { fppsRevenueUsd, usdPerDiff1 } from '../mining.ts'
import { UNPAID } from '../unpaid.ts'

/**
 * How a workload's money comes about, and so what a change does to it: `network` by what Bitcoin pays for hashes, `gpu-hours`
 * by the hours held, `tokens` by the tokens, `agreed` whatever the market does, `nothing` not at all.
 */
export type PaidBy = 'network' | 'gpu-hours' | 'tokens' | 'agreed' | 'nothing'

/** A workload as it is now. Rates are USD/h. */
export interface BaselineWorkload {
  name: string
  kind: string
  paidBy: PaidBy
  /** the customer pays the energy at its cost, on top */
  energyPassedOn: boolean
  powerW: number
  revenueUsdPerH: number
  /** costs beside the energy at its price */
  otherCostUsdPerH: number
  hashrateHs: number
  poolFeeRatio: number
  gpusHeld: number
  /** held, and idle ones that would serve it best */
  gpusInstalled: number
  /** W of a GPU that somebody holds */
  wattsPerGpu?: number
  usdPerGpuHour?: number
  /** colocation: USD an hour for each contracted kW */
  usdPerKwH?: number
}

/** Prices now; absent is unknown. */
export interface BaselinePrices {
  btcUsd?: number
  difficulty?: number
  blockHeight?: number
  feesBtcPerBlock?: number
  energyUsdPerKwh?: number
}

/** What a site earns and takes at one moment: where a scenario begins. */
export interface Baseline {
  atMs: number
  prices: BaselinePrices
  workloads: readonly BaselineWorkload[]
  /** GPUs that nobody holds, in the power of the workload `idle` */
  idleGpus: { count: number; wattsPerGpu: number }
}

/** What changes. Prices stand for themselves, functions say what becomes of each workload. */
export interface Change {
  prices?: BaselinePrices
  usdPerGpuHour?: (w: BaselineWorkload) => number | undefined
  gpusHeld?: (w: BaselineWorkload) => number
  /** times what tokens pay now */
  tokenPriceRatio?: number
}

/** Expected reward of a difficulty-1 share, USD; undefined where a price is missing. Fees that nobody knows are none. */
export function shareUsdOf({ btcUsd, difficulty, blockHeight, feesBtcPerBlock = 0 }: BaselinePrices) {
  if (btcUsd === undefined || difficulty === undefined || blockHeight === undefined) return undefined
  return usdPerDiff1({ btcUsd, difficulty, blockHeight, feesBtcPerBlock })
}

/** Expected revenue of a hashrate, USD/h, less the pool's fee. */
export const hashingUsdPerH = (hashrateHs: number, usdPerShare: number, poolFeeRatio: number): number =>
  fppsRevenueUsd((hashrateHs * 3600) / HASHES_PER_DIFF1, usdPerShare, poolFeeRatio)

/** The site after a change. What the change doesn't touch stays as it was observed. */
export function changed(before: Baseline, change: Change): Baseline {
  const prices = { ...before.prices, ...change.prices }
  const energyRise = (prices.energyUsdPerKwh ?? 0) - (before.prices.energyUsdPerKwh ?? 0)
  const shareBefore = shareUsdOf(before.prices)
  const shareAfter = shareUsdOf(prices)
  const { count, wattsPerGpu: wattsPerIdle } = before.idleGpus
  let taken = 0
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
        taken += after.gpusHeld - w.gpusHeld
        break
      }
      case 'tokens':
        after.revenueUsdPerH *= change.tokenPriceRatio ?? 1
    }
    if (w.energyPassedOn) after.revenueUsdPerH += (w.powerW / 1000) * energyRise
    return after
  })
  const idle = workloads.find((w) => w.name === UNPAID.idle)
  if (idle) idle.powerW -= taken * wattsPerIdle
  return { ...before, prices, workloads, idleGpus: { ...before.idleGpus, count: count - taken } }
}

/**
 * What was observed, by the ratio of the rewards: a pool's luck and a firmware's fee stay in it. Where there was no reward to
 * compare with, the expected one of the hashrate.
 */
function hashingAt(w: BaselineWorkload, shareBefore: number | undefined, shareAfter: number): number {
  const scaled = shareBefore ? (w.revenueUsdPerH / shareBefore) * shareAfter : Number.NaN
  return Number.isFinite(scaled) ? scaled : hashingUsdPerH(w.hashrateHs, shareAfter, w.poolFeeRatio)
}
