import { isStale, type Quote, type QuoteName } from '../../protocol/quote.ts'
import type { HeldBack } from './feed-state.ts'
import { lastIndexAtOrBefore } from './quote-book.ts'
import { type Beside, SourceWatch } from './source-watch.ts'

export const PUSHED = 'pushed by '
/** Pushed quotes kept for one name: more than a price list of a week in quarters of an hour. */
const MAX_PUSHED = 2_000

/** A pushed quote that waits until it is confirmed. */
interface HeldPush {
  quote: Quote
  held: HeldBack
}

/** Quotes that people and programs push. Each who pushes is a source: what leaps from his last value waits until it is confirmed. */
export class PushedQuotes {
  readonly #quotes = new Map<QuoteName, readonly Quote[]>()
  readonly #watches = new Map<string, SourceWatch>()
  readonly #held = new Map<QuoteName, HeldPush>()

  /** Those of a name, oldest first. */
  of(name: QuoteName): readonly Quote[] {
    return this.#quotes.get(name) ?? []
  }

  /** Continues with those among the quotes that a store has of a name. */
  recall(name: QuoteName, kept: readonly Quote[]): void {
    const own = kept.filter(isPushed)
    this.#quotes.set(name, own)
    for (const { source, value, fromMs } of own)
      this.#watches.set(keyOf(name, source), new SourceWatch(name, { value, atMs: fromMs }))
  }

  /** @returns what is held back of the quote; undefined where it may be added */
  judge(quote: Quote, beside: Beside, now: number): HeldBack | undefined {
    const { name, value, unit, source } = quote
    const doubt = this.#watchOf(quote).judge(value, now, beside)
    if (!doubt) {
      this.#held.delete(name)
      return undefined
    }
    const known = this.#held.get(name)?.held
    const sinceMs = known?.source === source ? known.sinceMs : now
    const held = { name, value, unit, source, sinceMs, ...doubt }
    this.#held.set(name, { quote, held })
    return held
  }

  /** A person says that the quote is right. */
  believe(quote: Quote, now: number): void {
    this.#watchOf(quote).believe({ value: quote.value, atMs: now })
    this.#held.delete(quote.name)
  }

  /** The quote of a name that waits, which does so no more; undefined where none does. */
  accept(name: QuoteName, by: string, now: number): Quote | undefined {
    const waiting = this.#held.get(name)?.quote
    if (!waiting) return undefined
    this.believe(waiting, now)
    return { ...waiting, source: `${waiting.source} (accepted by ${by})` }
  }

  /** @returns why it can't be kept; undefined where it is */
  add(quote: Quote, now: number): string | undefined {
    const { name, fromMs } = quote
    const others = this.of(name).filter((q) => q.fromMs !== fromMs)
    // drop past quotes that a later one has replaced
    const waiting = others.slice(Math.max(0, lastIndexAtOrBefore(others, now)))
    if (waiting.length >= MAX_PUSHED) return `${MAX_PUSHED} quotes of ${name} wait already; push fewer ahead`
    this.#quotes.set(
      name,
      [...waiting, quote].sort((a, b) => a.fromMs - b.fromMs),
    )
    return undefined
  }

  heldBack(): HeldBack[] {
    return [...this.#held.values()].map(({ held }) => held)
  }

  /** What is pushed of a name now, in use or held back, but for one source. */
  witnesses(name: QuoteName, now: number, but?: string): number[] {
    const fresh = this.of(name)
      .filter((q) => q.fromMs <= now && !isStale(q, now))
      .at(-1)
    const held = this.#held.get(name)?.quote
    return [fresh, held].flatMap((q) => (q && q.source !== but ? [q.value] : []))
  }

  #watchOf({ name, source }: Quote): SourceWatch {
    const key = keyOf(name, source)
    const watch = this.#watches.get(key) ?? new SourceWatch(name)
    this.#watches.set(key, watch)
    return watch
  }
}

export const isPushed = ({ source }: Quote): boolean => source.startsWith(PUSHED)
const keyOf = (name: QuoteName, source: string): string => `${name}\n${source}`
