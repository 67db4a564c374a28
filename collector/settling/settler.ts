import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { every } from '../../protocol/kit/timers.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import {
  type AgentInterval,
  type LedgerRow,
  type LedgerSums,
  sumsByWorkload,
} from '../economics/ledger-row.ts'
import { runsOf } from '../economics/minute-runs.ts'
import { settleMinute } from '../economics/settlement/ledger-rows.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import { missingPrices } from '../economics/settlement/unpriced.ts'
import type { Change, Repricing, Settlement } from '../plugin/audit-store.ts'
import type { HeldBack } from '../plugin/held.ts'
import { isRefused, type Store } from '../plugin/store.ts'
import { DOUBTED, LATE_RECORDS, repricingText } from './causes.ts'
import { changedSums } from './changed-sums.ts'
import { DueMinutes } from './due-minutes.ts'
import { heldBackOf, heldByMinute } from './held-back.ts'
import { type FurtherDoubts, holdDoubtful } from './meter-doubts.ts'
import { recordsByMinute, storedFigures } from './minute-groups.ts'
import { heldBackParts, paidRecords } from './paid-records.ts'
import type { MinutePricing, Pricing } from './pricing.ts'
import { missingOf, settlementOf } from './settlement-of.ts'
import { SettlingProgress } from './settling-progress.ts'
import { trueUpsOf } from './true-ups.ts'
import { UnsettledSearch } from './unsettled-search.ts'

const MINUTES_AT_ONCE = 30
/** A large site settles fewer minutes, so that about this many records are in memory. */
const INTERVALS_AT_ONCE = 50_000
/** A minute that the store refuses is tried again after this, or when a record of it comes. */
const REFUSED_WAIT_MS = HOUR_MS
/** Held records read for one piece of work: as many as there can be. */
const MOST_HELD = 10_000_000
/** Settled at once, as a part of each second. */
const SHARE_MS = 500

export interface SettlerOptions extends FurtherDoubts {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  nowMs: () => number
  log: Log
  /** how long after its end a minute waits for its records; a later record settles it again */
  settleDelayMs: number
  /** how far back a start looks for minutes that an earlier run left unsettled: as far as records are taken */
  retentionMs: number
  /** whether minutes may be settled now: the collector's clock can be trusted; absent: always */
  maySettle?(): boolean
  /** called with the records that count in minutes, before these are settled; where it rejects, they are settled later */
  settling?(records: readonly AgentInterval[]): Promise<void>
  onSettled(minutes: readonly number[], rows: readonly LedgerRow[], settlements: readonly Settlement[]): void
}

/**
 * Settles each minute once it is over and its records had their time, and again when late records belong to it. So the ledger after
 * an outage equals the ledger without one. One piece of work runs at a time.
 */
export class Settler {
  readonly #o: SettlerOptions
  readonly #due: DueMinutes
  /** by minute that waits, what has changed */
  readonly #whys = new Map<number, Set<string>>()
  #turn: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  /** begins with one, and grows: how many records a minute has is not known yet */
  #atOnce = 1
  #ticking: Promise<void> | undefined
  readonly #search: UnsettledSearch
  readonly #progress: SettlingProgress

  constructor(options: SettlerOptions) {
    this.#o = options
    this.#due = new DueMinutes(options.nowMs, options.settleDelayMs)
    this.#progress = new SettlingProgress(options.log)
    this.#search = new UnsettledSearch({
      ...options,
      retentionMs: () => options.retentionMs,
      waiting: () => this.waiting,
      add: (found) => this.#due.addAll(found, options.nowMs()),
    })
  }

  /** Queues what an earlier run left unsettled, and settles what is due every second, while the clock can be trusted. Rejects where the store fails. */
  async start(): Promise<void> {
    if (this.#maySettle) await this.#begin(this.#o.nowMs())
    this.#timer = every(1_000, () => void this.tick())
  }

  /** Queues what has become due, and settles for a part of a second; joins one that is under way. Never rejects. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => {
      this.#ticking = undefined
    })
    return this.#ticking
  }

  /** What is over by the clock is settled only while the clock can be trusted. */
  async #tick(): Promise<void> {
    // read before the clock is judged: a step between the two is noticed
    const now = this.#o.nowMs()
    if (!this.#maySettle) return
    if (!this.#search.begun && !(await this.#hasBegun(now))) return
    await this.#search.look(now)
    await this.#settleForAShare()
  }

  /** Searches for unsettled minutes again, because the database has lost some. Rejects where the store fails. */
  async queueUnsettled(): Promise<void> {
    if (this.#maySettle) await this.#search.begin()
    else this.#search.beginLater()
  }

  /** Whether a start has not yet found everything that an earlier run left unsettled. */
  get searching(): boolean {
    return this.#search.searching
  }

  get #maySettle(): boolean {
    return this.#o.maySettle?.() !== false
  }

  async #begin(now: number): Promise<void> {
    // a start whose clock could not be trusted has not begun the present rules
    await this.#o.pricing.start(this.#o.store, now)
    await this.#search.begin()
  }

  async #hasBegun(now: number): Promise<boolean> {
    try {
      await this.alone(() => this.#begin(now))
    } catch (error) {
      this.#progress.failed('unsettled minutes not found; will try again', error)
      return false
    }
    this.#progress.well()
    return true
  }

  /** A backlog is settled in half of each second: the other half is for records that come. */
  async #settleForAShare(): Promise<void> {
    const startedMs = performance.now()
    do if (!(await this.settleDue())) return
    while (performance.now() - startedMs < SHARE_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#turn
  }

  /** How many minutes are over and wait to be settled: how far the ledger is behind the store's records. */
  get overdue(): number {
    return this.#due.overdue
  }

  /** What waits, how many minutes were settled since the start, and why the last try failed. */
  get progress(): ReturnType<SettlingProgress['with']> {
    return this.#progress.with(this.overdue)
  }

  /** How many minutes are settled at once: fewer on a large site. */
  get minutesAtOnce(): number {
    return this.#atOnce
  }

  /** How many minutes are queued, whether they are due or not. */
  get waiting(): number {
    return this.#due.size
  }

  /**
   * Something of the minutes in which these times (Unix ms) lie has changed: by default, records were stored that start in them.
   * @param why for the person who reads why the figures changed: an act, in the past tense
   */
  note(times: Iterable<number>, why = LATE_RECORDS): void {
    for (const minute of Array.from(times, minuteOf)) {
      this.#due.addLate(minute)
      this.#whys.set(minute, (this.#whys.get(minute) ?? new Set()).add(why))
    }
  }

  /** Settles what is due, newest first. Never rejects. @returns whether it went well, and more may be due */
  settleDue(): Promise<boolean> {
    return this.alone(async () => {
      const now = this.#o.nowMs()
      const due = this.#due.takeDue(this.#atOnce)
      if (due.length === 0) return false
      this.#progress.begin(due.length)
      try {
        await this.#settleByOwnRules(due)
        this.#progress.well()
        return true
      } catch (error) {
        if (isRefused(error)) {
          await this.#settleOneByOne(due)
          return true
        }
        for (const minute of due) this.#due.add(minute, now)
        this.#progress.failed('minutes not settled; will try again', error, { minutes: due.length })
        return false
      } finally {
        this.#progress.end()
      }
    })
  }

  #settleByOwnRules(minutes: readonly number[]): Promise<void> {
    return this.settle(minutes, (minute, settlement) => this.#o.pricing.of(minute, settlement))
  }

  /** A minute whose figures the store refuses must not hold up the others. */
  async #settleOneByOne(minutes: readonly number[]): Promise<void> {
    for (const minute of minutes)
      try {
        await this.#settleByOwnRules([minute])
      } catch (error) {
        // the database no longer keeps it
        if (isRefused(error) && minute < this.#o.nowMs() - this.#o.retentionMs) continue
        this.#due.postpone(minute, isRefused(error) ? REFUSED_WAIT_MS : 0)
        this.#progress.trouble = reasonOf(error)
        this.#o.log.error(
          'a minute can’t be settled; look at its records and prices, and correct a wrong price with reprice',
          { minute: new Date(minute).toISOString(), reason: reasonOf(error) },
        )
      }
  }

  /** Runs work that settles minutes while no other does. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** The records of a time by minute, once what is doubtful is held; earlier minutes of what is held are settled again. */
  async #keptOf(fromMs: number, toMs: number): Promise<Map<number, AgentInterval[]>> {
    const told = recordsByMinute(await paidRecords(this.#o.store, fromMs, toMs))
    const doubted = [...(await holdDoubtful(told, this.#o.devices, this.#o))]
    const earlier = doubted.filter((minute) => minute < fromMs)
    this.note(earlier, DOUBTED)
    return doubted.length === 0 ? told : recordsByMinute(await paidRecords(this.#o.store, fromMs, toMs))
  }

  /**
   * Settles these minutes, each with the rules and prices of `pricingOf`. Call it within `alone`. With a repricing, what it changed
   * and how far it is are stored in the same transaction.
   */
  async settle(
    minutes: readonly number[],
    pricingOf: (minuteMs: number, settlement: Settlement | undefined) => MinutePricing,
    repricing?: Repricing,
  ): Promise<void> {
    const { store, devices, onSettled, nowMs } = this.#o
    const rows: LedgerRow[] = []
    const settlements: Settlement[] = []
    const changes: Change[] = []
    const heldBack: HeldBack[] = []
    let intervals = 0
    for (const [fromMs, toMs] of runsOf(minutes)) {
      const known = new Map((await store.settlements(fromMs, toMs)).map((s) => [s.minuteMs, s]))
      const mayChange = known.size > 0 || repricing !== undefined
      const before = mayChange
        ? await storedFigures(store, fromMs, toMs)
        : new Map<number, Map<string, LedgerSums>>()
      const kept = await this.#keptOf(fromMs, toMs)
      await this.#o.settling?.([...kept.values()].flat())
      const held = heldByMinute(await store.held({ fromMs, toMs, state: 'open' }, MOST_HELD))
      for (let minute = fromMs; minute < toMs; minute += MINUTE_MS) {
        const found = kept.get(minute) ?? []
        intervals += found.length
        const settlement = known.get(minute)
        const pricing = pricingOf(minute, settlement)
        const trueUps = await trueUpsOf(store, minute)
        const context = { ...pricing.rules, ...devices }
        const own = settleMinute(minute, found, pricing.prices, context, trueUps)
        rows.push(...own)
        const waiting = heldBackParts(held.get(minute) ?? [], found)
        heldBack.push(...heldBackOf(minute, waiting, found, pricing.prices, context))
        const changed = changedSums(before.get(minute) ?? new Map(), sumsByWorkload(own))
        const why = repricing ? [repricingText(repricing)] : [...(this.#whys.get(minute) ?? [])]
        settlements.push({
          ...settlementOf(minute, settlement, pricing, changed.length > 0 ? why : undefined, nowMs()),
          ...missingOf(missingPrices(own, pricing.prices, pricing.rules.needsFees)),
        })
        if (repricing && (before.has(minute) || repricing.decision))
          changes.push(...changed.map((c) => ({ repricing: repricing.id, minuteMs: minute, ...c })))
      }
    }
    await store.settle(minutes, rows, { settlements, changes, heldBack, ...(repricing ? { repricing } : {}) })
    if (!repricing) for (const minute of minutes) this.#whys.delete(minute)
    this.#progress.settled(minutes.length)
    onSettled(minutes, rows, settlements)
    if (intervals > INTERVALS_AT_ONCE) this.#atOnce = Math.max(1, Math.floor(this.#atOnce / 2))
    else if (intervals < INTERVALS_AT_ONCE / 4) this.#atOnce = Math.min(MINUTES_AT_ONCE, this.#atOnce * 2)
  }
}
