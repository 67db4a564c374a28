import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { isRefused } from '../plugin/store.ts'
import { Steps } from './steps.ts'

const RETRY_MS = 5_000

/** Writes again what the collector still knows, whenever the database came back without its data. */
export class Refill {
  readonly #steps: readonly (() => unknown)[]
  readonly #log: Log
  readonly #stop = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(steps: readonly (() => unknown)[], log: Log) {
    this.#steps = steps
    this.#log = log
  }

  /** Begins, or begins once more behind what is in work. */
  begin(): void {
    this.#work = this.#work.then(() => this.#run())
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  /** What a retention of the database refuses is older than anything that it keeps: the rest of the step is done. */
  async #spared(step: () => unknown): Promise<void> {
    try {
      await step()
    } catch (error) {
      if (!isRefused(error)) throw error
      this.#log.warn('the database refuses a part of what it is filled with', { reason: reasonOf(error) })
    }
  }

  async #run(): Promise<void> {
    const steps = new Steps(this.#steps.map((step) => () => this.#spared(step)))
    while (!this.#stop.signal.aborted)
      try {
        await steps.run()
        this.#log.info('what the collector still knows is in the database again')
        return
      } catch (error) {
        this.#log.warn('database not filled again; will try on', { reason: reasonOf(error) })
        await pause(RETRY_MS, this.#stop.signal)
      }
  }
}
