import { HOUR_MS, MINUTE_MS, NANO_USD_PER_USD } from '../../protocol/units.ts'
import type { LedgerPeriod } from '../economics/settlement/pool-difference.ts'
import { DAY_MS } from '../economics/settlement/revenue.ts'
import type { Store } from '../plugin/store.ts'

/** A bucket in which the ledger has a minute counts as there: at most four minutes of a day are taken for more than they are. */
const COVERAGE_STEP_MS = 5 * MINUTE_MS
/** A complete day of a large site is millions of rows: late records and repricings show after this. */
const DAY_HOLDS_MS = HOUR_MS

/** The ledger's sums of workloads over the times that pools speak of. */
export class PoolLedger {
  readonly #store: Pick<Store, 'ledger'>
  readonly #nowMs: () => number
  readonly #days = new Map<string, { readMs: number; period: LedgerPeriod }>()

  constructor(store: Pick<Store, 'ledger'>, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /** Sums over whole minutes in [fromMs, toMs); a UTC day's are kept for an hour. Rejects where the store fails. */
  async period(workload: string, fromMs: number, toMs: number): Promise<LedgerPeriod> {
    if (fromMs % DAY_MS !== 0 || toMs !== fromMs + DAY_MS) return this.#read(workload, fromMs, toMs)
    const readMs = this.#nowMs()
    const key = `${fromMs} ${workload}`
    const known = this.#days.get(key)
    if (known && readMs - known.readMs < DAY_HOLDS_MS) return known.period
    const period = await this.#read(workload, fromMs, toMs)
    for (const [old, { readMs: then }] of this.#days) if (readMs - then > DAY_MS) this.#days.delete(old)
    this.#days.set(key, { readMs, period })
    return period
  }

  async #read(workload: string, from: number, to: number): Promise<LedgerPeriod> {
    const range = { fromMs: floor(from, MINUTE_MS), toMs: floor(to, MINUTE_MS) }
    const seen = await this.#store.ledger({ ...range, stepMs: COVERAGE_STEP_MS, groupBy: 'site' })
    const sums = await this.#store.ledger({ ...range, stepMs: DAY_MS, groupBy: 'workload' })
    const own = sums.filter((bucket) => bucket.group === workload)
    const sum = (name: 'workDiff1' | 'revenueNanoUsd' | 'feeNanoUsd') =>
      own.reduce((total, bucket) => total + bucket[name], 0)
    const covered = new Set(seen.map((bucket) => bucket.startMs)).size
    const of = Math.ceil(range.toMs / COVERAGE_STEP_MS) - Math.floor(range.fromMs / COVERAGE_STEP_MS)
    return {
      workDiff1: sum('workDiff1'),
      revenueUsd: sum('revenueNanoUsd') / NANO_USD_PER_USD,
      feeUsd: sum('feeNanoUsd') / NANO_USD_PER_USD,
      coveredRatio: of > 0 ? Math.min(1, covered / of) : 0,
    }
  }
}

const floor = (ms: number, stepMs: number): number => Math.floor(ms / stepMs) * stepMs
