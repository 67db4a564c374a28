import { reasonOf } from '../../protocol/kit/errors.ts'
import { addressGuard } from '../../protocol/kit/http/address-guard.ts'
import { ThrottledError } from '../../protocol/kit/http/refusals.ts'
import type { Log } from '../../protocol/kit/log.ts'
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

/** A whole turn: some pools want five seconds between two of its requests. */
const DEADLINE_MS = 90_000
/** The most that is added to a pool's turn while it fails. */
const LONGEST_BACKOFF_MS = 3_600_000
/** Turns that a pool may miss before what it said is old. */
const STALE_TURNS = 3
/** Turns are spread by this part, so that pools configured alike are not asked at once. */
const SPREAD_RATIO = 0.1

export interface PoolWatchOptions {
  pools: readonly PoolConfig[]
  kinds: readonly Pool[]
  workloads: readonly Workload[]
  store: Pick<Store, 'ledger'>
  quotes: Pick<QuoteBook, 'at'>
  nowMs: () => number
  random?: () => number
  log: Log
  /** waits: between two requests and between two turns */
  wait?: (ms: number, signal: AbortSignal) => Promise<boolean>
  /** of a whole turn */
  deadlineMs?: number
}

/** One pool as it is known now. */
interface Watched {
  config: PoolConfig
  session: PoolSession
  report?: PoolReport
  answeredMs?: number
  differences: PoolDifference[]
  /** why it fails; absent while it answers */
  reason?: string | undefined
  failures: number
}

/** Asks each pool on its own, and compares what it credited with the ledger of its workload. One sick pool delays no other. */
export class PoolWatch {
  readonly #o: Required<PoolWatchOptions>
  readonly #watched: Watched[]
  readonly #ledger: PoolLedger
  readonly #startedMs: number

  constructor(options: PoolWatchOptions) {
    this.#o = { random: Math.random, wait: pause, deadlineMs: DEADLINE_MS, ...options }
    this.#startedMs = options.nowMs()
    this.#ledger = new PoolLedger(options.store, options.nowMs)
    this.#watched = options.pools.map((config) => ({
      config,
      session: this.#open(config),
      differences: [],
      failures: 0,
    }))
  }

  /** Asks at once, and again and again until the signal aborts; resolves when all have stopped. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#watched.map((pool) => this.#watch(pool, signal)))
  }

  async #watch(pool: Watched, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const retryAfterMs = await this.#turn(pool, signal)
      if (!(await this.#o.wait(this.#pauseMs(pool, retryAfterMs), signal))) return
    }
  }

  /** @returns what the pool asked to be left alone for, ms */
  async #turn(pool: Watched, signal: AbortSignal): Promise<number> {
    const { nowMs, log, quotes, workloads, deadlineMs } = this.#o
    const { name, kind, workload } = pool.config
    try {
      const report = await withDeadline((s) => pool.session.read(s), deadlineMs, signal)
      pool.report = report
      pool.answeredMs = nowMs()
      if (pool.reason !== undefined) log.info('pool answers again', { pool: name, kind })
      pool.failures = 0
      pool.reason = undefined
    } catch (error) {
      if (signal.aborted) return 0
      const reason = reasonOf(error)
      // the transition, not every turn
      if (pool.reason !== reason) log.warn('pool not read', { pool: name, kind, reason })
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
    return 0
  }

  /** Never sooner than its turn or than the pool said. */
  #pauseMs({ config, failures }: Watched, retryAfterMs: number): number {
    const { random } = this.#o
    const turnMs = config.every * (1 + SPREAD_RATIO * random())
    const backoff = failures === 0 ? 0 : backoffMs(failures - 1, config.every, LONGEST_BACKOFF_MS, random)
    return Math.max(turnMs + backoff, retryAfterMs)
  }

  #open(config: PoolConfig): PoolSession {
    const { kinds, nowMs, wait } = this.#o
    const pool = kinds.find((p) => p.name === config.kind)
    if (!pool) throw new Error(`there is no pool of the kind ${config.kind}`)
    const guard = addressGuard(config.allowPrivate)
    const ask = createAsk({ pool, url: config.url, guard, nowMs, pause: wait })
    return pool.open(config, { ask, nowMs })
  }

  #isStale({ answeredMs, config }: Watched): boolean {
    return this.#o.nowMs() - (answeredMs ?? this.#startedMs) > STALE_TURNS * config.every
  }

  /** What the alert rules judge. */
  situation(): PoolSituation[] {
    return this.#watched.map((pool) => ({
      pool: pool.config.name,
      workload: pool.config.workload,
      stale: this.#isStale(pool),
      differences: pool.differences,
    }))
  }

  /** What the API says. */
  views(): PoolView[] {
    return this.#watched.map((pool) => {
      const { config, report, answeredMs, reason, differences } = pool
      const { hashrateHs, workers, todayBtc, balanceBtc, payouts = [] } = report ?? {}
      return {
        name: config.name,
        kind: config.kind,
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
      }
    })
  }
}

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
