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
  pricing: Pick<Pricing, 'firstMs' | 'standingAt'>
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
    this.#cursorMs = minuteOf(now) + 3 * MINUTE_MS
    await this.#piece()
  }

  /** Whether older minutes may still be found. */
  get searching(): boolean {
    return this.#cursorMs === undefined || this.#cursorMs > this.#endMs
  }

  /** Searches for a part of a second, while few minutes wait. Never rejects. */
  look(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      const startedMs = performance.now()
      try {
        while (this.#mayGoOn && performance.now() - startedMs < SHARE_MS) await this.#piece()
        this.#failed = false
      } catch (error) {
        if (!this.#failed)
          this.#o.log.error('unsettled minutes not found; will try again', { reason: reasonOf(error) })
        this.#failed = true
      }
    })
    return this.#turn
  }

  get #mayGoOn(): boolean {
    return this.#cursorMs !== undefined && this.searching && this.#o.waiting() < MOST_WAITING
  }

  async #piece(): Promise<void> {
    const toMs = this.#cursorMs
    if (toMs === undefined || toMs <= this.#endMs) return
    const fromMs = Math.max(this.#endMs, toMs - PIECE_MS)
    const { store, add } = this.#o
    const found = new Set(await store.unsettledMinutes(fromMs, toMs))
    for (const minute of await this.#standing(fromMs, toMs)) found.add(minute)
    add([...found])
    // a new begin may have set it meanwhile
    if (this.#cursorMs === toMs) this.#cursorMs = fromMs
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
