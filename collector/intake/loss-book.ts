import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { Acts } from '../plugin/acts.ts'
import type { Loss } from '../plugin/audit-store.ts'
import type { HighWater, Store } from '../plugin/store.ts'
import { resetLoss } from './batch-loss.ts'

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
  readonly #resets: Acts

  constructor({
    store,
    log,
    nowMs,
  }: {
    store: Pick<Store, 'losses' | 'pruneLosses'>
    log: Log
    nowMs: () => number
  }) {
    this.#store = store
    this.#log = log
    this.#resets = new Acts(nowMs)
  }

  /** Newest first, from before this start too. */
  get newest(): readonly Loss[] {
    return this.#losses
  }

  async start(): Promise<void> {
    this.#losses = await this.#store.losses(KEPT)
    for (const loss of this.#losses) if (loss.kind === 'reset') this.#resets.after(loss)
    this.#prune()
  }

  /** How the book tells that a person puts an agent's numbers back. Its time is its key: no two resets have the same. */
  reset(agentId: string, before: HighWater | undefined, who: { by: string; reason: string }): Loss {
    return resetLoss(agentId, before, who, this.#resets.next().atMs)
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
