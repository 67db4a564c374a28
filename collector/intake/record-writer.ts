import type { Interval } from '../../protocol/interval.ts'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
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
import { latestEpochAt } from './legal-numbers.ts'
import { neededSpans } from './overlap-state.ts'
import { type RefusedRecord, storeGoodRecords } from './refused-records.ts'

/** Newest losses kept in memory for the screens. */
const LOSSES_KEPT = 200
/** Losses kept in the store of each agent: an agent with a full spool tells one a day, and forged batches as many as they like. */
const LOSSES_KEPT_EACH = 1_000
/** So often the store is rid of older ones, in losses. */
const LOSSES_BETWEEN = 500
/** Agents whose refusals are kept; anybody may publish under any name. */
const REFUSALS_KEPT = 1_000
/** A batch of one agent seldom spans more than this. */
const SPAN_MS = 10 * MINUTE_MS
/** A store that took no record in this time and refuses one may refuse everything: the agents keep what they have. */
const REFUSES_ALL_MS = 10 * MINUTE_MS

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
  #lossesNoted = 0
  readonly #refusals = new Map<string, { reason: string; atMs: number }>()
  #turn: Promise<unknown> = Promise.resolve()
  /** when the store took a record last */
  #tookMs = Number.NEGATIVE_INFINITY

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
    this.#pruneLosses()
  }

  async stop(): Promise<void> {
    await this.#turn
  }

  /** The answer that asks an agent to send again from its mark; undefined where the agent has none yet. */
  resendAnswer(agentId: string): BatchAnswer | undefined {
    const mark = this.#marks.get(agentId)
    if (!mark) return undefined
    const { epoch, seq, life } = mark
    return { epoch, seq, ...(life === undefined ? {} : { life }), resend: true }
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
    const unread = new Set<string>()
    const plans: BatchPlan[] = []
    for (const delivery of deliveries) {
      const { agentId } = delivery
      const mark = marks.get(agentId) ?? this.#marks.get(agentId)
      const stored = await this.#storedOf(delivery, mark)
      if (!stored) unread.add(agentId)
      if (!stored || unread.has(agentId)) continue
      const plan = planBatch(delivery, mark, { nowMs: nowMs(), retentionMs, judges, stored })
      if (plan.append) marks.set(agentId, plan.append.mark)
      this.#noteRefusal(agentId, plan)
      plans.push(plan)
    }
    const failed = await this.#store(plans.filter((plan) => plan.append))
    this.#o.onJudged?.(failed)
    const answers = new Map(plans.map(({ delivery, answer }) => [delivery, answer]))
    return deliveries.map((delivery) => (failed.has(delivery.agentId) ? undefined : answers.get(delivery)))
  }

  /** The agent's records in the minutes of a batch, where another life of its spool may have stored some; undefined where that fails. */
  async #storedOf(
    { agentId, batch }: AgentBatch,
    mark: HighWater | undefined,
  ): Promise<Interval[] | undefined> {
    const stored: Interval[] = []
    try {
      for (const [fromMs, toMs] of neededSpans(batch, mark, this.#o.nowMs(), SPAN_MS))
        for (const { agentId: of, ...record } of await this.#o.store.intervals(fromMs, toMs))
          if (of === agentId) stored.push(record)
      return stored
    } catch (error) {
      this.#o.log.error('records not stored, because the earlier ones can’t be read; the agent keeps them', {
        agent: agentId,
        reason: reasonOf(error),
      })
      return undefined
    }
  }

  #noteRefusal(agentId: string, { refused }: BatchPlan): void {
    if (refused === undefined) return
    const isNew = !this.#refusals.has(agentId)
    if (isNew && this.#refusals.size >= REFUSALS_KEPT) return
    this.#refusals.set(agentId, { reason: refused, atMs: this.#o.nowMs() })
    if (isNew) this.#o.log.error('batch refused; nothing of it is taken', { agent: agentId, reason: refused })
  }

  /**
   * Forgets under which numbers an agent's records are stored: the next batch is taken whatever its numbers, and its records are
   * compared with the stored ones. @throws PerwattError where the store fails
   */
  reset(agentId: string, { by, reason }: { by: string; reason: string }): Promise<Loss> {
    return this.alone(async () => {
      const { store, nowMs } = this.#o
      const { newestMs, epoch = 0, seq = 0 } = this.#marks.get(agentId) ?? {}
      const atMs = nowMs()
      const cause = `its numbers were put back by ${by}: ${reason}; before: epoch ${epoch}, record ${seq}`
      const loss: Loss = {
        agentId,
        epoch: Math.min(epoch, latestEpochAt(atMs)),
        seq: atMs,
        records: 0,
        atMs,
        kind: 'reset',
        cause,
      }
      const mark: HighWater = { epoch: 0, seq: 0, ...(newestMs === undefined ? {} : { newestMs }) }
      await store.appendAll([{ agentId, mark, records: [], losses: [loss] }])
      this.#marks.set(agentId, mark)
      this.#refusals.delete(agentId)
      this.#keepLoss(loss)
      this.#o.log.warn('an agent’s numbers were put back', { agent: agentId, by, reason })
      return loss
    })
  }

  /** Whether the agent has ever sent a batch. */
  knows(agentId: string): boolean {
    return this.#marks.has(agentId)
  }

  /** The newest batch of each agent whose numbers can't be. */
  get refusals(): ReadonlyMap<string, { reason: string; atMs: number }> {
    return this.#refusals
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
      const { good, refused } = await storeGoodRecords(store, append)
      if (good.records.length === 0 && refused.length > 0 && nowMs() - this.#tookMs > REFUSES_ALL_MS)
        throw new PerwattError('store-unavailable', `the store refuses every record: ${refused[0]?.reason}`)
      const stored = { ...good, losses: lossesWith(good, refused, nowMs()) }
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

  #oneNotStored({ agentId }: Append, error: unknown, failed: Set<string>): void {
    this.#o.log.error('records not stored; the agent keeps them', { agent: agentId, reason: reasonOf(error) })
    failed.add(agentId)
  }

  #stored(plans: readonly BatchPlan[]): void {
    const minutes = new Set<number>()
    for (const { append, aside } of plans) {
      for (const entry of aside) this.#o.quarantine(entry)
      if (!append) continue
      this.#marks.set(append.agentId, append.mark)
      if (append.records.length > 0) this.#tookMs = this.#o.nowMs()
      for (const record of append.records) minutes.add(minuteOf(record.startMs))
      for (const loss of append.losses ?? []) this.#noteLoss(loss)
    }
    this.#o.onStored(minutes)
  }

  #pruneLosses(): void {
    const { store, log } = this.#o
    store
      .pruneLosses(LOSSES_KEPT_EACH)
      .catch((error) => log.warn('old losses not removed; it is tried again', { reason: reasonOf(error) }))
  }

  #keepLoss(loss: Loss): void {
    this.#losses = [loss, ...this.#losses].slice(0, LOSSES_KEPT)
  }

  #noteLoss(loss: Loss): void {
    this.#keepLoss(loss)
    if (++this.#lossesNoted % LOSSES_BETWEEN === 0) this.#pruneLosses()
    const why = loss.cause ?? 'its spool was full, or damaged'
    this.#o.log.error(`an agent lost records before they could be taken: ${why}`, {
      agent: loss.agentId,
      records: loss.records,
      ...(loss.fromMs === undefined ? {} : { from: new Date(loss.fromMs).toISOString() }),
      ...(loss.toMs === undefined ? {} : { to: new Date(loss.toMs).toISOString() }),
    })
  }
}

/** What the agent lost, and the records that the store refuses: they are missing from the ledger too. */
function lossesWith(
  { agentId, mark, losses = [] }: Append,
  refused: readonly RefusedRecord[],
  atMs: number,
): Loss[] {
  const [first] = refused
  if (!first) return [...losses]
  const starts = refused.map(({ record }) => record.startMs)
  const missing: Loss = {
    agentId,
    epoch: mark.epoch,
    seq: mark.seq + 1,
    records: refused.length,
    atMs,
    fromMs: starts.reduce((a, b) => Math.min(a, b)),
    toMs: starts.reduce((a, b) => Math.max(a, b)),
    cause: `the store refuses them: ${first.reason}`,
  }
  return [...losses, missing]
}
