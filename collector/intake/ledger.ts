import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { AckMessage } from '../../protocol/status.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { Loss } from '../plugin/accounts.ts'
import { type Append, type HighWater, isRefused, type Quarantined, type Store } from '../plugin/store.ts'
import { recordFault } from './record-check.ts'

/** An agent's clock may run ahead of ours by this much before its records are put aside. */
const FUTURE_MS = 2 * MINUTE_MS
const LOSSES_KEPT = 200

export interface LedgerOptions {
  store: Store
  nowMs: () => number
  log: Log
  /** records older than this are put aside */
  retentionMs: number
  quarantine(entry: Quarantined): void
  /** records were stored that start in these minutes */
  onStored(minutes: ReadonlySet<number>): void
}

/** A batch of an agent as it came. */
export interface Delivery {
  agentId: string
  batch: IntervalBatch
  /**
   * Of a batch that can't be read: how many records it numbers, and why. They are passed over (their bytes are in quarantine),
   * so that the rest can come.
   */
  unreadable?: { records: number; reason: string }
}

/** What an agent is told: an acknowledgement without what only the sender knows. */
export type Answer = Omit<AckMessage, 'v' | 'creditRecords' | 'pauseMs' | 'atMs' | 'echoSentAtMs'>

interface Plan {
  delivery: Delivery
  answer: Answer
  /** absent where there is nothing new */
  append?: Append
  aside: Quarantined[]
}

/** The ledger plane: takes interval records exactly once, in the order of each agent, up to its high-water mark. */
export class Ledger {
  readonly #o: LedgerOptions
  #marks = new Map<string, HighWater>()
  #losses: Loss[] = []
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: LedgerOptions) {
    this.#o = options
  }

  /** What agents lost before we could take it, newest first, of all times (bounded). */
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

  /** What is known of an agent, for one whose batch could not be taken; undefined where that is nothing. */
  standing(agentId: string): Answer | undefined {
    const mark = this.#marks.get(agentId)
    return mark && { ...mark, resend: true }
  }

  /**
   * Takes batches of any agents in one transaction; resolves with the answer to each once the store has them. Undefined where
   * the store failed: the agent keeps its records and sends them again.
   */
  takeAll(deliveries: readonly Delivery[]): Promise<(Answer | undefined)[]> {
    const turn = this.#turn.then(() => this.#takeInTurn(deliveries))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #takeInTurn(deliveries: readonly Delivery[]): Promise<(Answer | undefined)[]> {
    const marks = new Map<string, HighWater>()
    const plans = deliveries.map((delivery) => {
      const { agentId } = delivery
      const plan = this.#plan(delivery, marks.get(agentId) ?? this.#marks.get(agentId))
      if (plan.append) marks.set(agentId, plan.append.mark)
      return plan
    })
    const failed = await this.#store(plans.filter((plan) => plan.append))
    return plans.map(({ delivery, answer }) => (failed.has(delivery.agentId) ? undefined : answer))
  }

  #plan(delivery: Delivery, mark: HighWater | undefined): Plan {
    const { agentId, batch, unreadable } = delivery
    const { epoch, firstSeq, oldestSeq } = batch
    const nothing = (answer: Answer): Plan => ({ delivery, answer, aside: [] })
    // an agent whose clock went back begins an epoch that looks older than what we have: tell it, it numbers anew
    if (mark && epoch < mark.epoch) return nothing({ ...mark })
    const known = mark?.epoch === epoch ? mark.seq : undefined
    const expected = Math.max((known ?? 0) + 1, oldestSeq)
    const lastSeq = firstSeq + (unreadable?.records ?? batch.intervals.length) - 1
    if (firstSeq > expected) return nothing({ epoch, seq: expected - 1, resend: true })
    if (lastSeq < expected) return nothing({ epoch, seq: Math.max(known ?? 0, lastSeq) })
    const next: HighWater = { epoch, seq: lastSeq }
    const { good, aside } = this.#sort(agentId, batch.intervals.slice(expected - firstSeq))
    const loss = this.#loss(agentId, batch, known, expected)
    const why =
      unreadable?.reason ??
      (aside.length > 0 ? `${aside.length} records are put aside: ${aside[0]?.reason}` : undefined)
    return {
      delivery,
      answer: { ...next, ...(why ? { quarantined: why.slice(0, 512) } : {}) },
      append: { agentId, mark: next, records: good, ...(loss ? { losses: [loss] } : {}) },
      aside,
    }
  }

  /** What went before this batch: the numbers that are missing, or, in a new epoch, what the agent says. */
  #loss(
    agentId: string,
    { epoch, firstSeq, gaps = [] }: IntervalBatch,
    known: number | undefined,
    expected: number,
  ): Loss | undefined {
    const told = firstSeq === expected ? gaps : []
    const records =
      known === undefined ? told.reduce((sum, gap) => sum + gap.records, 0) : expected - known - 1
    if (records <= 0) return undefined
    const loss: Loss = { agentId, epoch, seq: expected, records, atMs: this.#o.nowMs() }
    if (told.length === 0) return loss
    return {
      ...loss,
      fromMs: Math.min(...told.map((gap) => gap.fromMs)),
      toMs: Math.max(...told.map((gap) => gap.toMs)),
    }
  }

  /** Stores what was planned, and takes note of it. @returns the agents whose records could not be stored */
  async #store(plans: readonly Plan[]): Promise<ReadonlySet<string>> {
    const appends = plans.flatMap((plan) => plan.append ?? [])
    if (appends.length === 0) return new Set()
    try {
      await this.#o.store.appendAll(appends)
      this.#stored(plans)
      return new Set()
    } catch (error) {
      // one agent's bad record must not hold up the others
      if (isRefused(error)) return this.#storeOneByOne(plans)
      const agents = new Set(appends.map((append) => append.agentId))
      this.#o.log.error('records not stored; the agents keep them', {
        agents: agents.size,
        records: appends.reduce((sum, append) => sum + append.records.length, 0),
        reason: reasonOf(error),
      })
      return agents
    }
  }

  async #storeOneByOne(plans: readonly Plan[]): Promise<ReadonlySet<string>> {
    const { store, log } = this.#o
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
          failed.add(agentId)
          continue
        }
        log.error('the store refuses records; put aside', {
          agent: agentId,
          records: append.records.length,
          reason,
        })
        const aside = append.records.map((record) => this.#entry(agentId, record, reason))
        const without = { ...append, records: [] }
        await store.appendAll([without]).then(
          () => this.#stored([{ ...plan, append: without, aside: [...plan.aside, ...aside] }]),
          () => failed.add(agentId),
        )
      }
    }
    return failed
  }

  #stored(plans: readonly Plan[]): void {
    const minutes = new Set<number>()
    for (const { append, aside } of plans) {
      for (const entry of aside) this.#o.quarantine(entry)
      if (!append) continue
      this.#marks.set(append.agentId, append.mark)
      for (const r of append.records) minutes.add(minuteOf(r.startMs))
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

  #sort(agentId: string, records: readonly Interval[]): { good: Interval[]; aside: Quarantined[] } {
    const { nowMs, retentionMs } = this.#o
    const [oldest, newest] = [nowMs() - retentionMs, nowMs() + FUTURE_MS]
    const aside: Quarantined[] = []
    const timeFault = ({ startMs }: Interval) => {
      if (startMs >= oldest && startMs <= newest) return undefined
      const why = startMs > newest ? 'is from the future' : 'is older than the retention'
      return `the record's start ${new Date(startMs).toISOString()} ${why}; check the clock`
    }
    const good = records.filter((r) => {
      const reason = timeFault(r) ?? recordFault(r)
      if (reason === undefined) return true
      aside.push(this.#entry(agentId, r, reason))
      return false
    })
    return { good, aside }
  }

  #entry(agentId: string, record: Interval, reason: string): Quarantined {
    const payload = JSON.stringify(record)
    return { atMs: this.#o.nowMs(), agentId, topic: 'intervals', reason, payload }
  }
}
