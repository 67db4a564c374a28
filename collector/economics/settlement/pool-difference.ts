import { ratio } from '../ratio.ts'
import type { Credit } from './pool-credit.ts'
import { DAY_MS } from './revenue.ts'

/** The ledger's figures for a workload over a period. */
export interface LedgerPeriod {
  /** difficulty-1 shares that pools accepted, counted by the machines or estimated; includes a firmware's dev fee */
  workDiff1: number
  /** expected revenue of these shares, USD; those of which no price is known yet count as the average of the others */
  revenueUsd: number
  /** pool fee and firmware dev fee, USD; likewise */
  feeUsd: number
  /** true: no price is known for any of these shares */
  isUnpriced?: true
  /** share of the period's minutes that the ledger has, 0 to 1 */
  coveredRatio: number
}

/** The terms for comparing a pool's revenue. */
export interface PoolTerms {
  /** average Bitcoin price of the period, USD; absent if unknown */
  btcUsd?: number | undefined
  /** whether the pool pays each share its expected reward, so that a day's revenue follows the day's work */
  paysByShare: boolean
  /** the pool's fee in the ledger */
  poolFeeRatio: number
}

/** A pool's credit beside the ledger's figures. A difference is pool - ledger: negative means that money is missing. */
export interface PoolDifference extends Credit {
  coveredRatio: number
  /** without a firmware's dev fee */
  ledgerWorkDiff1: number
  ledgerRevenueUsd: number
  poolRevenueUsd?: number | undefined
  /** the compared quantity: revenue, the pool's count of shares, or its average hashrate */
  basis?: 'revenue' | 'shares' | 'hashrate' | undefined
  /** difference / ledger's value */
  differenceRatio?: number | undefined
  differenceUsdPerDay?: number | undefined
  /** why no difference can be given */
  because?: string | undefined
}

/** With fewer minutes in the ledger, the missing minutes could be the difference. */
const LEAST_COVERED_RATIO = 0.99

/**
 * Compares a pool's credit with the ledger. Missing minutes, at most 1 %, count as average minutes. Revenue is compared if the pool
 * pays each share at once and the Bitcoin price is known; otherwise work is compared, at the ledger's average value of a share.
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
    return unknown(`the ledger has only ${(coveredRatio * 100).toFixed(1)} % of this period`)
  const days = (credit.toMs - credit.fromMs) / DAY_MS
  // the work can be compared without any price, the money can't
  const revenueUsd = ledger.isUnpriced ? undefined : ledger.revenueUsd / coveredRatio
  if (poolRevenueUsd !== undefined && revenueUsd !== undefined && paysByShare && !credit.byLuck) {
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
    if (part === undefined) return unknown('the ledger has no work of the workload in this period')
    return {
      ...both,
      basis: workBasis,
      differenceRatio: part - 1,
      ...(revenueUsd !== undefined && { differenceUsdPerDay: ((part - 1) * revenueUsd) / days }),
    }
  }
  if (ledger.isUnpriced) return unknown('no price of the ledger’s work in this period is known yet')
  if (revenueBtc === undefined) return unknown('the pool reports nothing for this period')
  return unknown(
    btcUsd === undefined
      ? 'the Bitcoin price of this period is unknown'
      : 'the pool pays by the blocks it finds, and reports no work',
  )
}

/**
 * The work that went to this pool, difficulty-1 shares, without a firmware's dev fee. The dev fee is what remains of the fees beyond
 * the pool's own; all shares are worth the same. Without any revenue or fee it is all of the work.
 */
export function paidWorkDiff1({ workDiff1, revenueUsd, feeUsd }: LedgerPeriod, poolFeeRatio: number): number {
  const worthUsd = revenueUsd + feeUsd
  if (!(worthUsd > 0) || poolFeeRatio >= 1) return workDiff1
  return workDiff1 * Math.min(1, revenueUsd / (1 - poolFeeRatio) / worthUsd)
}
