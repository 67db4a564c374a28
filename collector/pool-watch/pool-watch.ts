import { defined } from '../../protocol/kit/defined.ts'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { addressGuard } from '../../protocol/kit/http/address-guard.ts'
import { ThrottledError } from '../../protocol/kit/http/refusals.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pluginNamed } from '../../protocol/kit/plugin.ts'
import { backoffMs, pause, withDeadline } from '../../protocol/kit/retry.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import type { PoolDifference } from '../economics/settlement/pool-difference.ts'
import type { PoolDomains } from '../economics/settlement/pool-places.ts'
import type { Workload } from '../economics/workloads.ts'
import type { Pool, PoolReport, PoolSession } from '../plugin/pool.ts'
import type { PoolSituation } from '../plugin/situation.ts'
import type { Store } from '../plugin/store.ts'
import type { QuoteBook } from '../prices/quote-book.ts'
import type { PoolView } from '../views/pools.ts'
import { Missing } from './missing-figures.ts'
import { createAsk, type PoolClientOptions } from './pool-client.ts'
import { compareCredits } from './pool-compare.ts'
import type { PoolConfig } from './pool-config.ts'
import { PoolLedger } from './pool-ledger.ts'
import { poolView } from './pool-view.ts'
import { TrueUpKeeper } from './true-up-keeper.ts'
import { WorkerLists } from './worker-lists.ts'
import { WorkerWatch } from './worker-watch.ts'

/** For all requests of one poll: some pools want five seconds between two requests. */
const DEADLINE_MS = 120_000
/** A fleet's list of workers may have hundreds of pages, each after the pool's spacing. */
const WORKERS_DEADLINE_MS = 600_000
/** The most that back-off adds to a pool's interval while it fails. */
const LONGEST_BACKOFF_MS = 3_600_000
/** Polls that may fail before the last answer is stale. */
const STALE_POLLS = 3
/** What lasts this long is told, however seldom the pool is asked. */
const LASTING_MS = HOUR_MS
/** Codes of errors of a pool that answers something: its other requests may be answered better. */
const ANSWERED: ReadonlySet<string> = new Set(['http-status', 'refused', 'unexpected', 'not-json'])
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
  /** an answer of a pool says what time it is */
  onDate?: PoolClientOptions['onDate']
}

/** One pool with its last answer. */
interface Watched {
  config: PoolConfig
  session: PoolSession
  report?: PoolReport
  answeredMs?: number
  differences: PoolDifference[]
  /** agents whose machines worked for it in the time of the differences that are judged; absent: not read yet */
  agents?: ReadonlySet<string>
  /** why its last poll failed; absent while it answers */
  reason?: string | undefined
  failures: number
  /** the first of the polls that failed since its last answer */
  failingMs?: number
  /** what it does not tell though it answers */
  missing: Missing
}

/** Polls each pool by itself, and compares its credits with the ledger of its workload. A failing pool delays no other. */
export class PoolWatch {
  readonly #o: Required<Omit<PoolWatchOptions, 'onDate'>> & Pick<PoolWatchOptions, 'onDate'>
  readonly #trueUps: TrueUpKeeper
  readonly #workers: WorkerWatch
  readonly #watched: Watched[]
  readonly #ledger: PoolLedger
  readonly #startedMs: number
  /** by pool and event: the last reason that was logged */
  readonly #logged = new Map<string, string>()

  constructor(options: PoolWatchOptions) {
    this.#o = { random: Math.random, wait: pause, deadlineMs: DEADLINE_MS, onTrueUps: () => {}, ...options }
    const { store, nowMs, log, onTrueUps, workloads } = this.#o
    this.#trueUps = new TrueUpKeeper({
      store,
      miningWorkloads: workloads.filter(({ kind }) => kind === 'mining').map(({ name }) => name),
      nowMs,
      log,
      onStored: onTrueUps,
    })
    this.#startedMs = options.nowMs()
    this.#ledger = new PoolLedger(options.store, options.nowMs)
    this.#workers = new WorkerWatch({ store, nowMs, ledger: this.#ledger })
    this.#watched = options.configs.map((config) => ({
      config,
      session: this.#open(config),
      differences: [],
      failures: 0,
      missing: new Missing({ pool: config.name, nowMs, log }),
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
    const { log } = this.#o
    const { name, pool: plugin } = pool.config
    let retryAfterMs = 0
    try {
      retryAfterMs = await this.#readAccount(pool, signal)
      if (pool.reason !== undefined) log.info('pool answers again', { name, pool: plugin })
      pool.failures = 0
      pool.reason = undefined
      delete pool.failingMs
    } catch (error) {
      if (signal.aborted) return 0
      const reason = reasonOf(error)
      // log a new reason once, not at every poll
      if (pool.reason !== reason) log.warn('pool not read', { name, pool: plugin, reason })
      pool.reason = reason
      pool.failures++
      pool.failingMs ??= this.#o.nowMs()
      if (error instanceof ThrottledError) return error.retryAfterMs
      // it may tell its workers all the same, but not where nothing comes at all
      if (!(error instanceof PerwattError && ANSWERED.has(error.code))) return 0
    }
    if (retryAfterMs > 0) return retryAfterMs
    return this.#readWorkers(pool, signal)
  }

  /** Reads the account and compares it. @returns for how long the pool wants no request, ms. @throws where it answers nothing */
  async #readAccount(pool: Watched, signal: AbortSignal): Promise<number> {
    const { nowMs, log, quotes, workloads, deadlineMs } = this.#o
    const { name, workload } = pool.config
    const report = await withDeadline((s) => pool.session.read(s), deadlineMs, signal)
    pool.report = report
    pool.answeredMs = nowMs()
    pool.missing.note('account', report.missing ?? [])
    try {
      pool.differences = await compareCredits({
        ledger: this.#ledger,
        quotes,
        workload: workloads.find((w) => w.name === workload),
        credits: report.credits,
      })
      pool.agents = await this.#ledger.agents(workload)
    } catch (error) {
      pool.differences = []
      log.error('pool not compared with the ledger', { pool: name, reason: reasonOf(error) })
    }
    return report.retryAfterMs ?? 0
  }

  /**
   * Trues estimated work up to what the pool credited its workers, and compares each worker with the ledger. Never rejects.
   * @returns for how long the pool wants no request, ms
   */
  async #readWorkers(pool: Watched, signal: AbortSignal): Promise<number> {
    const { workload } = pool.config
    const lists = new WorkerLists(pool.session, pool.missing, this.#domainsOf(pool.config.pool))
    await this.#try(pool, 'estimated work not trued up; the next poll tries again', signal, (s) =>
      this.#trueUps.keep(workload, lists.readers, s),
    )
    const mining = this.#o.workloads.find((w) => w.name === workload)
    if (mining?.kind === 'mining' && !signal.aborted) {
      const { poolFeeRatio } = mining
      await this.#try(pool, 'workers not compared with the ledger; the next poll tries again', signal, (s) =>
        this.#workers.compare({ workload, poolFeeRatio }, lists.readers, s),
      )
    }
    return lists.retryAfterMs
  }

  #domainsOf(name: string): PoolDomains {
    const own = pluginNamed(this.#o.pools, name).domains ?? []
    const all = this.#o.pools.flatMap((pool) => pool.domains ?? [])
    return { own, others: all.filter((domain) => !own.includes(domain)) }
  }

  /** Runs it within the deadline of lists of workers, and logs each new reason why it fails. Never rejects. */
  async #try(
    { config: { name } }: Watched,
    event: string,
    signal: AbortSignal,
    run: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const key = `${name} ${event}`
    try {
      await withDeadline(run, WORKERS_DEADLINE_MS, signal)
      this.#logged.delete(key)
    } catch (error) {
      const reason = reasonOf(error)
      if (signal.aborted || this.#logged.get(key) === reason) return
      this.#logged.set(key, reason)
      this.#o.log.warn(event, { pool: name, reason })
    }
  }

  /** Never sooner than its interval, nor than the pool's Retry-After. */
  #pauseMs({ config, failures }: Watched, retryAfterMs: number): number {
    const { random } = this.#o
    const intervalMs = config.poll * (1 + SPREAD_RATIO * random())
    const backoff = failures === 0 ? 0 : backoffMs(failures - 1, config.poll, LONGEST_BACKOFF_MS, random)
    return Math.max(intervalMs + backoff, retryAfterMs)
  }

  #open(config: PoolConfig): PoolSession {
    const { pools, nowMs, wait, onDate } = this.#o
    const pool = pluginNamed(pools, config.pool)
    const guard = addressGuard(config.allowPrivate)
    const ask = createAsk({ pool, url: config.url, guard, nowMs, pause: wait, onDate })
    return pool.open(config, { ask, nowMs })
  }

  #isStale({ answeredMs, config }: Watched): boolean {
    return this.#o.nowMs() - (answeredMs ?? this.#startedMs) > STALE_POLLS * config.poll
  }

  /** True for what began three polls ago, or an hour. */
  #lasts({ config }: Watched, sinceMs: number): boolean {
    return this.#o.nowMs() - sinceMs > Math.min(STALE_POLLS * config.poll, LASTING_MS)
  }

  /** Where the newest poll of a pool was not answered at all, or none was made yet for long. */
  #unanswered(pool: Watched): PoolSituation['unanswered'] {
    const { reason, failingMs, answeredMs = this.#startedMs } = pool
    if (reason === undefined && !this.#isStale(pool)) return undefined
    const lasts = this.#isStale(pool) || (failingMs !== undefined && this.#lasts(pool, failingMs))
    return {
      sinceMs: answeredMs,
      lasts,
      reason: reason ?? 'no poll of it has ended; look into the collector’s log',
    }
  }

  /** These minutes were settled: true-ups of their days follow them at the next poll. */
  settled(minutes: readonly number[]): void {
    this.#trueUps.settled(minutes)
  }

  /** The pools as alert rules judge them. */
  situation(): PoolSituation[] {
    return this.#watched.map((pool) => ({
      pool: pool.config.name,
      workload: pool.config.workload,
      stale: this.#isStale(pool),
      unanswered: this.#unanswered(pool),
      missing: pool.missing.all.map((one) => ({ ...one, lasts: this.#lasts(pool, one.sinceMs) })),
      differences: pool.differences,
      ...defined({ agents: pool.agents, workers: this.#workers.of(pool.config.workload) }),
    }))
  }

  /** The pools as the API shows them. */
  views(): PoolView[] {
    return this.#watched.map((pool) => {
      const { workload } = pool.config
      return poolView({
        ...pool,
        stale: this.#isStale(pool),
        missedDays: this.#trueUps.missed(workload),
        notTruedUp: this.#trueUps.notTruedUp(workload),
        workers: this.#workers.of(workload),
      })
    })
  }
}
