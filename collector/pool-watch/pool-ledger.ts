import { HOUR_MS, MINUTE_MS, NANO_USD_PER_USD } from '../../protocol/units.ts'
import { utcDay } from '../economics/settlement/pool-credit.ts'
import type { LedgerPeriod } from '../economics/settlement/pool-difference.ts'
import { DAY_MS } from '../economics/settlement/revenue.ts'
import type { Store } from '../plugin/store.ts'

/** A bucket counts as covered where it has any minute, so the coverage is at most four minutes too high at each edge of a gap. */
const COVERAGE_STEP_MS = 5 * MINUTE_MS
/** A day's sums are cached this long, because a large site's day is millions of rows. Late records and repricings show after it. */
const DAY_CACHE_MS = HOUR_MS

/** The ledger's sums of a workload over the times for which pools report credits. */
export class PoolLedger {
  readonly #store: Pick<Store, 'ledger' | 'workByOwner'>
  readonly #nowMs: () => number
  readonly #days = new Map<string, { readMs: number; period: LedgerPeriod }>()
  readonly #agents = new Map<string, { readMs: number; agents: ReadonlySet<string> }>()

  constructor(store: Pick<Store, 'ledger' | 'workByOwner'>, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /** Sums over whole minutes in [fromMs, toMs); those of a UTC day are cached for an hour. Rejects where the store fails. */
  async period(workload: string, fromMs: number, toMs: number): Promise<LedgerPeriod> {
    if (fromMs % DAY_MS !== 0 || toMs !== fromMs + DAY_MS) return this.#read(workload, fromMs, toMs)
    const readMs = this.#nowMs()
    const key = `${fromMs} ${workload}`
    const cached = this.#days.get(key)
    if (cached && readMs - cached.readMs < DAY_CACHE_MS) return cached.period
    const period = await this.#read(workload, fromMs, toMs)
    for (const [old, { readMs: then }] of this.#days) if (readMs - then > DAY_MS) this.#days.delete(old)
    this.#days.set(key, { readMs, period })
    return period
  }

  /** Agents whose machines worked for a workload since yesterday's first moment, UTC; read once an hour. Rejects where the store fails. */
  async agents(workload: string): Promise<ReadonlySet<string>> {
    const now = this.#nowMs()
    const cached = this.#agents.get(workload)
    if (cached && Math.abs(now - cached.readMs) < DAY_CACHE_MS) return cached.agents
    const rows = await this.#store.workByOwner(workload, utcDay(now) - DAY_MS, now)
    const worked = rows.filter((row) => row.workDiff1 + row.estimatedWorkDiff1 > 0)
    const agents = new Set(worked.map((row) => row.agentId))
    this.#agents.set(workload, { readMs: now, agents })
    return agents
  }

  async #read(workload: string, from: number, to: number): Promise<LedgerPeriod> {
    const range = { fromMs: floor(from, MINUTE_MS), toMs: floor(to, MINUTE_MS) }
    const site = await this.#store.ledger({ ...range, stepMs: COVERAGE_STEP_MS, groupBy: 'site' })
    const sums = await this.#store.ledger({ ...range, stepMs: DAY_MS, groupBy: 'workload' })
    const own = sums.filter((bucket) => bucket.group === workload)
    const sum = (
      name:
        | 'workDiff1'
        | 'estimatedWorkDiff1'
        | 'unpricedWorkDiff1'
        | 'revenueNanoUsd'
        | 'trueUpRevenueNanoUsd'
        | 'feeNanoUsd',
    ) => own.reduce((total, bucket) => total + bucket[name], 0)
    const covered = new Set(site.map((bucket) => bucket.startMs)).size
    const buckets = Math.ceil(range.toMs / COVERAGE_STEP_MS) - Math.floor(range.fromMs / COVERAGE_STEP_MS)
    // without true-ups: the pool would be compared with itself, and a loss never be seen
    const workDiff1 = sum('workDiff1') + sum('estimatedWorkDiff1')
    const pricedDiff1 = Math.max(0, Math.min(workDiff1, workDiff1 - sum('unpricedWorkDiff1')))
    const usd = (nanoUsd: number) =>
      pricedDiff1 > 0 ? ((nanoUsd / NANO_USD_PER_USD) * workDiff1) / pricedDiff1 : nanoUsd / NANO_USD_PER_USD
    return {
      workDiff1,
      revenueUsd: usd(sum('revenueNanoUsd') - sum('trueUpRevenueNanoUsd')),
      feeUsd: usd(sum('feeNanoUsd')),
      ...(workDiff1 > 0 && pricedDiff1 === 0 && { isUnpriced: true as const }),
      coveredRatio: buckets > 0 ? Math.min(1, covered / buckets) : 0,
    }
  }
}

const floor = (ms: number, stepMs: number): number => Math.floor(ms / stepMs) * stepMs
