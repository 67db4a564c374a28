import type { PoolDifference } from '../economics/settlement/pool-difference.ts'
import type { WorkerComparison } from '../economics/settlement/worker-difference.ts'
import type { NotTruedUp } from '../economics/settlement/worker-true-up.ts'
import type { PoolReport } from '../plugin/pool.ts'
import type { PoolView } from '../views/pools.ts'
import type { MissingSince } from './missing-figures.ts'
import type { PoolConfig } from './pool-config.ts'

/** Workers that stay estimated and are named, the newest days last. */
const NAMED = 20

/** A pool as the API shows it. */
export function poolView({
  config,
  report,
  answeredMs,
  reason,
  missing,
  differences,
  stale,
  missedDays,
  notTruedUp,
  workers: comparison,
}: {
  config: Pick<PoolConfig, 'name' | 'pool' | 'workload'>
  report?: PoolReport
  answeredMs?: number
  reason?: string | undefined
  missing: { all: readonly MissingSince[] }
  differences: readonly PoolDifference[]
  stale: boolean
  missedDays: readonly number[]
  notTruedUp: readonly (NotTruedUp & { dayMs: number })[]
  workers: WorkerComparison | undefined
}): PoolView {
  const { hashrateHs, workers, todayBtc, balanceBtc, payouts = [] } = report ?? {}
  return {
    name: config.name,
    pool: config.pool,
    workload: config.workload,
    state: reason !== undefined ? 'failing' : report ? 'ok' : 'waiting',
    reason,
    ...(missing.all.length > 0 && {
      missing: missing.all.map(({ figures, reason, sinceMs }) => ({ figures, since: iso(sinceMs), reason })),
    }),
    stale,
    answeredAt: answeredMs === undefined ? undefined : iso(answeredMs),
    hashrateHs,
    workers,
    todayBtc,
    balanceBtc,
    payouts: payouts.map(({ atMs, ...payout }) => ({ at: iso(atMs), ...payout })),
    differences: differences.map(differenceView),
    ...(comparison && { byWorker: workersView(comparison) }),
    ...(missedDays.length > 0 && { notTruedUp: missedDays.map(dateOf) }),
    ...(notTruedUp.length > 0 && {
      notTruedUpWorkers: notTruedUp
        .slice(-NAMED)
        .map(({ dayMs, worker, because }) => ({ day: dateOf(dayMs), worker, because })),
    }),
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()
const dateOf = (dayMs: number): string => iso(dayMs).slice(0, 10)

const differenceView = (d: PoolDifference): PoolView['differences'][number] => ({
  from: iso(d.fromMs),
  to: iso(d.toMs),
  basis: d.basis,
  differenceRatio: d.differenceRatio,
  differenceUsdPerDay: d.differenceUsdPerDay,
  because: d.because,
  ledgerCoveredRatio: d.coveredRatio,
  ledgerWorkDiff1: d.ledgerWorkDiff1,
  ledgerRevenueUsd: d.ledgerRevenueUsd,
  poolWorkDiff1: d.workDiff1,
  poolWorkBasis: d.workBasis,
  poolRevenueBtc: d.revenueBtc,
  poolRevenueUsd: d.poolRevenueUsd,
  byLuck: d.byLuck,
})

const workersView = (c: WorkerComparison): NonNullable<PoolView['byWorker']> => ({
  from: iso(c.fromMs),
  to: iso(c.toMs),
  because: c.because,
  compared: c.compared,
  shortWorkers: c.short.workers,
  shortWorkDiff1: c.short.workDiff1,
  shortUsd: c.short.usd,
  otherWorkDiff1: c.otherWorkDiff1,
  others: c.others,
  unclear: c.unclear,
  worst: c.worst.map(({ poolBasis, ...worker }) => ({ ...worker, poolWorkBasis: poolBasis })),
})
