import type { Quote, QuoteName } from '../../protocol/quote.ts'
import type { HeldPush } from './pushed-quotes.ts'
import type { KnownReading, Reading } from './quote-leaps.ts'

/** The last value of one source that is no push, and when it was known to hold. */
export interface ConfirmedPrice extends Reading {
  name: QuoteName
  source: string
  isTyped?: true
}

/** What is to be kept over a restart beside the present quotes. */
export interface PriceMemory {
  /** pushes that wait until a person accepts them */
  waiting: readonly HeldPush[]
  confirmed: readonly ConfirmedPrice[]
  /** quotes that the store does not have yet */
  unstored: readonly Quote[]
}

/**
 * What feeds said last and what is typed, by name and source. The book has none of it while a pushed price holds, and pushes are held against it:
 * it is to be kept over a restart.
 */
export class ConfirmedPrices {
  readonly #prices = new Map<string, ConfirmedPrice>()

  of(name: QuoteName): KnownReading[] {
    return this.all().flatMap(({ name: own, source: _, ...reading }) => (own === name ? [reading] : []))
  }

  has(name: QuoteName, source: string): boolean {
    return this.#prices.has(`${name}\n${source}`)
  }

  all(): ConfirmedPrice[] {
    return [...this.#prices.values()]
  }

  /** Takes the value where it is newer. A typed one that says the same as before is as old as it was: a restart is no confirmation. */
  note(price: ConfirmedPrice): void {
    const key = `${price.name}\n${price.source}`
    const known = this.#prices.get(key)
    if (known && (known.atMs > price.atMs || (price.isTyped && known.value === price.value))) return
    this.#prices.set(key, price)
  }
}
