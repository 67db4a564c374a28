import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { Acts } from '../plugin/acts.ts'
import type { Loss } from '../plugin/audit-store.ts'
import type { Append, HighWater, Store } from '../plugin/store.ts'
import { resetLoss } from './batch-loss.ts'

/** Newest losses kept in memory for the screens. */
const KEPT = 200
/** Losses kept in the store of each agent: an agent with a full spool tells one a day, and forged batches as many as they like. */
const KEPT_EACH = 1_000
/** So often the store is rid of older ones, in losses. */
const BETWEEN = 500

/** Agents that the site does not know whose losses wait until it does, and losses of each. */
const MOST_STRANGERS = 100
const KEPT_OF_STRANGER = 20

export interface LossBookOptions {
  store: Pick<Store, 'losses' | 'pruneLosses'>
  nowMs: () => number
  log: Log
  /** whether the agent has ever told its devices; absent: all have */
  isKnown?(agentId: string): boolean
}

/** The newest losses of all agents, told as they come; the store keeps a bounded number of them. */
export class LossBook {
  readonly #o: LossBookOptions
  #losses: Loss[] = []
  #noted = 0
  readonly #resets: Acts
  /** by agent that the site does not know */
  readonly #strangers = new Map<string, Map<string, Loss>>()

  constructor(options: LossBookOptions) {
    this.#o = options
    this.#resets = new Acts(options.nowMs)
  }

  /** Newest first, from before this start too. */
  get newest(): readonly Loss[] {
    return this.#losses
  }

  async start(): Promise<void> {
    this.#losses = await this.#o.store.losses(KEPT)
    for (const loss of this.#losses) if (loss.kind === 'reset') this.#resets.after(loss)
    this.#prune()
  }

  /** How the book tells that a person puts an agent's numbers back. Its time is its key: no two resets have the same. */
  reset(agentId: string, before: HighWater | undefined, who: { by: string; reason: string }): Loss {
    return resetLoss(agentId, before, who, this.#resets.next().atMs)
  }

  /**
   * What is to be stored of an agent. Losses of one that has never told its devices stand on no statement: anybody may publish under any name. They
   * wait in memory, a bounded number of them, and are told with the first records after its devices.
   */
  told(append: Append): Append {
    const { agentId, losses = [] } = append
    const waiting = this.#strangers.get(agentId)
    if (this.#o.isKnown?.(agentId) ?? true)
      return waiting ? { ...append, losses: [...waiting.values(), ...losses] } : append
    if (losses.length === 0) return append
    const kept = new Map([...(waiting ?? []), ...losses.map((l) => [`${l.epoch} ${l.seq}`, l] as const)])
    this.#strangers.delete(agentId)
    this.#strangers.set(agentId, new Map([...kept].slice(-KEPT_OF_STRANGER)))
    for (const oldest of this.#strangers.keys())
      if (this.#strangers.size > MOST_STRANGERS) this.#strangers.delete(oldest)
    return { ...append, losses: [] }
  }

  /** Keeps a loss that is stored. */
  keep(loss: Loss): void {
    this.#losses = [loss, ...this.#losses].slice(0, KEPT)
  }

  /** Keeps and tells a loss that is stored. */
  note(loss: Loss): void {
    this.#strangers.delete(loss.agentId)
    this.keep(loss)
    if (++this.#noted % BETWEEN === 0) this.#prune()
    const why = loss.cause ?? 'its spool was full, or damaged'
    this.#o.log.error(`an agent lost records before they could be taken: ${why}`, {
      agent: loss.agentId,
      records: loss.records,
      ...(loss.fromMs === undefined ? {} : { from: new Date(loss.fromMs).toISOString() }),
      ...(loss.toMs === undefined ? {} : { to: new Date(loss.toMs).toISOString() }),
    })
  }

  #prune(): void {
    this.#o.store
      .pruneLosses(KEPT_EACH)
      .catch((error) =>
        this.#o.log.warn('old losses not removed; it is tried again', { reason: reasonOf(error) }),
      )
  }
}
