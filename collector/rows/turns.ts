import { PerwattError } from '../../protocol/kit/errors.ts'

/** More than this waiting means that the store does not keep up; the caller keeps its work and tries again. */
const MAX_WAITING = 1000

/** Lets one piece of work after another have something that only one may use. */
export class Turns {
  readonly #who: string
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** @param who begins the error that tells of too many waiting */
  constructor(who: string) {
    this.#who = who
  }

  take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING)
      return Promise.reject(
        new PerwattError(
          'store-unavailable',
          `${this.#who}: ${MAX_WAITING} requests wait already; it is slower than its collector, check its disk`,
        ),
      )
    this.#waiting++
    const turn = this.#last.then(work).finally(() => {
      this.#waiting--
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  /** Resolves when everything asked for until now is done. */
  async idle(): Promise<void> {
    await this.#last
  }
}
