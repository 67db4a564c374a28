import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { minuteOf } from '../../protocol/units.ts'
import type { Loss } from '../plugin/audit-store.ts'
import { type Append, type HighWater, isRefused, type Quarantined, type Store } from '../plugin/store.ts'
import {
  type AgentBatch,
  type BatchAnswer,
  type BatchPlan,
  planBatch,
  quarantinedRecord,
  type RecordJudge,
} from './batch-plan.ts'

/** Newest losses kept in memory for the screens. */
const LOSSES_KEPT = 200

export interface RecordWriterOptions {
  store: Store
  nowMs: () => number
  log: Log
  /** records older than this are quarantined */
  retentionMs: number
  quarantine(entry: Quarantined): void
  /** each may hold a record back for a person's decision */
  judges?: readonly RecordJudge[]
  /**
   * looks at what is about to be stored, all agents together, and gives it back with more holds; what it rejects is not stored, and
   * comes again
   */
  arriving?(appends: readonly Append[]): Promise<readonly Append[]>
  /** called when the judged records are stored, but for those of the agents that failed: theirs come again */
  onJudged?(failed: ReadonlySet<string>): void
  /** called after each commit with the UTC minutes in which the stored records start */
  onStored(minutes: ReadonlySet<number>): void
}

/** Writes interval records with their agent's high-water mark: each record once, in the order of its agent. */
export class RecordWriter {
  readonly #o: RecordWriterOptions
  #marks = new Map<string, HighWater>()
  #losses: Loss[] = []
  /** why the newest records of an agent are not stored, by agent */
  readonly #troubles = new Map<string, string>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: RecordWriterOptions) {
    this.#o = options
  }

  /** The newest losses of all agents, newest first, from before this start too. */
  get losses(): readonly Loss[] {
    return this.#losses
  }

  async start(): Promise<void> {
    const { store } = this.#o
    this.#marks = await store.highWaters()
    this.#losses = await store.losses(LOSSES_KEPT)
  }

  async stop(): Promise<void> {
    await this.#turn
  }

  /** How far an agent's records are stored; undefined where none are. */
  mark(agentId: string): HighWater | undefined {
    return this.#marks.get(agentId)
  }

  /** Why the newest records of an agent could not be stored; undefined where they were. */
  trouble(agentId: string): string | undefined {
    return this.#troubles.get(agentId)
  }

  /** The answer that asks an agent to send again from its mark; undefined where the agent has none yet. */
  resendAnswer(agentId: string): BatchAnswer | undefined {
    const mark = this.#marks.get(agentId)
    return mark && { ...mark, resend: true }
  }

  /**
   * Writes batches of any agents in one transaction. Resolves, once they are stored, with the answer to each; undefined where the
   * store failed: the agent keeps its records and sends them again.
   */
  takeAll(deliveries: readonly AgentBatch[]): Promise<(BatchAnswer | undefined)[]> {
    return this.alone(() => this.#takeInTurn(deliveries))
  }

  async #takeInTurn(deliveries: readonly AgentBatch[]): Promise<(BatchAnswer | undefined)[]> {
    const { nowMs, retentionMs, judges = [] } = this.#o
    const marks = new Map<string, HighWater>()
    const plans = deliveries.map((delivery) => {
      const { agentId } = delivery
      const mark = marks.get(agentId) ?? this.#marks.get(agentId)
      const plan = planBatch(delivery, mark, { nowMs: nowMs(), retentionMs, judges })
      if (plan.append) marks.set(agentId, plan.append.mark)
      return plan
    })
    const failed = await this.#store(plans.filter((plan) => plan.append))
    this.#o.onJudged?.(failed)
    return plans.map(({ delivery, answer }) => (failed.has(delivery.agentId) ? undefined : answer))
  }

  /** Runs work while nothing is written. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** @returns the agents whose records could not be stored */
  async #store(planned: readonly BatchPlan[]): Promise<ReadonlySet<string>> {
    const appends = planned.flatMap((plan) => plan.append ?? [])
    if (appends.length === 0) return new Set()
    let arrived: readonly Append[]
    try {
      arrived = (await this.#o.arriving?.(appends)) ?? appends
    } catch (error) {
      return this.#notStored(appends, error)
    }
    const plans = planned.map((plan, i) => ({ ...plan, append: arrived[i] as Append }))
    try {
      await this.#o.store.appendAll(arrived)
      this.#stored(plans)
      return new Set()
    } catch (error) {
      // a record that the store refuses must not hold up the other agents
      return isRefused(error) ? this.#storeOneByOne(plans) : this.#notStored(appends, error)
    }
  }

  #notStored(appends: readonly Append[], error: unknown): ReadonlySet<string> {
    const agents = new Set(appends.map((append) => append.agentId))
    for (const agentId of agents) this.#troubles.set(agentId, reasonOf(error))
    this.#o.log.error('records not stored; the agents keep them', {
      agents: agents.size,
      records: appends.reduce((sum, append) => sum + append.records.length, 0),
      reason: reasonOf(error),
    })
    return agents
  }

  async #storeOneByOne(plans: readonly BatchPlan[]): Promise<ReadonlySet<string>> {
    const { store, log, nowMs } = this.#o
    const failed = new Set<string>()
    for (const plan of plans) {
      const { append } = plan
      if (!append || failed.has(append.agentId)) continue
      const { agentId } = append
      try {
        await store.appendAll([append])
        this.#stored([plan])
      } catch (error) {
        const reason = reasonOf(error)
        if (!isRefused(error)) {
          log.error('records not stored; the agent keeps them', { agent: agentId, reason })
          this.#troubles.set(agentId, reason)
          failed.add(agentId)
          continue
        }
        log.error('the store refuses records; put aside', {
          agent: agentId,
          records: append.records.length,
          reason,
        })
        const aside = append.records.map((record) => quarantinedRecord(agentId, record, reason, nowMs()))
        const without = { ...append, records: [], holds: [] }
        await store.appendAll([without]).then(
          () => this.#stored([{ ...plan, append: without, aside: [...plan.aside, ...aside] }]),
          (last) => {
            this.#troubles.set(agentId, reasonOf(last))
            failed.add(agentId)
          },
        )
      }
    }
    return failed
  }

  #stored(plans: readonly BatchPlan[]): void {
    const minutes = new Set<number>()
    for (const { append, aside } of plans) {
      for (const entry of aside) this.#o.quarantine(entry)
      if (!append) continue
      this.#marks.set(append.agentId, append.mark)
      this.#troubles.delete(append.agentId)
      for (const record of append.records) minutes.add(minuteOf(record.startMs))
      for (const loss of append.losses ?? []) this.#noteLoss(loss)
    }
    this.#o.onStored(minutes)
  }

  #noteLoss(loss: Loss): void {
    this.#losses = [loss, ...this.#losses].slice(0, LOSSES_KEPT)
    this.#o.log.error('an agent lost records before they could be taken: its spool was full, or damaged', {
      agent: loss.agentId,
      records: loss.records,
      ...(loss.fromMs === undefined ? {} : { from: new Date(loss.fromMs).toISOString() }),
      ...(loss.toMs === undefined ? {} : { to: new Date(loss.toMs).toISOString() }),
    })
  }
}
