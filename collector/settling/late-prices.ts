import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { every, type Timer } from '../../protocol/kit/timers.ts'
import type { QuoteName } from '../../protocol/quote.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Settlement } from '../plugin/audit-store.ts'
import type { Store } from '../plugin/store.ts'
import type { FilledTime } from '../prices/quote-book.ts'
import type { Pricing } from './pricing.ts'
import type { Settler } from './settler.ts'
import { UnpricedMinutes, type UnpricedTime } from './unpriced-minutes.ts'

const LOOK_EVERY_MS = 1_000
/** Settled minutes are searched in pieces of this length, newest first. */
const PIECE_MS = 6 * HOUR_MS
/** A start reads what lacks prices in pieces of this length. */
const READ_MS = 31 * 24 * HOUR_MS
/** More minutes than this wait for the settler: the next ones can wait here. */
const MOST_WAITING = 600

const LATE_PRICE = 'a price of that time came'

export interface LatePricesOptions {
  store: Pick<Store, 'unpriced' | 'settlements'>
  settler: Pick<Settler, 'note' | 'waiting'>
  pricing: Pick<Pricing, 'isKnown' | 'hasNews' | 'toldLate'>
  nowMs: () => number
  log: Log
  /** how far back a start looks for unpriced minutes */
  retentionMs: number
}

/** A filled time that is being gone through, from its end to its begin. */
interface Open extends FilledTime {
  cursorMs: number
}

/**
 * Knows which settled minutes lack a price, and has them settled again when a price of their time comes: pushed, in a list, or by a
 * feed that was not heard. So settling now or later gives the same ledger.
 */
export class LatePrices {
  readonly #o: LatePricesOptions
  readonly #unpriced = new UnpricedMinutes()
  readonly #open: Open[] = []
  #timer: Timer | undefined
  #turn: Promise<void> = Promise.resolve()
  #failed = false

  constructor(options: LatePricesOptions) {
    this.#o = options
  }

  /**
   * Reads which minutes lack prices, and looks for prices that an earlier run was told, and may not have settled all minutes with. Rejects
   * where the store fails.
   */
  async start(): Promise<void> {
    const { store, nowMs, retentionMs, pricing } = this.#o
    const toMs = minuteOf(nowMs()) + MINUTE_MS
    for (let fromMs = toMs - retentionMs; fromMs < toMs; fromMs += READ_MS)
      this.#unpriced.settled(await store.unpriced(Math.floor(fromMs), Math.min(toMs, fromMs + READ_MS)))
    for (const { name } of this.counts) this.note({ name, fromMs: 0, toMs })
    for (const filled of pricing.toldLate(toMs - retentionMs, nowMs())) this.note(filled)
    this.#timer ??= every(LOOK_EVERY_MS, () => void this.look())
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#turn
  }

  /** Minutes that lack a price, newest first. */
  get times(): UnpricedTime[] {
    return this.#unpriced.times
  }

  /** How many minutes lack each price. */
  get counts(): { name: QuoteName; minutes: number }[] {
    return this.#unpriced.counts
  }

  /** These minutes were settled. */
  settled(settlements: readonly Settlement[]): void {
    const { settler, pricing } = this.#o
    this.#unpriced.settled(settlements)
    // a price may have come while they were being stored
    const outdated = settlements.filter((settlement) => pricing.hasNews(settlement))
    if (outdated.length > 0)
      settler.note(
        outdated.map((s) => s.minuteMs),
        LATE_PRICE,
      )
  }

  /** Prices of a past time have come. */
  note(filled: FilledTime): void {
    this.#open.push({ ...filled, cursorMs: Math.min(filled.toMs, this.#o.nowMs()) })
  }

  /** Hands the next minutes that now have their prices to the settler, one piece of time at once. Never rejects. */
  look(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      const [open] = this.#open
      if (!open || this.#o.settler.waiting > MOST_WAITING) return
      try {
        const minutes = await this.#piece(open)
        if (minutes.length > 0) this.#o.settler.note(minutes, LATE_PRICE)
        if (open.cursorMs <= open.fromMs) this.#open.splice(this.#open.indexOf(open), 1)
        this.#failed = false
      } catch (error) {
        if (!this.#failed)
          this.#o.log.error('minutes with a late price not found; will try again', {
            reason: reasonOf(error),
          })
        this.#failed = true
      }
    })
    return this.#turn
  }

  /** The minutes of the newest piece that is not done, and moves on behind it. */
  async #piece(open: Open): Promise<number[]> {
    const { store, pricing } = this.#o
    const { name, replacedFromMs = Number.POSITIVE_INFINITY } = open
    // only where prices were replaced may any settled minute have another price now
    if (open.cursorMs <= replacedFromMs) {
      const newest = this.#unpriced.newestBefore(name, open.cursorMs)
      if (newest === undefined || newest + MINUTE_MS <= open.fromMs) {
        open.cursorMs = open.fromMs
        return []
      }
      open.cursorMs = newest + MINUTE_MS
    }
    const fromMs = Math.max(minuteOf(open.fromMs), minuteOf(open.cursorMs - PIECE_MS))
    const found = new Set<number>()
    for (
      let minute = this.#unpriced.newestBefore(name, open.cursorMs);
      minute !== undefined && minute >= fromMs;
      minute = this.#unpriced.newestBefore(name, minute)
    )
      if (pricing.isKnown(name, minute)) found.add(minute)
    if (open.cursorMs > replacedFromMs)
      for (const settlement of await store.settlements(fromMs, Math.ceil(open.cursorMs)))
        if (pricing.hasNews(settlement)) found.add(settlement.minuteMs)
    open.cursorMs = fromMs
    return [...found]
  }
}
