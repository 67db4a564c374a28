import { reasonOf } from '../../protocol/kit/errors.ts'
import { chartSamples } from '../live/chart-samples.ts'
import type { SiteState } from '../live/state.ts'
import type { Store } from '../plugin/store.ts'
import type { Context } from './context.ts'

/** Stores samples for charts and prunes old ones, one write at a time: a slow store stores fewer. */
export class ChartKeeper {
  readonly #context: Context
  readonly #state: SiteState
  readonly #store: Store
  #sampledMs = 0
  #failing = false
  #storing: Promise<unknown> = Promise.resolve()

  constructor(context: Context, state: SiteState, store: Store) {
    this.#context = context
    this.#state = state
    this.#store = store
  }

  /** Stores a sample of each device that sent live data since the last call. Logs a failure and never throws. */
  keep(): void {
    const { nowMs, config, log } = this.#context
    const now = nowMs()
    const rows = chartSamples(this.#state, this.#sampledMs)
    this.#sampledMs = now
    this.#storing = this.#storing
      .then(() => this.#store.writeSamples(rows))
      .then(() => this.#store.prune(now - config.ledger.sampleRetention))
      .then(() => {
        this.#failing = false
      })
      .catch((error) => {
        if (!this.#failing)
          log.error('samples not stored; charts have a hole until the store answers', {
            samples: rows.length,
            reason: reasonOf(error),
          })
        this.#failing = true
      })
  }

  /** Resolves when the last write is done. */
  async stop(): Promise<void> {
    await this.#storing
  }
}
