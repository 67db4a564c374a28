import { reasonOf } from '../../protocol/kit/errors.ts'
import { NoAnswer, withDeadline } from '../../protocol/kit/retry.ts'

/** What does not answer is asked again after 5 s, then after twice as long each time. */
export const retryMs = (failures: number): number => Math.min(60_000, 5_000 * 2 ** Math.min(failures, 10))

/** Somebody who is asked for facts and may not answer: each question has a deadline, and after a failure he is left alone for a while. */
export class Source {
  readonly #name: string
  readonly #from: string
  readonly #timeoutMs: number
  readonly #nowMs: () => number
  #failures = 0
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #fault: string | undefined

  /** @param name what is asked for @param from who is asked */
  constructor(name: string, from: string, timeoutMs: number, nowMs: () => number) {
    this.#name = name
    this.#from = from
    this.#timeoutMs = timeoutMs
    this.#nowMs = nowMs
  }

  /** Why it could not be asked last, in one line; absent while it answers. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** The answer, or undefined where there is none. Never rejects. */
  async ask<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    if (signal.aborted || this.#nowMs() < this.#notBeforeMs) return undefined
    try {
      const answer = await withDeadline(work, this.#timeoutMs, signal)
      this.#failures = 0
      this.#fault = undefined
      return answer
    } catch (error) {
      // that nobody waits any more is not its fault
      if (signal.aborted) return undefined
      const advice = ` from ${this.#from}; check that it is well, or raise owners.timeout`
      this.#fault = `${this.#name}: ${reasonOf(error)}${error instanceof NoAnswer ? advice : ''}`.slice(
        0,
        256,
      )
      this.#notBeforeMs = this.#nowMs() + retryMs(this.#failures++)
      return undefined
    }
  }
}
