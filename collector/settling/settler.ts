import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import {
  type AgentInterval,
  addSums,
  LEDGER_SUMS,
  type LedgerRow,
  type LedgerSums,
  sumsByWorkload,
  zeroSums,
} from '../economics/ledger-row.ts'
import { runsOf } from '../economics/minute-runs.ts'
import { settleMinute } from '../economics/settlement/ledger-rows.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { Change, Repricing, Settlement } from '../plugin/accounts.ts'
import { isRefused, type Store } from '../plugin/store.ts'
import type { MinuteTerms, Pricing } from './pricing.ts'

const MINUTES_AT_ONCE = 30
/** Minutes of a large site are settled fewer at once. */
const INTERVALS_AT_ONCE = 50_000
/** A minute that gets late records is settled again when none came for this long, and at the latest after the second. */
const LATE_QUIET_MS = 2_000
const LATE_WAIT_MS = 30_000
/** A minute that the store refuses is tried again this late, or when a record of it comes. */
const REFUSED_WAIT_MS = HOUR_MS
const MONTH_MS = 31 * 24 * HOUR_MS

export interface SettlerOptions {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  nowMs: () => number
  log: Log
  /** how long after its end a minute waits for its records; a later one restates it */
  settleDelayMs: number
  /** how far back it looks at its start for what an earlier life left */
  retentionMs: number
  onSettled(minutes: readonly number[], rows: readonly LedgerRow[], settlements: readonly Settlement[]): void
}

/**
 * Settles minutes when they are over and their records had their time, and again whenever a late record belongs to one, so
 * that the ledger after an outage equals the ledger without one. One piece of work at a time.
 */
export class Settler {
  readonly #o: SettlerOptions
  /** minutes whose ledger is not what their records say, with the time at which they are settled */
  readonly #dirty = new Map<number, { dueMs: number; latestMs: number }>()
  #turn: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #atOnce = MINUTES_AT_ONCE
  /** the newest minute that was noted because contracts are paid in it */
  #newestMs = 0

  constructor(options: SettlerOptions) {
    this.#o = options
  }

  /** Finds what an earlier life left unsettled, and looks every second from now on. */
  async start(): Promise<void> {
    const { store, nowMs, retentionMs } = this.#o
    const now = nowMs()
    const since = minuteOf(now - Math.min(retentionMs, MONTH_MS))
    for (const minute of await store.unsettledMinutes(since, now + 2 * MINUTE_MS)) this.#note(minute, now)
    await this.#noteStanding(since)
    this.#newestMs = minuteOf(now) - MINUTE_MS
    this.#timer = setInterval(() => {
      this.#noteNewest()
      void this.settleDue()
    }, 1000)
  }

  /** Contracts are paid in minutes without a record too: those that an earlier life did not settle. */
  async #noteStanding(sinceMs: number): Promise<void> {
    const { store, nowMs, pricing } = this.#o
    const now = nowMs()
    const fromMs = minuteOf(Math.max(sinceMs, pricing.firstMs))
    if (!pricing.present.standing || fromMs >= now) return
    const settled = new Set((await store.settlements(fromMs, now)).map((s) => s.minuteMs))
    for (let minute = fromMs; minute + MINUTE_MS <= now; minute += MINUTE_MS)
      if (!settled.has(minute)) this.#note(minute, now)
  }

  #noteNewest(): void {
    if (!this.#o.pricing.present.standing) return
    const newestMs = minuteOf(this.#o.nowMs()) - MINUTE_MS
    for (let minute = this.#newestMs + MINUTE_MS; minute <= newestMs; minute += MINUTE_MS)
      this.#note(minute, 0)
    this.#newestMs = Math.max(this.#newestMs, newestMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#turn
  }

  /** Minutes that are over and wait to be settled (again): how far the ledger is behind what the store has. */
  get overdue(): number {
    const { nowMs, settleDelayMs } = this.#o
    const end = nowMs() - MINUTE_MS - settleDelayMs
    return [...this.#dirty.keys()].filter((minute) => minute < end).length
  }

  /** How many minutes it takes at once: fewer on a large site. */
  get minutesAtOnce(): number {
    return this.#atOnce
  }

  /** Records came that start in these minutes. */
  note(minutes: Iterable<number>): void {
    const now = this.#o.nowMs()
    for (const minute of minutes) this.#note(minute, now + LATE_QUIET_MS)
  }

  /** Settles what is due, newest first: what is looked at most. Never rejects. */
  settleDue(): Promise<void> {
    return this.alone(async () => {
      const now = this.#o.nowMs()
      const due = [...this.#dirty]
        .filter(([, { dueMs }]) => dueMs <= now)
        .map(([minute]) => minute)
        .sort((a, b) => b - a)
        .slice(0, this.#atOnce)
      if (due.length === 0) return
      for (const minute of due) this.#dirty.delete(minute)
      try {
        await this.#settleByOwnTerms(due)
      } catch (error) {
        if (isRefused(error)) return this.#settleOneByOne(due)
        for (const minute of due) this.#note(minute, now)
        this.#o.log.error('minutes not settled; will try again', {
          minutes: due.length,
          reason: reasonOf(error),
        })
      }
    })
  }

  #settleByOwnTerms(minutes: readonly number[]): Promise<void> {
    return this.settle(minutes, (minute, settlement) => this.#o.pricing.of(minute, settlement))
  }

  /** A minute whose figures no store can hold must not hold up the others. */
  async #settleOneByOne(minutes: readonly number[]): Promise<void> {
    const { nowMs, log } = this.#o
    for (const minute of minutes)
      try {
        await this.#settleByOwnTerms([minute])
      } catch (error) {
        const waitMs = isRefused(error) ? REFUSED_WAIT_MS : 0
        this.#dirty.set(minute, { dueMs: nowMs() + waitMs, latestMs: nowMs() + waitMs })
        log.error('a minute can’t be settled; look at its records and prices, reprice corrects a price', {
          minute: new Date(minute).toISOString(),
          reason: reasonOf(error),
        })
      }
  }

  /** Runs work that settles when nothing else does. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Settles these minutes by the terms that are asked for; call it `alone`. What a repricing changes is kept with it. */
  async settle(
    minutes: readonly number[],
    termsOf: (minuteMs: number, settlement: Settlement | undefined) => MinuteTerms,
    repricing?: Repricing,
  ): Promise<void> {
    const { store, devices, onSettled } = this.#o
    const rows: LedgerRow[] = []
    const settlements: Settlement[] = []
    const changes: Change[] = []
    let intervals = 0
    for (const [fromMs, toMs] of runsOf(minutes)) {
      const known = new Map((await store.settlements(fromMs, toMs)).map((s) => [s.minuteMs, s]))
      const stood = known.size > 0 || repricing !== undefined
      const before = stood ? await this.#figures(fromMs, toMs) : new Map<number, Map<string, LedgerSums>>()
      const kept = byMinute(await store.intervals(fromMs, toMs))
      for (let minute = fromMs; minute < toMs; minute += MINUTE_MS) {
        const found = kept.get(minute) ?? []
        intervals += found.length
        const settlement = known.get(minute)
        const terms = termsOf(minute, settlement)
        const own = settleMinute(minute, found, terms.prices, { ...terms.rules, ...devices })
        rows.push(...own)
        const differences = differ(before.get(minute) ?? new Map(), sumsByWorkload(own))
        settlements.push(this.#settlement(minute, settlement, terms, differences.length > 0))
        if (repricing && before.has(minute))
          changes.push(...differences.map((d) => ({ repricing: repricing.id, minuteMs: minute, ...d })))
      }
    }
    await store.settle(minutes, rows, { settlements, changes, ...(repricing ? { repricing } : {}) })
    onSettled(minutes, rows, settlements)
    if (intervals > INTERVALS_AT_ONCE) this.#atOnce = Math.max(1, Math.floor(this.#atOnce / 2))
    else if (intervals < INTERVALS_AT_ONCE / 4) this.#atOnce = Math.min(MINUTES_AT_ONCE, this.#atOnce * 2)
  }

  #settlement(
    minuteMs: number,
    before: Settlement | undefined,
    { rules, prices }: MinuteTerms,
    changed: boolean,
  ): Settlement {
    const nowMs = this.#o.nowMs()
    const base = { minuteMs, terms: rules.version, quotes: Object.values(prices) }
    // 0: priced ahead of its records, by a repricing
    if (!before) return { ...base, revision: changed ? 1 : 0, settledMs: nowMs }
    return {
      ...base,
      revision: before.revision + (changed ? 1 : 0),
      settledMs: changed ? nowMs : before.settledMs,
    }
  }

  /** The ledger's sums as they stand, by minute and workload. */
  async #figures(fromMs: number, toMs: number): Promise<Map<number, Map<string, LedgerSums>>> {
    const buckets = await this.#o.store.ledger({ fromMs, toMs, stepMs: MINUTE_MS, groupBy: 'workload' })
    const figures = new Map<number, Map<string, LedgerSums>>()
    for (const { startMs, group, ...sums } of buckets) {
      const minute = figures.get(startMs) ?? new Map<string, LedgerSums>()
      figures.set(startMs, minute.set(group, sums))
    }
    return figures
  }

  #note(minute: number, lateDueMs: number): void {
    const { nowMs, settleDelayMs } = this.#o
    const now = nowMs()
    const firstDueMs = minute + MINUTE_MS + settleDelayMs
    const latestMs = this.#dirty.get(minute)?.latestMs ?? Math.max(firstDueMs, now + LATE_WAIT_MS)
    this.#dirty.set(minute, { dueMs: Math.min(latestMs, Math.max(firstDueMs, lateDueMs)), latestMs })
  }
}

function byMinute(intervals: readonly AgentInterval[]): Map<number, AgentInterval[]> {
  const minutes = new Map<number, AgentInterval[]>()
  for (const i of intervals) {
    const minute = minutes.get(minuteOf(i.startMs))
    if (minute) minute.push(i)
    else minutes.set(minuteOf(i.startMs), [i])
  }
  return minutes
}

/** The groups whose sums are not the same before and after. */
function differ(before: ReadonlyMap<string, LedgerSums>, after: ReadonlyMap<string, LedgerSums>) {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((group) => ({
      group,
      before: addSums(zeroSums(), before.get(group) ?? zeroSums()),
      after: addSums(zeroSums(), after.get(group) ?? zeroSums()),
    }))
    .filter((d) => LEDGER_SUMS.some((name) => d.before[name] !== d.after[name]))
}
