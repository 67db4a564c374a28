import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { Quote } from '../../protocol/quote.ts'
import { isRefused, STANDS_BY, type Store } from '../plugin/store.ts'

/** Quotes that wait while the store fails: two months of a feed that is polled every five minutes. */
const MAX_WAITING = 20_000

/** Writes quotes to the store, one write at a time. What the store can't take waits and is tried again at the next flush. */
export class QuoteWriteQueue {
  readonly #store: Pick<Store, 'writeQuotes'>
  readonly #log: Log
  readonly #waiting = new Map<string, Quote>()
  #writing: Promise<void> | undefined
  #failed = false

  constructor(store: Pick<Store, 'writeQuotes'>, log: Log) {
    this.#store = store
    this.#log = log
  }

  add(quotes: readonly Quote[]): void {
    for (const quote of quotes) this.#waiting.set(`${quote.name}\n${quote.fromMs}`, quote)
    for (const key of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_WAITING) return
      this.#waiting.delete(key)
      this.#log.error('a quote is lost: too many wait for the store; check the store', {
        quote: key.split('\n')[0],
      })
    }
  }

  /** Quotes that the store does not have yet. */
  waiting(): Quote[] {
    return [...this.#waiting.values()]
  }

  /** Forgets what waits: another collector has stored prices of that time. */
  forget(): void {
    this.#waiting.clear()
  }

  /** Writes what waits, or joins the write that is running. Never rejects. */
  flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  async #write(): Promise<void> {
    const entries = [...this.#waiting]
    if (entries.length === 0) return
    try {
      await this.#store.writeQuotes(entries.map(([, quote]) => quote))
      for (const [key, quote] of entries) if (this.#waiting.get(key) === quote) this.#waiting.delete(key)
      if (this.#failed) this.#log.info('quotes are stored again', { quotes: entries.length })
      this.#failed = false
    } catch (error) {
      // another collector stores the prices of this time: months of them must not wait here
      const isAnothers = error instanceof PerwattError && error.code === STANDS_BY
      // the store has taken all others, and would refuse these again every second
      if (isAnothers || isRefused(error))
        for (const [key, quote] of entries) if (this.#waiting.get(key) === quote) this.#waiting.delete(key)
      if (isAnothers) return
      if (isRefused(error)) {
        this.#log.error('the store refuses quotes; they count until the next start', {
          reason: reasonOf(error),
        })
        return
      }
      if (!this.#failed)
        this.#log.error('quotes not stored; will try again', {
          quotes: entries.length,
          reason: reasonOf(error),
        })
      this.#failed = true
    }
  }
}
