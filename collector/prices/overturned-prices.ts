import type { Log } from '../../protocol/kit/log.ts'
import { type QuoteName, unitOf } from '../../protocol/quote.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import type { HeldBack } from './held-back.ts'
import type { Overturned } from './source-watch.ts'

/** How long a value that was used, and was wrong, is told. */
const TOLD_MS = 24 * HOUR_MS

/** Values of one feed that were used and that steady readings have overturned since: a person is told which time to reprice. */
export class OverturnedPrices {
  readonly #feed: string
  readonly #log: Log
  /** by name, the last one */
  readonly #told = new Map<QuoteName, HeldBack & { usedFromMs: number }>()
  readonly #new = new Set<QuoteName>()

  constructor(feed: string, log: Log) {
    this.#feed = feed
    this.#log = log
  }

  note(name: QuoteName, wrong: Overturned | undefined, now: number): void {
    if (!wrong) return
    const { value, fromMs, by } = wrong
    const reason = `used though nothing confirmed it; ${by} readings since say otherwise`
    const told = { name, value, unit: unitOf(name), source: this.#feed, reason }
    this.#log.warn('a price that was used was wrong', told)
    this.#told.set(name, { ...told, usedFromMs: fromMs, sinceMs: now })
    this.#new.add(name)
  }

  /** The value that has just been overturned, told once. */
  take(name: QuoteName): { value: number; fromMs: number } | undefined {
    const wrong = this.#new.delete(name) ? this.#told.get(name) : undefined
    return wrong && { value: wrong.value, fromMs: wrong.usedFromMs }
  }

  /** Those of the last day. */
  told(now: number): HeldBack[] {
    return [...this.#told.values()].filter(({ sinceMs }) => now - sinceMs < TOLD_MS)
  }
}
