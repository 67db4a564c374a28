import { reasonOf } from '../../protocol/kit/errors.ts'
import { every } from '../../protocol/kit/timers.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { type LedgerRow, sumsByWorkload } from '../economics/ledger-row.ts'
import { runsOf } from '../economics/minute-runs.ts'
import { settleMinute } from '../economics/settlement/ledger-rows.ts'
import { missingPrices } from '../economics/settlement/unpriced.ts'
import { type Change, RECORDS_GONE, type Repricing, type Settlement } from '../plugin/audit-store.ts'
import type { HeldBack } from '../plugin/held.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import { isRefused } from '../plugin/store.ts'
import { DOUBTED, LATE_RECORDS, repricingText } from './causes.ts'
import { changedSums } from './changed-sums.ts'
import { DueMinutes } from './due-minutes.ts'
import { heldBackOf, heldByMinute } from './held-back.ts'
import { keptRecords } from './kept-records.ts'
import { minutesWithLostRecords, stayed } from './lost-records.ts'
import { storedFigures } from './minute-groups.ts'
import { heldBackParts } from './paid-records.ts'
import { nextPiece } from './piece-size.ts'
import type { MinutePricing } from './pricing.ts'
import { missingOf, settlementOf } from './settlement-of.ts'
import type { SettlerOptions } from './settler-options.ts'
import type { ClockMove } from './settling-clock.ts'
import { SettlingProgress } from './settling-progress.ts'
import { takeBack } from './take-back.ts'
import { trueUpsOf } from './true-ups.ts'
import { rulesBeginMs, UnconfirmedTime } from './unconfirmed-time.ts'
import { UnsettledSearch } from './unsettled-search.ts'

/** A minute that the store refuses is tried again after this, or when a record of it comes. */
const REFUSED_WAIT_MS = HOUR_MS
/** Settled at once, as a part of each second. */
const SHARE_MS = 500

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
  readonly #unconfirmed: UnconfirmedTime | undefined
  /** what was taken back last because the clock was set, and when; undefined: nothing since the start */
  moved: (ClockMove & { atMs: number }) | undefined

  constructor(options: SettlerOptions) {
    this.#o = options
    this.#unconfirmed = options.clock && new UnconfirmedTime({ ...options, clock: options.clock })
    this.#due = new DueMinutes(options.nowMs, options.settleDelayMs)
    this.#progress = new SettlingProgress(options.log)
    this.#search = new UnsettledSearch({
      ...options,
      retentionMs: () => options.retentionMs,
      waiting: () => this.overdue,
      add: (found) => this.#due.addAll(found, options.nowMs()),
    })
  }

  /** Queues what an earlier run left unsettled, and settles what is due every second, while the clock can be trusted. Rejects where the store fails. */
  async start(): Promise<void> {
    const { clock, pricing } = this.#o
    if (this.#maySettle) await this.#begin(this.#o.nowMs())
    // the first rules are in force from the start on, also where the clock is listened to for a while: they move with it
    else if (clock?.mayBegin && pricing.firstMs === Number.POSITIVE_INFINITY) await this.#beginRules()
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
    if ((!this.#search.begun || this.#unconfirmed?.isDue) && !(await this.#hasBegun(now))) return
    await this.#search.look(now)
    await this.#settleForAShare()
  }

  /** Searches for unsettled minutes again, because the database has lost some. Rejects where the store fails. */
  async queueUnsettled(): Promise<void> {
    this.#search.beginLater()
    if (this.#maySettle) await this.alone(() => this.#begin(this.#o.nowMs()))
  }

  /** Whether a start has not yet found everything that an earlier run left unsettled. */
  get searching(): boolean {
    return this.#search.searching
  }

  get #maySettle(): boolean {
    return this.#o.maySettle?.() !== false
  }

  async #begin(now: number): Promise<void> {
    const move = await this.#unconfirmed?.move(!this.#search.begun)
    if (move) await this.#takeBack(move, now)
    await this.#beginRules()
    if (move || !this.#search.begun) await this.#search.begin()
  }

  #beginRules(): Promise<void> {
    const { pricing, store, clock, nowMs } = this.#o
    const fromMs = rulesBeginMs(nowMs(), clock)
    return pricing.start(store, fromMs, async (rules) => this.#unconfirmed?.beginRules(rules))
  }

  /** Takes back what was begun and settled by an unconfirmed clock that was set since. */
  async #takeBack(move: ClockMove, now: number): Promise<void> {
    // what the search found by the wrong clock is searched again
    this.#due.keep((minute) => this.#whys.has(minute))
    this.#due.addAll(await takeBack(move, this.#o, now), now)
    await this.#unconfirmed?.moved(move)
    this.moved = { ...move, atMs: now }
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

  /** Settles these minutes by `pricingOf`; call it within `alone`. What a repricing changed, and how far it is, is stored with them at once. */
  async settle(
    minutes: readonly number[],
    pricingOf: (minuteMs: number, settlement: Settlement | undefined) => MinutePricing,
    repricing?: Repricing,
  ): Promise<void> {
    const { store, devices, onSettled, nowMs, log } = this.#o
    const rows: LedgerRow[] = []
    const settlements: Settlement[] = []
    const changes: Change[] = []
    const heldBack: HeldBack[] = []
    const first: number[] = []
    const lost = new Set<number>()
    let intervals = 0
    for (const [fromMs, toMs] of runsOf(minutes)) {
      const known = new Map((await store.settlements(fromMs, toMs)).map((s) => [s.minuteMs, s]))
      const before = await storedFigures(store, fromMs, toMs)
      const { kept, earlier } = await keptRecords(this.#o, fromMs, toMs)
      for (const minute of await minutesWithLostRecords(store, kept, before)) lost.add(minute)
      this.note(earlier, DOUBTED)
      await this.#o.settling?.([...kept.values()].flat())
      const held = heldByMinute(await store.held({ fromMs, toMs, state: 'open' }, ALL_HELD))
      for (let minute = fromMs; minute < toMs; minute += MINUTE_MS) {
        const found = kept.get(minute) ?? []
        intervals += found.length
        const settlement = known.get(minute)
        const pricing = pricingOf(minute, settlement)
        if (lost.has(minute)) {
          settlements.push(stayed(settlement, minute, pricing, nowMs()))
          continue
        }
        if (!settlement) first.push(minute)
        const trueUps = await trueUpsOf(store, minute)
        const context = { ...pricing.rules, ...devices }
        const counts = settlement || found.length + trueUps.length > 0 || this.#o.pricing.standingAt(minute)
        // a minute before the first rules is worth nothing without a record
        const own = counts ? settleMinute(minute, found, pricing.prices, context, trueUps) : []
        rows.push(...own)
        const waiting = heldBackParts(held.get(minute) ?? [], found)
        heldBack.push(...heldBackOf(minute, waiting, found, pricing.prices, context))
        const was = (settlement || repricing) && before.get(minute)
        const changed = changedSums(was ?? new Map(), sumsByWorkload(own))
        const why = repricing ? [repricingText(repricing)] : [...(this.#whys.get(minute) ?? [])]
        settlements.push({
          ...settlementOf(minute, settlement, pricing, changed.length > 0 ? why : undefined, nowMs()),
          ...missingOf(missingPrices(own, pricing.prices, pricing.rules.needsFees)),
        })
        if (repricing && (before.has(minute) || repricing.decision))
          changes.push(...changed.map((c) => ({ repricing: repricing.id, minuteMs: minute, ...c })))
      }
    }
    await this.#unconfirmed?.settle(first)
    const settled = minutes.filter((minute) => !lost.has(minute))
    await store.settle(settled, rows, { settlements, changes, heldBack, ...(repricing ? { repricing } : {}) })
    if (!repricing) for (const minute of minutes) this.#whys.delete(minute)
    if (lost.size > 0) log.warn(`minutes not settled again: ${RECORDS_GONE}`, { minutes: lost.size })
    this.#progress.settled(minutes.length)
    onSettled(settled, rows, settlements)
    this.#atOnce = nextPiece(this.#atOnce, intervals)
  }
}
