import { HOUR_MS, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Store } from '../plugin/store.ts'
import type { DueMinutes } from './due-minutes.ts'
import type { Pricing } from './pricing.ts'

/** How far back a start looks for minutes that an earlier run left unsettled, at most. */
export const MONTH_MS = 31 * 24 * HOUR_MS

interface StandingOptions {
  store: Store
  pricing: Pricing
  retentionMs: number
}

/** Minutes that cost or earn without a record: contracts and demand charges count in them too. */
export class StandingMinutes {
  readonly #o: StandingOptions
  readonly #due: DueMinutes
  /** the newest that was queued; absent before the first time that the clock can be trusted */
  #newestMs: number | undefined

  constructor(options: StandingOptions, due: DueMinutes) {
    this.#o = options
    this.#due = due
  }

  get begun(): boolean {
    return this.#newestMs !== undefined
  }

  /** Queues those that an earlier run did not settle. Rejects where the store fails. @param now Unix ms, by a clock that can be trusted */
  async begin(now: number): Promise<void> {
    const { store, pricing, retentionMs } = this.#o
    // a start whose clock could not be trusted has not begun the present rules
    await pricing.start(store, now)
    const fromMs = minuteOf(Math.max(now - Math.min(retentionMs, MONTH_MS), pricing.firstMs))
    if (pricing.present.standing && fromMs < now) {
      const settled = new Set((await store.settlements(fromMs, now)).map((s) => s.minuteMs))
      for (let minute = fromMs; minute + MINUTE_MS <= now; minute += MINUTE_MS)
        if (!settled.has(minute)) this.#due.add(minute, now)
    }
    this.#newestMs = minuteOf(now) - MINUTE_MS
  }

  /** Queues those that are over since the last call. @param now Unix ms, by a clock that can be trusted */
  addNewest(now: number): void {
    if (!this.#o.pricing.present.standing) return
    const newestMs = minuteOf(now) - MINUTE_MS
    const knownMs = this.#newestMs ?? newestMs
    for (let minute = knownMs + MINUTE_MS; minute <= newestMs; minute += MINUTE_MS) this.#due.add(minute, 0)
    this.#newestMs = Math.max(knownMs, newestMs)
  }
}
