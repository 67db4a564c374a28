import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { Loss } from '../plugin/audit-store.ts'
import type { Store } from '../plugin/store.ts'

/** Newest losses kept in memory for the screens. */
const KEPT = 200
/** Losses kept in the store of each agent: an agent with a full spool tells one a day, and forged batches as many as they like. */
const KEPT_EACH = 1_000
/** So often the store is rid of older ones, in losses. */
const BETWEEN = 500

/** The newest losses of all agents, told as they come; the store keeps a bounded number of them. */
export class LossBook {
  readonly #store: Pick<Store, 'losses' | 'pruneLosses'>
  readonly #log: Log
  #losses: Loss[] = []
  #noted = 0

  constructor(store: Pick<Store, 'losses' | 'pruneLosses'>, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** Newest first, from before this start too. */
  get newest(): readonly Loss[] {
    return this.#losses
  }

  async start(): Promise<void> {
    this.#losses = await this.#store.losses(KEPT)
    this.#prune()
  }

  /** Keeps a loss that is stored. */
  keep(loss: Loss): void {
    this.#losses = [loss, ...this.#losses].slice(0, KEPT)
  }

  /** Keeps and tells a loss that is stored. */
  note(loss: Loss): void {
    this.keep(loss)
    if (++this.#noted % BETWEEN === 0) this.#prune()
    const why = loss.cause ?? 'its spool was full, or damaged'
    this.#log.error(`an agent lost records before they could be taken: ${why}`, {
      agent: loss.agentId,
      records: loss.records,
      ...(loss.fromMs === undefined ? {} : { from: new Date(loss.fromMs).toISOString() }),
      ...(loss.toMs === undefined ? {} : { to: new Date(loss.toMs).toISOString() }),
    })
  }

  #prune(): void {
    this.#store
      .pruneLosses(KEPT_EACH)
      .catch((error) =>
        this.#log.warn('old losses not removed; it is tried again', { reason: reasonOf(error) }),
      )
  }
}
