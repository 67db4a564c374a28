import type { Log } from '../../protocol/kit/log.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { utcDay } from '../economics/settlement/pool-credit.ts'
import type { PoolDomains } from '../economics/settlement/pool-places.ts'
import { DAY_MS } from '../economics/settlement/revenue.ts'
import {
  againstLedger,
  type NotTruedUp,
  type UserWork,
  workerTrueUps,
} from '../economics/settlement/worker-true-up.ts'
import { type TrueUp, trueUpMinute } from '../economics/true-up.ts'
import type { WorkerCredit } from '../plugin/pool.ts'
import type { Store } from '../plugin/store.ts'
import { usersOfDay } from './users-of-day.ts'

/** Pools tell a worker's last 24 h: read within this long after 00:00 UTC, that is the UTC day that has ended. */
const READ_WITHIN_MS = 30 * MINUTE_MS
/** The ledger of past days is compared this often, because late records and repricings change it. Days that were missed are read then. */
const EVERY_MS = HOUR_MS
/** Days whose true-ups follow late records, and that are read later where they were missed. */
const FOLLOWED_DAYS = 7
/** Older days that are compared at one poll: each reads a day of the ledger. */
const OLD_DAYS_AT_ONCE = 5
/** Older days that a start looks at, and of how many it asks at one poll whether they have true-ups. */
const OLD_DAYS = 400
const LOOKED_AT_ONCE = 30

/** How a pool's API tells what it credited its workers; both absent: it doesn't. */
export interface WorkerReaders {
  /** over the last 24 h: only just after 00:00 UTC is that a whole day */
  lastDay: ((signal: AbortSignal) => Promise<WorkerCredit[]>) | undefined
  /** over a complete UTC day, also days later */
  ofDay: ((dayMs: number, signal: AbortSignal) => Promise<WorkerCredit[]>) | undefined
  /** absent: not known */
  domains?: PoolDomains | undefined
}

/** What is known of one workload's days since the start. */
interface Kept {
  /** days whose last 24 h were read in time */
  readDays: Set<number>
  /** by day: the ledger's work that the pool was asked for; it is asked again where late records have changed it */
  asked: Map<number, string>
  /** days with estimated work that no pool can true up any more */
  missed: Set<number>
  /** by day: what a pool that tells the last 24 h only has listed, for records that come late */
  lists: Map<number, WorkerCredit[]>
  /** by day: users whose estimated work the pool's list did not true up, and why */
  not: Map<number, NotTruedUp[]>
  comparedMs: number
  /** days before those that are followed that were compared since the start */
  oldDays: number
  /** days of minutes that were settled since the last comparison */
  changed: Set<number>
}

export interface TrueUpKeeperOptions {
  store: Pick<Store, 'workByOwner' | 'trueUps' | 'writeTrueUps'>
  /** names of all mining workloads: a pool credits a name, whichever of them has its machines */
  miningWorkloads: readonly string[]
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
  readonly #kept = new Map<string, Kept>()

  constructor(options: TrueUpKeeperOptions) {
    this.#o = options
  }

  /** Days of the last week, oldest first, Unix ms, whose work stays estimated: the pool tells the last 24 h only, and was not read in time. */
  missed(workload: string): number[] {
    return [...(this.#kept.get(workload)?.missed ?? [])].sort((a, b) => a - b)
  }

  /** Workers of the last week's days whose work stays estimated though the pool's list was read, and why; oldest day first. */
  notTruedUp(workload: string): (NotTruedUp & { dayMs: number })[] {
    return [...(this.#kept.get(workload)?.not ?? [])]
      .sort(([a], [b]) => a - b)
      .flatMap(([dayMs, workers]) => workers.map((worker) => ({ dayMs, ...worker })))
  }

  /** These minutes were settled: the true-ups of their days may have to follow. */
  settled(minutes: readonly number[]): void {
    const days = new Set(minutes.map(utcDay))
    for (const kept of this.#kept.values()) for (const dayMs of days) kept.changed.add(dayMs)
  }

  /** Does what is due for one pool. Rejects where the store or the pool fails; the next poll tries again. */
  async keep(workload: string, readers: WorkerReaders, signal: AbortSignal): Promise<void> {
    const now = this.#o.nowMs()
    const today = utcDay(now)
    const dayMs = today - DAY_MS
    const kept = this.#keptOf(workload)
    const { lastDay, domains } = readers
    if (lastDay && !kept.readDays.has(dayMs) && now - today < READ_WITHIN_MS) {
      const users = await this.#users(workload, dayMs, domains)
      await this.#read({ workload, dayMs, kept }, { all: users, open: users }, async () => {
        const list = await lastDay(signal)
        kept.lists.set(dayMs, list)
        return list
      })
      kept.readDays.add(dayMs)
    }
    const fromMs = today - FOLLOWED_DAYS * DAY_MS
    await this.#followOld(workload, { kept, fromMs, domains })
    if (Math.abs(now - kept.comparedMs) < EVERY_MS) return
    const booked = await this.#booked(workload, fromMs, now)
    await this.#follow(workload, { booked, domains, first: kept.comparedMs === Number.NEGATIVE_INFINITY })
    await this.#catchUp(workload, { kept, booked, readers, today, signal })
    kept.comparedMs = now
  }

  #keptOf(workload: string): Kept {
    const kept = this.#kept.get(workload) ?? {
      readDays: new Set(),
      asked: new Map(),
      missed: new Set(),
      lists: new Map(),
      not: new Map(),
      comparedMs: Number.NEGATIVE_INFINITY,
      changed: new Set(),
      oldDays: 0,
    }
    this.#kept.set(workload, kept)
    return kept
  }

  /** Books what the pool credited the open ones of a day's users. */
  async #read(
    { workload, dayMs, kept }: { workload: string; dayMs: number; kept: Kept },
    { all, open }: Record<'all' | 'open', ReadonlyMap<string, UserWork>>,
    readWorkers: () => Promise<WorkerCredit[]>,
  ): Promise<void> {
    // a day that is all counted needs no list of workers
    if (![...open.values()].some((own) => own.estimatedWorkDiff1 > 0)) return
    const { trueUps, not } = workerTrueUps({ workload, dayMs }, all, await readWorkers())
    kept.not.set(
      dayMs,
      not.filter(({ worker }) => open.has(worker)),
    )
    for (const { worker, because } of kept.not.get(dayMs) ?? [])
      this.#o.log.warn('a worker’s work stays estimated', { workload, worker, day: dateOf(dayMs), because })
    await this.#store(trueUps.filter(({ worker }) => open.has(worker)))
  }

  /**
   * The days that were not read in time, because the collector was down or the pool did not answer, and the days whose work came late.
   * A pool that keeps its days is read now; of another the days are told.
   */
  async #catchUp(
    workload: string,
    {
      kept,
      booked,
      readers,
      today,
      signal,
    }: {
      kept: Kept
      booked: readonly TrueUp[]
      readers: WorkerReaders
      today: number
      signal: AbortSignal
    },
  ): Promise<void> {
    const { lastDay, ofDay, domains } = readers
    const missed = new Set<number>()
    for (const days of [kept.not, kept.lists])
      for (const dayMs of days.keys()) if (dayMs < today - FOLLOWED_DAYS * DAY_MS) days.delete(dayMs)
    for (let dayMs = today - FOLLOWED_DAYS * DAY_MS; dayMs < today; dayMs += DAY_MS) {
      const done = new Set(booked.filter((t) => t.dayMs === dayMs).map((t) => t.worker))
      const all = await this.#users(workload, dayMs, domains)
      const open = [...all].filter(([user, own]) => own.estimatedWorkDiff1 > 0 && !done.has(user))
      if (open.length === 0) {
        kept.not.delete(dayMs)
        continue
      }
      const list = kept.lists.get(dayMs)
      if (ofDay || list) {
        const asked = JSON.stringify(open)
        if (kept.asked.get(dayMs) === asked) continue
        const readDay = async () => list ?? (await ofDay?.(dayMs, signal)) ?? []
        await this.#read({ workload, dayMs, kept }, { all, open: new Map(open) }, readDay)
        kept.asked.set(dayMs, asked)
      } else if (lastDay && done.size === 0 && !kept.readDays.has(dayMs)) missed.add(dayMs)
      else if (lastDay) {
        const known = new Map(kept.not.get(dayMs)?.map((one) => [one.worker, one]))
        kept.not.set(
          dayMs,
          open.map(([worker]) => known.get(worker) ?? { worker, because: NOT_BY_LIST }),
        )
      }
    }
    for (const dayMs of missed)
      if (!kept.missed.has(dayMs))
        this.#o.log.warn(
          'a day’s work stays estimated: the pool tells its workers’ last 24 h only, and was not read in the half hour after the day',
          { workload, day: dateOf(dayMs) },
        )
    kept.missed = missed
  }

  /**
   * Compares older days again: those of minutes that were settled since, and once after a start all, which does not know what was settled before it.
   * A few at once, the newest first.
   */
  async #followOld(
    workload: string,
    { kept, fromMs, domains }: { kept: Kept; fromMs: number; domains: PoolDomains | undefined },
  ): Promise<void> {
    for (const dayMs of kept.changed) if (dayMs >= fromMs) kept.changed.delete(dayMs)
    let left = OLD_DAYS_AT_ONCE
    const follow = async (dayMs: number) => {
      const booked = await this.#booked(workload, dayMs, dayMs + 1)
      if (booked.length === 0) return
      left--
      await this.#follow(workload, { booked, domains })
    }
    for (const dayMs of [...kept.changed].sort((a, b) => b - a).slice(0, OLD_DAYS_AT_ONCE)) {
      await follow(dayMs)
      kept.changed.delete(dayMs)
    }
    for (let looked = 0; looked < LOOKED_AT_ONCE && left > 0 && kept.oldDays < OLD_DAYS; looked++) {
      await follow(fromMs - (kept.oldDays + 1) * DAY_MS)
      kept.oldDays++
    }
  }

  async #booked(workload: string, fromMs: number, toMs: number): Promise<TrueUp[]> {
    return (await this.#o.store.trueUps(fromMs, toMs)).filter((t) => t.workload === workload)
  }

  /** Compares the days before again with the ledger as it is now. */
  async #follow(
    workload: string,
    {
      booked,
      domains,
      first = false,
    }: { booked: readonly TrueUp[]; domains: PoolDomains | undefined; first?: boolean },
  ): Promise<void> {
    const changed: TrueUp[] = []
    for (const dayMs of new Set(booked.map((t) => t.dayMs))) {
      const users = await this.#users(workload, dayMs, domains)
      // a ledger that does not reach back to that day says nothing about it
      if (users.size === 0) continue
      for (const trueUp of booked.filter((t) => t.dayMs === dayMs)) {
        const present = againstLedger(trueUp, users.get(trueUp.worker) ?? NO_WORK)
        if (present.workDiff1 !== trueUp.workDiff1 || present.countedWorkDiff1 !== trueUp.countedWorkDiff1)
          changed.push(present)
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

  #users(workload: string, dayMs: number, domains: PoolDomains | undefined): Promise<Map<string, UserWork>> {
    return usersOfDay(this.#o, { workload, dayMs, domains })
  }
}

/** Of a day whose list an earlier start read. */
const NOT_BY_LIST = 'not clear in the list that the pool gave for this day, or recorded after it was read'

const dateOf = (dayMs: number): string => new Date(dayMs).toISOString().slice(0, 10)

const NO_WORK: UserWork = { workDiff1: 0, estimatedWorkDiff1: 0 }
