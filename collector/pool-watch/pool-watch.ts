import { reasonOf } from '../../protocol/kit/errors.ts'
import { addressGuard } from '../../protocol/kit/http/address-guard.ts'
import { ThrottledError } from '../../protocol/kit/http/refusals.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pluginNamed } from '../../protocol/kit/plugin.ts'
import { backoffMs, pause, withDeadline } from '../../protocol/kit/retry.ts'
import type { PoolDifference } from '../economics/settlement/pool-difference.ts'
import type { Workload } from '../economics/workloads.ts'
import type { Pool, PoolReport, PoolSession } from '../plugin/pool.ts'
import type { PoolSituation } from '../plugin/situation.ts'
import type { Store } from '../plugin/store.ts'
import type { QuoteBook } from '../prices/quote-book.ts'
import type { PoolView } from '../views/pools.ts'
import { createAsk } from './pool-client.ts'
import { compareCredits } from './pool-compare.ts'
import type { PoolConfig } from './pool-config.ts'
import { PoolLedger } from './pool-ledger.ts'
import { keepQuietly, TrueUpKeeper } from './true-up-keeper.ts'

/** For all requests of one poll: some pools want five seconds between two requests. */
const DEADLINE_MS = 90_000
/** A fleet's list of workers may have hundreds of pages, each after the pool's spacing. */
const WORKERS_DEADLINE_MS = 600_000
/** The most that back-off adds to a pool's interval while it fails. */
const LONGEST_BACKOFF_MS = 3_600_000
/** Polls that may fail before the last answer is stale. */
const STALE_POLLS = 3
/** Jitter of the interval, so that pools with the same interval are not polled at once. */
const SPREAD_RATIO = 0.1

export interface PoolWatchOptions {
  configs: readonly PoolConfig[]
  pools: readonly Pool[]
  workloads: readonly Workload[]
  store: Pick<Store, 'ledger' | 'workByOwner' | 'trueUps' | 'writeTrueUps'>
  /** pools' true-ups of estimated work were stored: these minutes must be settled again */
  onTrueUps?: (minutes: readonly number[]) => void
  quotes: Pick<QuoteBook, 'at'>
  nowMs: () => number
  random?: () => number
  log: Log
  /** waits between two requests and between two polls; resolves with false where the signal aborts */
  wait?: (ms: number, signal: AbortSignal) => Promise<boolean>
  /** for all requests of one poll */
  deadlineMs?: number
}

/** One pool with its last answer. */
interface Watched {
  config: PoolConfig
  session: PoolSession
  report?: PoolReport
  answeredMs?: number
  differences: PoolDifference[]
  /** why its last poll failed; absent while it answers */
  reason?: string | undefined
  failures: number
}

/** Polls each pool by itself, and compares its credits with the ledger of its workload. A failing pool delays no other. */
export class PoolWatch {
  readonly #o: Required<PoolWatchOptions>
  readonly #trueUps: TrueUpKeeper
  readonly #watched: Watched[]
  readonly #ledger: PoolLedger
  readonly #startedMs: number

  constructor(options: PoolWatchOptions) {
    this.#o = { random: Math.random, wait: pause, deadlineMs: DEADLINE_MS, onTrueUps: () => {}, ...options }
    const { store, nowMs, log, onTrueUps } = this.#o
    this.#trueUps = new TrueUpKeeper({ store, nowMs, log, onStored: onTrueUps })
    this.#startedMs = options.nowMs()
    this.#ledger = new PoolLedger(options.store, options.nowMs)
    this.#watched = options.configs.map((config) => ({
      config,
      session: this.#open(config),
      differences: [],
      failures: 0,
    }))
  }

  /** Polls at once and then at each pool's interval, until the signal aborts. Resolves when all have stopped; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#watched.map((pool) => this.#watch(pool, signal)))
  }

  async #watch(pool: Watched, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const retryAfterMs = await this.#poll(pool, signal)
      if (!(await this.#o.wait(this.#pauseMs(pool, retryAfterMs), signal))) return
    }
  }

  /** @returns for how long the pool wants no request, ms; 0 where it names no time */
  async #poll(pool: Watched, signal: AbortSignal): Promise<number> {
    const { nowMs, log, quotes, workloads, deadlineMs } = this.#o
    const { name, pool: plugin, workload } = pool.config
    try {
      const report = await withDeadline((s) => pool.session.read(s), deadlineMs, signal)
      pool.report = report
      pool.answeredMs = nowMs()
      if (pool.reason !== undefined) log.info('pool answers again', { name, pool: plugin })
      pool.failures = 0
      pool.reason = undefined
    } catch (error) {
      if (signal.aborted) return 0
      const reason = reasonOf(error)
      // log a new reason once, not at every poll
      if (pool.reason !== reason) log.warn('pool not read', { name, pool: plugin, reason })
      pool.reason = reason
      pool.failures++
      return error instanceof ThrottledError ? error.retryAfterMs : 0
    }
    try {
      pool.differences = await compareCredits({
        ledger: this.#ledger,
        quotes,
        workload: workloads.find((w) => w.name === workload),
        credits: pool.report.credits,
      })
    } catch (error) {
      pool.differences = []
      log.error('pool not compared with the ledger', { pool: name, reason: reasonOf(error) })
    }
    await this.#trueUp(pool, signal)
    return 0
  }

  /** Trues estimated work up to what the pool credited its workers. Never rejects. */
  async #trueUp({ config, session }: Watched, signal: AbortSignal): Promise<void> {
    const { log } = this.#o
    const readers = {
      lastDay: session.workers?.bind(session),
      ofDay: session.workersOfDay?.bind(session),
    }
    const work = withDeadline(
      (s) => this.#trueUps.keep(config.workload, readers, s),
      WORKERS_DEADLINE_MS,
      signal,
    )
    await keepQuietly(work, { pool: config.name, log, signal })
  }

  /** Never sooner than its interval, nor than the pool's Retry-After. */
  #pauseMs({ config, failures }: Watched, retryAfterMs: number): number {
    const { random } = this.#o
    const intervalMs = config.poll * (1 + SPREAD_RATIO * random())
    const backoff = failures === 0 ? 0 : backoffMs(failures - 1, config.poll, LONGEST_BACKOFF_MS, random)
    return Math.max(intervalMs + backoff, retryAfterMs)
  }

  #open(config: PoolConfig): PoolSession {
    const { pools, nowMs, wait } = this.#o
    const pool = pluginNamed(pools, config.pool)
    const guard = addressGuard(config.allowPrivate)
    const ask = createAsk({ pool, url: config.url, guard, nowMs, pause: wait })
    return pool.open(config, { ask, nowMs })
  }

  #isStale({ answeredMs, config }: Watched): boolean {
    return this.#o.nowMs() - (answeredMs ?? this.#startedMs) > STALE_POLLS * config.poll
  }

  /** The pools as alert rules judge them. */
  situation(): PoolSituation[] {
    return this.#watched.map((pool) => ({
      pool: pool.config.name,
      workload: pool.config.workload,
      stale: this.#isStale(pool),
      differences: pool.differences,
    }))
  }

  /** The pools as the API shows them. */
  views(): PoolView[] {
    return this.#watched.map((pool) => {
      const { config, report, answeredMs, reason, differences } = pool
      const { hashrateHs, workers, todayBtc, balanceBtc, payouts = [] } = report ?? {}
      return {
        name: config.name,
        pool: config.pool,
        workload: config.workload,
        state: reason !== undefined ? 'failing' : report ? 'ok' : 'waiting',
        reason,
        stale: this.#isStale(pool),
        answeredAt: answeredMs === undefined ? undefined : iso(answeredMs),
        hashrateHs,
        workers,
        todayBtc,
        balanceBtc,
        payouts: payouts.map(({ atMs, ...payout }) => ({ at: iso(atMs), ...payout })),
        differences: differences.map(differenceView),
        ...notTruedUp(this.#trueUps.missed(config.workload)),
      }
    })
  }
}

const notTruedUp = (days: readonly number[]): Pick<PoolView, 'notTruedUp'> =>
  days.length > 0 ? { notTruedUp: days.map((dayMs) => iso(dayMs).slice(0, 10)) } : {}

const iso = (ms: number): string => new Date(ms).toISOString()

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
