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
import type { HeldBack, HeldMark } from '../plugin/held.ts'
import { isRefused, type Store } from '../plugin/store.ts'
import { LATE_RECORDS, repricingText } from './causes.ts'
import { changedSums } from './changed-sums.ts'
import { DueMinutes } from './due-minutes.ts'
import { heldBackOf, heldByMinute } from './held-back.ts'
import { meterDoubts, undecided } from './meter-doubts.ts'
import { recordsByMinute, storedFigures } from './minute-groups.ts'
import type { MinutePricing, Pricing } from './pricing.ts'
import { settlementOf } from './settlement-of.ts'
import { trueUpsOf } from './true-ups.ts'
import { UnsettledSearch } from './unsettled-search.ts'

const MINUTES_AT_ONCE = 30
/** A large site settles fewer minutes at once, so that about this many records are in memory. */
const INTERVALS_AT_ONCE = 50_000
/** A minute that the store refuses is tried again after this, or when a record of it comes. */
const REFUSED_WAIT_MS = HOUR_MS
/** Held records read for one piece of work: as many as there can be. */
const MOST_HELD = 10_000_000
const LOOK_EVERY_MS = 1_000
/** Settled at once, as a part of each second. */
const SHARE_MS = 500

export interface SettlerOptions {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  nowMs: () => number
  log: Log
  /** how long after its end a minute waits for its records; a later record settles it again */
  settleDelayMs: number
  /** how far back a start looks for minutes that an earlier run left unsettled: as far as records are taken */
  retentionMs: number
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
  #atOnce = MINUTES_AT_ONCE
  /** the newest minute that was queued because it costs or earns without records */
  #newestStandingMs = 0
  #failing = false
  #ticking: Promise<void> | undefined
  readonly #search: UnsettledSearch

  constructor(options: SettlerOptions) {
    this.#o = options
    this.#due = new DueMinutes(options.nowMs, options.settleDelayMs)
    this.#search = new UnsettledSearch({
      ...options,
      retentionMs: () => options.retentionMs,
      waiting: () => this.waiting,
      add: (found) => this.#due.addAll(found, options.nowMs()),
    })
  }

  /** Queues what an earlier run left unsettled, and settles what is due every second from now on. Rejects where the store fails. */
  async start(): Promise<void> {
    await this.#search.begin()
    this.#newestStandingMs = minuteOf(this.#o.nowMs()) - MINUTE_MS
    this.#timer = every(LOOK_EVERY_MS, () => void this.tick())
  }

  /** Queues what has become due, and settles for a part of a second; joins one that is under way. Never rejects. */
  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => {
      this.#ticking = undefined
    })
    return this.#ticking
  }

  async #tick(): Promise<void> {
    this.#addNewestStanding()
    await this.#search.look()
    await this.#settleForAShare()
  }

  /** Searches for unsettled minutes again, because the database has lost some. Rejects where the store fails. */
  queueUnsettled(): Promise<void> {
    return this.#search.begin()
  }

  /** Whether a start has not yet found everything that an earlier run left unsettled. */
  get searching(): boolean {
    return this.#search.searching
  }

  /** A backlog is settled in half of each second: the other half is for records that come. */
  async #settleForAShare(): Promise<void> {
    const startedMs = performance.now()
    do if (!(await this.settleDue())) return
    while (performance.now() - startedMs < SHARE_MS)
  }

  #addNewestStanding(): void {
    if (!this.#o.pricing.present.standing) return
    const newestMs = minuteOf(this.#o.nowMs()) - MINUTE_MS
    for (let minute = this.#newestStandingMs + MINUTE_MS; minute <= newestMs; minute += MINUTE_MS)
      this.#due.add(minute, 0)
    this.#newestStandingMs = Math.max(this.#newestStandingMs, newestMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#turn
  }

  /** How many minutes are over and wait to be settled: how far the ledger is behind the store's records. */
  get overdue(): number {
    return this.#due.overdue
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
   * Something of these minutes has changed: by default, records were stored that start in them.
   * @param why for the person who reads why the figures changed: an act, in the past tense
   */
  note(minutes: Iterable<number>, why = LATE_RECORDS): void {
    for (const minute of minutes) {
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
      try {
        await this.#settleByOwnRules(due)
        this.#failing = false
        return true
      } catch (error) {
        if (isRefused(error)) {
          await this.#settleOneByOne(due)
          return true
        }
        for (const minute of due) this.#due.add(minute, now)
        if (!this.#failing)
          this.#o.log.error('minutes not settled; will try again', {
            minutes: due.length,
            reason: reasonOf(error),
          })
        this.#failing = true
        return false
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
      let counting = await store.intervals(fromMs, toMs)
      let kept = recordsByMinute(counting)
      if (await this.#hold(kept)) {
        counting = await store.intervals(fromMs, toMs)
        kept = recordsByMinute(counting)
      }
      await this.#o.settling?.(counting)
      const held = heldByMinute(await store.held({ fromMs, toMs, state: 'open' }, MOST_HELD))
      for (let minute = fromMs; minute < toMs; minute += MINUTE_MS) {
        const found = kept.get(minute) ?? []
        intervals += found.length
        const settlement = known.get(minute)
        const pricing = pricingOf(minute, settlement)
        const trueUps = await trueUpsOf(store, minute)
        const own = settleMinute(minute, found, pricing.prices, { ...pricing.rules, ...devices }, trueUps)
        rows.push(...own)
        heldBack.push(
          ...heldBackOf(minute, held.get(minute) ?? [], pricing.prices, { ...pricing.rules, ...devices }),
        )
        const changed = changedSums(before.get(minute) ?? new Map(), sumsByWorkload(own))
        const why = repricing ? [repricingText(repricing)] : [...(this.#whys.get(minute) ?? [])]
        const { needsFees } = pricing.rules
        settlements.push({
          ...settlementOf(minute, settlement, pricing, changed.length > 0 ? why : undefined, nowMs()),
          ...missingOf(missingPrices(own, pricing.prices, needsFees)),
        })
        if (repricing && (before.has(minute) || repricing.decision))
          changes.push(...changed.map((c) => ({ repricing: repricing.id, minuteMs: minute, ...c })))
      }
    }
    await store.settle(minutes, rows, {
      settlements,
      changes,
      heldBack,
      ...(repricing ? { repricing } : {}),
    })
    if (!repricing) for (const minute of minutes) this.#whys.delete(minute)
    onSettled(minutes, rows, settlements)
    if (intervals > INTERVALS_AT_ONCE) this.#atOnce = Math.max(1, Math.floor(this.#atOnce / 2))
    else if (intervals < INTERVALS_AT_ONCE / 4) this.#atOnce = Math.min(MINUTES_AT_ONCE, this.#atOnce * 2)
  }

  /**
   * Holds records that their meter contradicts, but for those that a person accepted, whatever they had been held for.
   * @returns true where there are any, held now or before
   */
  async #hold(kept: ReadonlyMap<number, readonly AgentInterval[]>): Promise<boolean> {
    const { store, devices } = this.#o
    const found: HeldMark[] = []
    for (const [minute, records] of kept)
      found.push(...(await meterDoubts(minute, records, devices, this.#o)))
    const marks = await undecided(store, found)
    if (marks.length > 0) await store.hold(marks)
    return marks.length > 0
  }
}

const missingOf = (missing: Settlement['missing']): Pick<Settlement, 'missing'> =>
  missing && missing.length > 0 ? { missing } : {}
