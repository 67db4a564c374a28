import { reasonOf } from '../../protocol/kit/errors.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import { utcDay } from '../economics/settlement/pool-credit.ts'
import { paidWorkDiff1 } from '../economics/settlement/pool-difference.ts'
import type { PoolDomains } from '../economics/settlement/pool-places.ts'
import { DAY_MS } from '../economics/settlement/revenue.ts'
import {
  dayTo,
  notCompared,
  type WorkerComparison,
  workerDifferences,
} from '../economics/settlement/worker-difference.ts'
import type { Store } from '../plugin/store.ts'
import type { PoolLedger } from './pool-ledger.ts'
import type { WorkerReaders } from './true-up-keeper.ts'

/** A fleet's list of workers has hundreds of pages, so it is read this often; the figures are of a whole day anyway. */
const EVERY_MS = HOUR_MS
/** A pool that keeps its days has closed the last one so long after 00:00 UTC. */
const CLOSED_MS = HOUR_MS
/** With fewer minutes in the ledger, the missing minutes could be the difference. */
const LEAST_COVERED_RATIO = 0.99

export interface WorkerWatchOptions {
  store: Pick<Store, 'workByOwner'>
  ledger: Pick<PoolLedger, 'period'>
  nowMs: () => number
}

/** Compares, once an hour, what each pool credited its workers with the ledger's work under their names. */
export class WorkerWatch {
  readonly #o: WorkerWatchOptions
  readonly #kept = new Map<string, { readMs: number; comparison: WorkerComparison }>()

  constructor(options: WorkerWatchOptions) {
    this.#o = options
  }

  /** The last comparison of a workload's pool; undefined before the first. */
  of(workload: string): WorkerComparison | undefined {
    return this.#kept.get(workload)?.comparison
  }

  /**
   * Reads the pool's workers and compares them, where that is due. Rejects where the store or the pool fails; the next poll tries again.
   * @param poolFeeRatio of the workload
   */
  async compare(
    { workload, poolFeeRatio }: { workload: string; poolFeeRatio: number },
    { lastDay, ofDay, domains }: WorkerReaders,
    signal: AbortSignal,
  ): Promise<void> {
    const now = this.#o.nowMs()
    const kept = this.#kept.get(workload)
    if (kept && Math.abs(now - kept.readMs) < EVERY_MS) return
    const closed = utcDay(now - CLOSED_MS)
    const range = ofDay ? { fromMs: closed - DAY_MS, toMs: closed } : dayTo(now)
    const read = ofDay ? () => ofDay(range.fromMs, signal) : lastDay && (() => lastDay(signal))
    try {
      const comparison = await this.#compare({ workload, poolFeeRatio, domains, ...range }, read)
      this.#kept.set(workload, { readMs: now, comparison })
    } catch (error) {
      // asked again at the next poll
      const comparison = notCompared(range.fromMs, range.toMs, reasonOf(error))
      if (!kept) this.#kept.set(workload, { readMs: Number.NEGATIVE_INFINITY, comparison })
      throw error
    }
  }

  async #compare(
    {
      workload,
      poolFeeRatio,
      fromMs,
      toMs,
      domains,
    }: {
      workload: string
      poolFeeRatio: number
      fromMs: number
      toMs: number
      domains: PoolDomains | undefined
    },
    read: (() => ReturnType<NonNullable<WorkerReaders['lastDay']>>) | undefined,
  ): Promise<WorkerComparison> {
    if (!read) return notCompared(fromMs, toMs, 'this pool tells no figures of its workers')
    const credits = await read()
    const period = await this.#o.ledger.period(workload, fromMs, toMs)
    const covered = period.coveredRatio
    if (covered < LEAST_COVERED_RATIO)
      return notCompared(fromMs, toMs, `the ledger has only ${(covered * 100).toFixed(1)} % of this period`)
    const machines = await this.#o.store.workByOwner(workload, fromMs, toMs)
    const work = paidWorkDiff1(period, poolFeeRatio)
    const usdPerDiff1 = work > 0 && !period.isUnpriced ? period.revenueUsd / work : undefined
    return workerDifferences({ fromMs, toMs, domains }, machines, credits, usdPerDiff1)
  }
}
