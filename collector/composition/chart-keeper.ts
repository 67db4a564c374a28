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
  #storing: Promise<unknown> = Promise.resolve()

  constructor(context: Context, state: SiteState, store: Store) {
    this.#context = context
    this.#state = state
    this.#store = store
  }

  /** Stores a sample of each device that sent live data since the last call. Logs a failure and never throws. */
  keep(): void {
    const { nowMs, config, log, clocks } = this.#context
    const now = nowMs()
    const rows = chartSamples(this.#state, this.#sampledMs)
    this.#sampledMs = now
    this.#storing = this.#storing
      .then(() => this.#store.writeSamples(rows))
      // by a clock that agents or the newest record contradict, what is old is not known
      .then(() => (clocks.mayDelete ? this.#store.prune(now - config.ledger.sampleRetention) : undefined))
      .catch((error) => log.error('samples not stored', { samples: rows.length, reason: reasonOf(error) }))
  }

  /** Resolves when the last write is done. */
  async stop(): Promise<void> {
    await this.#storing
  }
}
