import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Loss } from '../plugin/audit-store.ts'
import { putBack } from '../plugin/mark-tally.ts'
import { type Append, type HighWater, isRefused, type Quarantined, type Store } from '../plugin/store.ts'
import {
  type AgentBatch,
  type BatchAnswer,
  type BatchPlan,
  type ClockDoubt,
  planBatch,
  quarantinedRecord,
  type RecordJudge,
} from './batch-plan.ts'
import { LossBook, type LossBookOptions } from './loss-book.ts'
import { storedBeside } from './overlap-state.ts'
import { OwnStarts } from './own-starts.ts'
import { Refusals } from './refusals.ts'
import { refusedLoss, storeGoodRecords } from './refused-records.ts'

/** The mark of an agent of which nothing is stored: no spool has this epoch, so it trims nothing. */
const NOTHING: HighWater = { epoch: 0, seq: 0 }
/** A store that took no record in this time and refuses one may refuse everything: the agents keep what they have. */
const REFUSES_ALL_MS = 10 * MINUTE_MS

export interface RecordWriterOptions extends LossBookOptions {
  store: Store
  /** records older than this are put aside */
  retentionMs: number
  /** whose clock may be wrong; absent: nobody's */
  clocks?: ClockDoubt
  quarantine(entry: Quarantined): void
  /** each may hold a record back for a person's decision */
  judges?: readonly RecordJudge[]
  /**
   * looks at what is about to be stored, all agents together, and gives it back with more holds; what it rejects comes again
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
  readonly #losses: LossBook
  readonly #refusals: Refusals
  readonly #starts: OwnStarts
  /** why the newest records of an agent are not stored, by agent */
  readonly #troubles = new Map<string, string>()
  #turn: Promise<unknown> = Promise.resolve()
  /** when the store took a record last */
  #tookMs = Number.NEGATIVE_INFINITY

  constructor(options: RecordWriterOptions) {
    this.#o = options
    this.#losses = new LossBook(options)
    this.#refusals = new Refusals(options)
    this.#starts = new OwnStarts(options.log)
  }

  /** The newest losses of all agents, newest first, from before this start too. */
  get losses(): readonly Loss[] {
    return this.#losses.newest
  }

  async start(): Promise<void> {
    this.#marks = await this.#o.store.highWaters()
    await this.#losses.start()
  }

  async stop(): Promise<void> {
    await this.#turn
  }

  /** How far an agent's records are stored; undefined where none is. */
  markOf(agentId: string): HighWater | undefined {
    return this.#marks.get(agentId)
  }

  /** Why the newest records of an agent could not be stored; undefined where they were. */
  trouble(agentId: string): string | undefined {
    return this.#troubles.get(agentId)
  }

  /** An acknowledgement of what is stored of an agent. */
  presentAnswer(agentId: string): BatchAnswer {
    const { epoch, seq, life } = this.#marks.get(agentId) ?? NOTHING
    return { epoch, seq, ...(life === undefined ? {} : { life }) }
  }

  /** The answer that asks an agent to send again from its mark; undefined where the agent has none yet. */
  resendAnswer(agentId: string): BatchAnswer | undefined {
    return this.#marks.has(agentId) ? { ...this.presentAnswer(agentId), resend: true } : undefined
  }

  /**
   * Writes batches of any agents in one transaction. Resolves, once they are stored, with the answer to each; undefined where the
   * store failed: the agent keeps its records and sends them again.
   */
  takeAll(deliveries: readonly AgentBatch[]): Promise<(BatchAnswer | undefined)[]> {
    return this.alone(() => this.#takeInTurn(deliveries))
  }

  async #takeInTurn(deliveries: readonly AgentBatch[]): Promise<(BatchAnswer | undefined)[]> {
    const { nowMs, retentionMs, judges = [], clocks } = this.#o
    const marks = new Map<string, HighWater>()
    const unread = new Set<string>()
    const plans: BatchPlan[] = []
    for (const delivery of deliveries) {
      const { agentId } = delivery
      const mark = marks.get(agentId) ?? this.#marks.get(agentId)
      const found = await this.#foundOf(delivery, mark, plans)
      if (!found) unread.add(agentId)
      if (!found || unread.has(agentId)) continue
      const plan = planBatch(delivery, mark, {
        nowMs: nowMs(),
        retentionMs,
        judges,
        ...found,
        clockInDoubt: clocks?.inDoubt(agentId) === true,
        collectorInDoubt: clocks?.isWrong === true,
      })
      if (plan.append) marks.set(agentId, plan.append.mark)
      this.#starts.note(plan, mark)
      if (plan.refused !== undefined) this.#refusals.note(agentId, plan.refused)
      plans.push(plan)
    }
    const failed = await this.#store(plans.filter((plan) => plan.append))
    this.#o.onJudged?.(failed)
    const answers = new Map(plans.map(({ delivery, answer }) => [delivery, answer]))
    return deliveries.map((delivery) => (failed.has(delivery.agentId) ? undefined : answers.get(delivery)))
  }

  /** What the store has, or is about to have, in the minutes of a batch, where that is needed; undefined where it can't be read. */
  async #foundOf(delivery: AgentBatch, mark: HighWater | undefined, plans: readonly BatchPlan[]) {
    const { store, nowMs } = this.#o
    const planned = () =>
      plans.flatMap((p) => (p.delivery.agentId === delivery.agentId && p.append?.records) || [])
    try {
      const stored = await storedBeside(store, delivery, mark, nowMs(), planned)
      return { stored, there: await this.#starts.beside(store, delivery, mark, planned) }
    } catch (error) {
      this.#oneNotStored(delivery, error)
      return undefined
    }
  }

  /**
   * Forgets under which numbers an agent's records are stored: the next batch is taken whatever its numbers, and its records are
   * compared with the stored ones. @throws PerwattError where the store fails
   */
  reset(agentId: string, { by, reason }: { by: string; reason: string }): Promise<Loss> {
    return this.alone(async () => {
      const { store } = this.#o
      const before = this.#marks.get(agentId)
      const loss = this.#losses.reset(agentId, before, { by, reason })
      const mark = putBack(before)
      await store.appendAll([{ agentId, mark, records: [], losses: [loss] }])
      this.#marks.set(agentId, mark)
      this.#refusals.delete(agentId)
      this.#losses.keep(loss)
      this.#o.log.warn('an agent’s numbers were put back', { agent: agentId, by, reason })
      return loss
    })
  }

  /** Whether the agent has ever sent a batch. */
  knows(agentId: string): boolean {
    return this.#marks.has(agentId)
  }

  /** The newest batch of each agent whose numbers can't be. */
  get refusals(): Refusals['byAgent'] {
    return this.#refusals.byAgent
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
    const plans = planned.map((plan, i) => ({ ...plan, append: this.#losses.told(arrived[i] as Append) }))
    try {
      await this.#o.store.appendAll(plans.map(({ append }) => append))
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
    const failed = new Set<string>()
    const refused = new Map<string, BatchPlan[]>()
    for (const plan of plans) {
      const { agentId } = plan.delivery
      const earlier = refused.get(agentId)
      if (earlier) earlier.push(plan)
      else if (!failed.has(agentId) && (await this.#storeOne(plan, failed)) === 'refused')
        refused.set(agentId, [plan])
    }
    // after the others: what they came to shows whether the store refuses a record, or everything
    for (const waiting of refused.values())
      for (const plan of waiting)
        if (!failed.has(plan.delivery.agentId)) await this.#storeSparing(plan, failed)
    return failed
  }

  async #storeOne(plan: BatchPlan, failed: Set<string>): Promise<'refused' | undefined> {
    const { append } = plan
    if (!append) return undefined
    try {
      await this.#o.store.appendAll([append])
      this.#stored([plan])
      return undefined
    } catch (error) {
      if (isRefused(error)) return 'refused'
      this.#oneNotStored(append, error, failed)
      return undefined
    }
  }

  /** A record that the store refuses is put aside, and everything else of its batch is stored. */
  async #storeSparing(plan: BatchPlan, failed: Set<string>): Promise<void> {
    const { store, log, nowMs } = this.#o
    const { append } = plan
    if (!append) return
    const { agentId } = append
    try {
      const meanwhile = this.#marks.get(agentId) ?? { ...append.mark, seq: 0 }
      const { good, refused } = await storeGoodRecords(store, append, meanwhile)
      if (good.records.length === 0 && refused.length > 0 && nowMs() - this.#tookMs > REFUSES_ALL_MS)
        throw new PerwattError('store-unavailable', `the store refuses every record: ${refused[0]?.reason}`)
      const missing = refusedLoss(good, refused, nowMs())
      const stored = missing ? { ...good, losses: [...(good.losses ?? []), missing] } : good
      await store.appendAll([stored])
      if (refused.length > 0)
        log.error('the store refuses records; put aside', {
          agent: agentId,
          records: refused.length,
          reason: refused[0]?.reason ?? '',
        })
      const aside = refused.map(({ record, reason }) => quarantinedRecord(agentId, record, reason, nowMs()))
      this.#stored([{ ...plan, append: stored, aside: [...plan.aside, ...aside] }])
    } catch (error) {
      this.#oneNotStored(append, error, failed)
    }
  }

  #oneNotStored({ agentId }: Pick<Append, 'agentId'>, error: unknown, failed?: Set<string>): void {
    this.#troubles.set(agentId, reasonOf(error))
    this.#o.log.error('records not stored; the agent keeps them', { agent: agentId, reason: reasonOf(error) })
    failed?.add(agentId)
  }

  #stored(plans: readonly BatchPlan[]): void {
    const minutes = new Set<number>()
    for (const { append, aside } of plans) {
      for (const entry of aside) this.#o.quarantine(entry)
      if (!append) continue
      this.#marks.set(append.agentId, append.mark)
      this.#troubles.delete(append.agentId)
      if (append.records.length > 0) this.#tookMs = this.#o.nowMs()
      for (const record of append.records) minutes.add(minuteOf(record.startMs))
      for (const loss of append.losses ?? []) this.#losses.note(loss)
    }
    this.#o.onStored(minutes)
  }
}
