import { PerwattError } from '../../protocol/kit/errors.ts'

/** With more than this waiting, the store does not keep up: the caller keeps its work and tries again. */
const MAX_WAITING = 1000

/** Runs one piece of work after another, for a resource that only one may use at a time. */
export class SerialQueue {
  readonly #who: string
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** @param who names the store at the begin of the error for too many waiting */
  constructor(who: string) {
    this.#who = who
  }

  /** Runs `work` after all that came before. @throws PerwattError `store-unavailable` where too many wait */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING)
      return Promise.reject(
        new PerwattError(
          'store-unavailable',
          `${this.#who}: ${MAX_WAITING} requests wait already; the store is slower than its collector, check its disk`,
        ),
      )
    this.#waiting++
    const turn = this.#last.then(work).finally(() => {
      this.#waiting--
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  /** Resolves when all work that was queued until now is done. */
  async idle(): Promise<void> {
    await this.#last
  }
}
