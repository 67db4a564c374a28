import { ratio } from '../ratio.ts'
import type { Credit } from './pool-credit.ts'
import { DAY_MS } from './revenue.ts'

/** What the ledger has of a workload over a time. */
export interface LedgerPeriod {
  /** difficulty-1 shares that pools accepted, as the machines counted them; a firmware's dev fee is among them */
  workDiff1: number
  /** what they were expected to earn, USD */
  revenueUsd: number
  /** what the pool and the firmware kept of what they were worth, USD */
  feeUsd: number
  /** part of the time's minutes that the ledger has, 0 to 1 */
  coveredRatio: number
}

/** How the pool's revenue compares. */
export interface PoolTerms {
  /** average over the time, USD; absent: unknown */
  btcUsd?: number | undefined
  /** true where each share is paid what it is worth: a day's revenue then follows the day's work */
  paysByShare: boolean
  /** what the ledger takes the pool's fee to be */
  poolFeeRatio: number
}

/** What a pool says of a time beside what the ledger says. A difference is pool less ledger: negative is money that is missing. */
export interface PoolDifference extends Credit {
  coveredRatio: number
  /** without a firmware's dev fee */
  ledgerWorkDiff1: number
  ledgerRevenueUsd: number
  poolRevenueUsd?: number | undefined
  /** what is compared: the revenue, the shares that the pool counted, or its average hashrate over the time */
  basis?: 'revenue' | 'shares' | 'hashrate' | undefined
  /** part of the ledger's */
  differenceRatio?: number | undefined
  differenceUsdPerDay?: number | undefined
  /** why there is no difference, where there is none */
  because?: string | undefined
}

/** Below this the missing minutes could be the difference. */
const LEAST_COVERED_RATIO = 0.99

/**
 * The difference of one time. Missing minutes, at most 1 %, are taken to be like the others. Revenue is compared where shares
 * are paid at once and a BTC price is known; else work, each share worth what the ledger's are worth on average.
 */
export function poolDifference(credit: Credit, ledger: LedgerPeriod, terms: PoolTerms): PoolDifference {
  const { workDiff1, workBasis, revenueBtc } = credit
  const { btcUsd, paysByShare, poolFeeRatio } = terms
  const { coveredRatio } = ledger
  const poolRevenueUsd = revenueBtc === undefined || btcUsd === undefined ? undefined : revenueBtc * btcUsd
  const both = {
    ...credit,
    coveredRatio,
    ledgerWorkDiff1: paidWorkDiff1(ledger, poolFeeRatio),
    ledgerRevenueUsd: ledger.revenueUsd,
    ...(poolRevenueUsd !== undefined && { poolRevenueUsd }),
  }
  const unknown = (because: string): PoolDifference => ({ ...both, because })
  if (coveredRatio < LEAST_COVERED_RATIO)
    return unknown(`the ledger has ${(coveredRatio * 100).toFixed(1)} % of this time`)
  const days = (credit.toMs - credit.fromMs) / DAY_MS
  const revenueUsd = ledger.revenueUsd / coveredRatio
  if (poolRevenueUsd !== undefined && paysByShare && !credit.byLuck) {
    const part = ratio(poolRevenueUsd, revenueUsd)
    return {
      ...both,
      basis: 'revenue',
      ...(part !== undefined && { differenceRatio: part - 1 }),
      differenceUsdPerDay: (poolRevenueUsd - revenueUsd) / days,
    }
  }
  if (workDiff1 !== undefined) {
    const part = ratio(workDiff1, both.ledgerWorkDiff1 / coveredRatio)
    if (part === undefined) return unknown('the ledger has no work of the workload in this time')
    return {
      ...both,
      basis: workBasis,
      differenceRatio: part - 1,
      differenceUsdPerDay: ((part - 1) * revenueUsd) / days,
    }
  }
  if (revenueBtc === undefined) return unknown('the pool says nothing of this time')
  return unknown(
    btcUsd === undefined
      ? 'the BTC price is not known'
      : 'the pool pays by the blocks it finds, and says no work',
  )
}

/**
 * The part of the work that this pool saw: a dev fee's is worth what is left of the fees beyond the pool's own, each share being
 * worth the same. All of it where nothing is known of its worth.
 */
function paidWorkDiff1({ workDiff1, revenueUsd, feeUsd }: LedgerPeriod, poolFeeRatio: number): number {
  const worthUsd = revenueUsd + feeUsd
  if (!(worthUsd > 0) || poolFeeRatio >= 1) return workDiff1
  return workDiff1 * Math.min(1, revenueUsd / (1 - poolFeeRatio) / worthUsd)
}
