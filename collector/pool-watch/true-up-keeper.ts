import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { utcDay } from '../economics/settlement/pool-credit.ts'
import { DAY_MS } from '../economics/settlement/revenue.ts'
import {
  againstLedger,
  type UserWork,
  workByUser,
  workerTrueUps,
} from '../economics/settlement/worker-true-up.ts'
import { type TrueUp, trueUpMinute } from '../economics/true-up.ts'
import type { WorkerCredit } from '../plugin/pool.ts'
import type { Store } from '../plugin/store.ts'

/** Pools tell a worker's last 24 h: read within this long after 00:00 UTC, that is the UTC day that has ended. */
const READ_WITHIN_MS = 30 * MINUTE_MS
/** The ledger of past days is compared this often, because late records and repricings change it. */
const EVERY_MS = HOUR_MS
/** Days whose true-ups follow late records. */
const FOLLOWED_DAYS = 7

export interface TrueUpKeeperOptions {
  store: Pick<Store, 'workByOwner' | 'trueUps' | 'writeTrueUps'>
  /** true-ups were stored: their minutes must be settled again */
  onStored: (minutes: readonly number[]) => void
  nowMs: () => number
  log: Log
}

/**
 * Books what a pool credited each worker of the day that has ended beyond the ledger's work, where part of that work is estimated;
 * and books it again where late records change that work, so that the day's sum stays the pool's.
 */
export class TrueUpKeeper {
  readonly #o: TrueUpKeeperOptions
  /** by workload: the day that was read last, and when past days were compared */
  readonly #done = new Map<string, { dayMs: number; comparedMs: number }>()

  constructor(options: TrueUpKeeperOptions) {
    this.#o = options
  }

  /** Does what is due for one pool. Rejects where the store or the pool fails; the next poll tries again. */
  async keep(
    workload: string,
    readWorkers: ((signal: AbortSignal) => Promise<WorkerCredit[]>) | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const now = this.#o.nowMs()
    const dayMs = utcDay(now) - DAY_MS
    const done = this.#done.get(workload) ?? { dayMs: 0, comparedMs: Number.NEGATIVE_INFINITY }
    this.#done.set(workload, done)
    if (readWorkers && done.dayMs !== dayMs && now - utcDay(now) < READ_WITHIN_MS) {
      await this.#read(workload, dayMs, () => readWorkers(signal))
      done.dayMs = dayMs
    }
    if (Math.abs(now - done.comparedMs) < EVERY_MS) return
    await this.#follow(workload, now, done.comparedMs === Number.NEGATIVE_INFINITY)
    done.comparedMs = now
  }

  async #read(workload: string, dayMs: number, readWorkers: () => Promise<WorkerCredit[]>): Promise<void> {
    const users = await this.#users(workload, dayMs)
    // a day that is all counted needs no list of workers
    if (![...users.values()].some((own) => own.estimatedWorkDiff1 > 0)) return
    const trueUps = workerTrueUps({ workload, dayMs }, users, await readWorkers(), (worker, times) =>
      this.#o.log.warn('a pool’s credit is not booked: another machine seems to mine under this name', {
        workload,
        worker,
        timesTheLedger: Math.round(times * 10) / 10,
      }),
    )
    await this.#store(trueUps)
  }

  /** Compares the days before again with the ledger as it is now. */
  async #follow(workload: string, now: number, first: boolean): Promise<void> {
    const fromMs = utcDay(now) - FOLLOWED_DAYS * DAY_MS
    const booked = (await this.#o.store.trueUps(fromMs, now)).filter((t) => t.workload === workload)
    const changed: TrueUp[] = []
    for (const dayMs of new Set(booked.map((t) => t.dayMs))) {
      const users = await this.#users(workload, dayMs)
      for (const trueUp of booked.filter((t) => t.dayMs === dayMs)) {
        const present = againstLedger(trueUp, users.get(trueUp.worker) ?? NO_WORK)
        if (present.workDiff1 !== trueUp.workDiff1) changed.push(present)
      }
    }
    await this.#store(changed)
    // a stop may have come between the storing of a true-up and the settling of its minute; settling again changes nothing
    if (first) this.#o.onStored([...new Set(booked.map(trueUpMinute))])
  }

  async #store(trueUps: readonly TrueUp[]): Promise<void> {
    if (trueUps.length === 0) return
    await this.#o.store.writeTrueUps(trueUps)
    this.#o.onStored([...new Set(trueUps.map(trueUpMinute))])
    this.#o.log.info('estimated work trued up to the pool’s credit', { workers: trueUps.length })
  }

  async #users(workload: string, dayMs: number): Promise<Map<string, UserWork>> {
    return workByUser(await this.#o.store.workByOwner(workload, dayMs, dayMs + DAY_MS))
  }
}

const NO_WORK: UserWork = { workDiff1: 0, estimatedWorkDiff1: 0 }

/** Runs `keep`, and logs its failure once for each reason. */
export async function keepQuietly(
  work: Promise<void>,
  { pool, log, signal }: { pool: string; log: Log; signal: AbortSignal },
): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!signal.aborted)
      log.warn('estimated work not trued up; the next poll tries again', { pool, reason: reasonOf(error) })
  }
}
