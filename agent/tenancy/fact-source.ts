import { reasonOf } from '../../protocol/kit/errors.ts'
import { NoAnswer, withDeadline } from '../../protocol/kit/retry.ts'

/** Back-off after failures in a row: 5 s, then twice as long each time, up to a minute. */
export const retryMs = (failures: number): number => Math.min(60_000, 5_000 * 2 ** Math.min(failures, 10))

/** A source of facts about tenants. Each request has a deadline; after a failure the source is not asked again until its back-off ends. */
export class FactSource {
  readonly #name: string
  readonly #from: string
  readonly #timeoutMs: number
  readonly #nowMs: () => number
  #failures = 0
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #fault: string | undefined

  /** @param name the facts that it gives @param from its address; both are part of the fault text */
  constructor(name: string, from: string, timeoutMs: number, nowMs: () => number) {
    this.#name = name
    this.#from = from
    this.#timeoutMs = timeoutMs
    this.#nowMs = nowMs
  }

  /** Why the last request failed, in one line; absent while the source answers. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** The answer; undefined where the source fails or is in back-off. Never rejects. */
  async ask<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    if (signal.aborted || this.#nowMs() < this.#notBeforeMs) return undefined
    try {
      const answer = await withDeadline(work, this.#timeoutMs, signal)
      this.#failures = 0
      this.#fault = undefined
      return answer
    } catch (error) {
      // the caller gave up, which is no failure of the source
      if (signal.aborted) return undefined
      const advice = ` from ${this.#from}; check that it is up, or raise owners.timeout`
      this.#fault = `${this.#name}: ${reasonOf(error)}${error instanceof NoAnswer ? advice : ''}`.slice(
        0,
        256,
      )
      this.#notBeforeMs = this.#nowMs() + retryMs(this.#failures++)
      return undefined
    }
  }
}
