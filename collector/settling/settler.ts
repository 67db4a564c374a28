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
import { causesWith, LATE_RECORDS, repricingText } from './causes.ts'
import { changedSums } from './changed-sums.ts'
import { DueMinutes } from './due-minutes.ts'
import { heldBackOf, heldByMinute } from './held-back.ts'
import { meterDoubts } from './meter-doubts.ts'
import type { MinutePricing, Pricing } from './pricing.ts'
import { trueUpsOf } from './true-ups.ts'

const MINUTES_AT_ONCE = 30
/** A large site settles fewer minutes at once, so that about this many records are in memory. */
const INTERVALS_AT_ONCE = 50_000
/** A minute that the store refuses is tried again after this, or when a record of it comes. */
const REFUSED_WAIT_MS = HOUR_MS
/** Held records read for one piece of work: as many as there can be. */
const MOST_HELD = 10_000_000
const LOOK_EVERY_MS = 1_000
const MONTH_MS = 31 * 24 * HOUR_MS

export interface SettlerOptions {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  nowMs: () => number
  log: Log
  /** how long after its end a minute waits for its records; a later record settles it again */
  settleDelayMs: number
  /** how far back a start looks for minutes that an earlier run left unsettled, at most a month */
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
  #settled = 0
  /** minutes that are being settled */
  #working = 0
  #trouble: string | undefined
  /** the newest minute that was queued because it costs or earns without records */
  #newestStandingMs = 0

  constructor(options: SettlerOptions) {
    this.#o = options
    this.#due = new DueMinutes(options.nowMs, options.settleDelayMs)
  }

  /** Queues what an earlier run left unsettled, and settles what is due every second from now on. */
  async start(): Promise<void> {
    const { store, nowMs, retentionMs } = this.#o
    const now = nowMs()
    const since = minuteOf(now - Math.min(retentionMs, MONTH_MS))
    for (const minute of await store.unsettledMinutes(since, now + 2 * MINUTE_MS)) this.#due.add(minute, now)
    await this.#addUnsettledStanding(since)
    this.#newestStandingMs = minuteOf(now) - MINUTE_MS
    this.#timer = every(LOOK_EVERY_MS, () => {
      this.#addNewestStanding()
      void this.settleDue()
    })
  }

  /** Contracts and demand charges count in minutes without a record too: queues those that an earlier run did not settle. */
  async #addUnsettledStanding(sinceMs: number): Promise<void> {
    const { store, nowMs, pricing } = this.#o
    const now = nowMs()
    const fromMs = minuteOf(Math.max(sinceMs, pricing.firstMs))
    if (!pricing.present.standing || fromMs >= now) return
    const settled = new Set((await store.settlements(fromMs, now)).map((s) => s.minuteMs))
    for (let minute = fromMs; minute + MINUTE_MS <= now; minute += MINUTE_MS)
      if (!settled.has(minute)) this.#due.add(minute, now)
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

  /** What waits, how many minutes were settled since the start, and why the last try failed. */
  get progress(): { waiting: number; settled: number; trouble?: string } {
    const waiting = this.overdue + this.#working
    return {
      waiting,
      settled: this.#settled,
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
    }
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

  /** Settles what is due, newest first. Never rejects. */
  settleDue(): Promise<void> {
    return this.alone(async () => {
      const now = this.#o.nowMs()
      const due = this.#due.takeDue(this.#atOnce)
      if (due.length === 0) return
      this.#working = due.length
      try {
        await this.#settleByOwnRules(due)
      } catch (error) {
        if (isRefused(error)) return await this.#settleOneByOne(due)
        this.#trouble = reasonOf(error)
        for (const minute of due) this.#due.add(minute, now)
        this.#o.log.error('minutes not settled; will try again', {
          minutes: due.length,
          reason: reasonOf(error),
        })
      } finally {
        this.#working = 0
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
        this.#due.postpone(minute, isRefused(error) ? REFUSED_WAIT_MS : 0)
        this.#trouble = reasonOf(error)
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
    const { store, devices, onSettled } = this.#o
    const rows: LedgerRow[] = []
    const settlements: Settlement[] = []
    const changes: Change[] = []
    const heldBack: HeldBack[] = []
    let intervals = 0
    for (const [fromMs, toMs] of runsOf(minutes)) {
      const known = new Map((await store.settlements(fromMs, toMs)).map((s) => [s.minuteMs, s]))
      const mayChange = known.size > 0 || repricing !== undefined
      const before = mayChange
        ? await this.#figures(fromMs, toMs)
        : new Map<number, Map<string, LedgerSums>>()
      let counting = await store.intervals(fromMs, toMs)
      let kept = byMinute(counting)
      if (await this.#hold(kept)) {
        counting = await store.intervals(fromMs, toMs)
        kept = byMinute(counting)
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
          ...this.#settlement(minute, settlement, pricing, changed.length > 0 ? why : undefined),
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
    this.#settled += minutes.length
    this.#trouble = undefined
    onSettled(minutes, rows, settlements)
    if (intervals > INTERVALS_AT_ONCE) this.#atOnce = Math.max(1, Math.floor(this.#atOnce / 2))
    else if (intervals < INTERVALS_AT_ONCE / 4) this.#atOnce = Math.min(MINUTES_AT_ONCE, this.#atOnce * 2)
  }

  /** Holds records that their meter contradicts. @returns true where there are any, held now or before */
  async #hold(kept: ReadonlyMap<number, readonly AgentInterval[]>): Promise<boolean> {
    const marks: HeldMark[] = []
    for (const [minute, records] of kept)
      marks.push(...(await meterDoubts(minute, records, this.#o.devices, this.#o)))
    if (marks.length > 0) await this.#o.store.hold(marks)
    return marks.length > 0
  }

  #settlement(
    minuteMs: number,
    before: Settlement | undefined,
    { rules, prices }: MinutePricing,
    changed: readonly string[] | undefined,
  ): Settlement {
    const nowMs = this.#o.nowMs()
    const base = { minuteMs, rulesVersion: rules.version, quotes: Object.values(prices) }
    // revision 0: a repricing priced the minute before its records came
    if (!before) return { ...base, revision: changed ? 1 : 0, settledMs: nowMs }
    const causes = changed ? causesWith(before.causes, changed, nowMs) : before.causes
    return {
      ...base,
      revision: before.revision + (changed ? 1 : 0),
      settledMs: changed ? nowMs : before.settledMs,
      ...(causes && causes.length > 0 ? { causes } : {}),
    }
  }

  /** The ledger's stored sums, by minute and workload. */
  async #figures(fromMs: number, toMs: number): Promise<Map<number, Map<string, LedgerSums>>> {
    const buckets = await this.#o.store.ledger({ fromMs, toMs, stepMs: MINUTE_MS, groupBy: 'workload' })
    const figures = new Map<number, Map<string, LedgerSums>>()
    for (const { startMs, group, ...sums } of buckets) {
      const minute = figures.get(startMs) ?? new Map<string, LedgerSums>()
      figures.set(startMs, minute.set(group, sums))
    }
    return figures
  }
}

const missingOf = (missing: Settlement['missing']): Pick<Settlement, 'missing'> =>
  missing && missing.length > 0 ? { missing } : {}

function byMinute(intervals: readonly AgentInterval[]): Map<number, AgentInterval[]> {
  const minutes = new Map<number, AgentInterval[]>()
  for (const interval of intervals) {
    const minuteMs = minuteOf(interval.startMs)
    const minute = minutes.get(minuteMs)
    if (minute) minute.push(interval)
    else minutes.set(minuteMs, [interval])
  }
  return minutes
}
