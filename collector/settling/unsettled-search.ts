import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Store } from '../plugin/store.ts'
import type { Pricing } from './pricing.ts'

/** Searched at once, newest first. */
const PIECE_MS = 24 * HOUR_MS
/** With more minutes than this in the queue, older ones can wait: they are searched when these are settled. */
const MOST_WAITING = 3_000
/** Searched at once, as a part of each second. */
const SHARE_MS = 250

export interface UnsettledSearchOptions {
  store: Pick<Store, 'unsettledMinutes' | 'settlements' | 'firstRecordMs'>
  pricing: Pick<Pricing, 'firstMs' | 'standingAt' | 'present'>
  nowMs: () => number
  log: Log
  /** how far back records and contracts count */
  retentionMs: () => number
  /** settle these */
  add(minutes: readonly number[]): void
  /** how many minutes wait to be settled */
  waiting: () => number
}

/**
 * Finds the minutes that an earlier run left unsettled, from now back to the end of the retention, piece by piece: minutes with
 * records that their ledger lacks, and minutes without any whose contracts pay or cost. So a ledger after a downtime of any length
 * becomes the one without it.
 */
export class UnsettledSearch {
  readonly #o: UnsettledSearchOptions
  /** everything from here on is searched; undefined before the begin */
  #cursorMs: number | undefined
  /** the newest minute that was queued because it costs or earns without records */
  #newestStandingMs = 0
  #endMs = 0
  #turn: Promise<void> = Promise.resolve()
  #failed = false

  constructor(options: UnsettledSearchOptions) {
    this.#o = options
  }

  /** Searches everything again, and the newest piece at once. Rejects where the store fails. */
  async begin(): Promise<void> {
    const { store, pricing, nowMs, retentionMs } = this.#o
    const now = nowMs()
    // a large store may not find it in time: then everything back to the end of the retention is searched
    const firstRecordMs = await store.firstRecordMs().catch(() => 0)
    const firstMs = Math.min(pricing.firstMs, firstRecordMs ?? Number.POSITIVE_INFINITY)
    this.#endMs = minuteOf(Math.min(now, Math.max(firstMs, now - retentionMs())))
    this.#cursorMs = await this.#piece(minuteOf(now) + 3 * MINUTE_MS)
    this.#newestStandingMs = minuteOf(now) - MINUTE_MS
  }

  /** What was found so far may be gone: everything is searched again from the next begin on. */
  beginLater(): void {
    this.#cursorMs = undefined
  }

  get begun(): boolean {
    return this.#cursorMs !== undefined
  }

  /** Whether older minutes may still be found. */
  get searching(): boolean {
    return this.#cursorMs === undefined || this.#cursorMs > this.#endMs
  }

  /**
   * Queues what counts without a record and is over since the last call, and searches for a part of a second, while few minutes wait.
   * Never rejects. @param now Unix ms, by a clock that can be trusted
   */
  look(now: number): Promise<void> {
    this.#addNewestStanding(now)
    this.#turn = this.#turn.then(async () => {
      const startedMs = performance.now()
      try {
        for (let toMs = this.#next; toMs !== undefined; toMs = this.#next) {
          const foundToMs = await this.#piece(toMs)
          // a new begin may have set it meanwhile
          if (this.#cursorMs === toMs) this.#cursorMs = foundToMs
          if (performance.now() - startedMs > SHARE_MS) break
        }
        this.#failed = false
      } catch (error) {
        if (!this.#failed)
          this.#o.log.error('unsettled minutes not found; will try again', { reason: reasonOf(error) })
        this.#failed = true
      }
    })
    return this.#turn
  }

  /** End of the piece that is searched next; undefined where none is, or where enough waits. */
  get #next(): number | undefined {
    return this.searching && this.#o.waiting() < MOST_WAITING ? this.#cursorMs : undefined
  }

  /** Contracts and demand charges count in minutes without a record too. */
  #addNewestStanding(now: number): void {
    const newestMs = minuteOf(now) - MINUTE_MS
    if (!this.begun || !this.#o.pricing.present.standing || newestMs <= this.#newestStandingMs) return
    const over: number[] = []
    for (let minute = this.#newestStandingMs + MINUTE_MS; minute <= newestMs; minute += MINUTE_MS)
      over.push(minute)
    this.#o.add(over)
    this.#newestStandingMs = newestMs
  }

  /** Searches the piece before a time. @returns its begin */
  async #piece(toMs: number): Promise<number> {
    const fromMs = Math.max(this.#endMs, toMs - PIECE_MS)
    const { store, add } = this.#o
    const found = new Set(await store.unsettledMinutes(fromMs, toMs))
    for (const minute of await this.#standing(fromMs, toMs)) found.add(minute)
    add([...found])
    return fromMs
  }

  /** Minutes whose contracts or demand charges count without a record, and that were never settled. */
  async #standing(fromMs: number, toMs: number): Promise<number[]> {
    const { store, pricing, nowMs } = this.#o
    const [firstMs, lastMs] = [Math.max(fromMs, minuteOf(pricing.firstMs)), Math.min(toMs, nowMs())]
    const due: number[] = []
    for (let minute = firstMs; minute + MINUTE_MS <= lastMs; minute += MINUTE_MS)
      if (pricing.standingAt(minute)) due.push(minute)
    if (due.length === 0) return []
    const settled = new Set((await store.settlements(firstMs, lastMs)).map((s) => s.minuteMs))
    return due.filter((minute) => !settled.has(minute))
  }
}
