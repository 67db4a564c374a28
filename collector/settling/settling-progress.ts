import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'

/** How settling gets on: what waits, what is done, and why the last try failed. */
export class SettlingProgress {
  readonly #log: Log
  #settled = 0
  #working = 0
  #failing = false
  /** why the last try failed; undefined: it did not */
  trouble: string | undefined

  constructor(log: Log) {
    this.#log = log
  }

  /** So many minutes are in work. */
  begin(minutes: number): void {
    this.#working = minutes
  }

  end(): void {
    this.#working = 0
  }

  settled(minutes: number): void {
    this.#settled += minutes
    this.trouble = undefined
  }

  /** The store takes and gives what it is asked. */
  well(): void {
    this.#failing = false
  }

  /** Logs the first of several failures. */
  failed(what: string, error: unknown, more: Record<string, number> = {}): void {
    this.trouble = reasonOf(error)
    if (!this.#failing) this.#log.error(what, { ...more, reason: this.trouble })
    this.#failing = true
  }

  /** @param overdue minutes that wait and are not in work */
  with(overdue: number): { waiting: number; settled: number; trouble?: string } {
    const { trouble } = this
    return {
      waiting: overdue + this.#working,
      settled: this.#settled,
      ...(trouble === undefined ? {} : { trouble }),
    }
  }
}
