import { reasonOf } from '../../protocol/kit/errors.ts'
import { ThrottledError } from '../../protocol/kit/http/refusals.ts'
import { NoAnswer } from '../../protocol/kit/retry.ts'
import type { PoolDomains } from '../economics/settlement/pool-places.ts'
import type { PoolSession, WorkerCredit } from '../plugin/pool.ts'
import type { Missing } from './missing-figures.ts'
import type { WorkerReaders } from './true-up-keeper.ts'

/** The lists of workers of one poll: the last 24 h are asked for once at most, and what is not answered is noted. */
export class WorkerLists {
  readonly readers: WorkerReaders
  readonly #missing: Missing
  #throttled: ThrottledError | undefined
  #lastDay: WorkerCredit[] | undefined

  /** @param domains of the pool's mining hosts, and of other pools' */
  constructor(session: PoolSession, missing: Missing, domains?: PoolDomains) {
    this.#missing = missing
    const { workers, workersOfDay } = session
    this.readers = {
      domains,
      lastDay:
        workers &&
        (async (signal) => {
          this.#lastDay ??= await this.#noted(signal, () => workers.call(session, signal))
          return this.#lastDay
        }),
      ofDay:
        workersOfDay &&
        ((dayMs, signal) => this.#noted(signal, () => workersOfDay.call(session, dayMs, signal))),
    }
  }

  /** For how long the pool wants no request, ms; 0 where it names no time. */
  get retryAfterMs(): number {
    return this.#throttled?.retryAfterMs ?? 0
  }

  async #noted(signal: AbortSignal, read: () => Promise<WorkerCredit[]>): Promise<WorkerCredit[]> {
    try {
      if (this.#throttled) throw this.#throttled
      const credits = await read()
      this.#missing.note('workers', [])
      return credits
    } catch (error) {
      if (error instanceof ThrottledError) this.#throttled = error
      // a stop is no fault of the pool, and a deadline is
      if (!signal.aborted || signal.reason instanceof NoAnswer)
        this.#missing.note('workers', [{ figures: 'credits of its workers', reason: reasonOf(error) }])
      throw error
    }
  }
}
