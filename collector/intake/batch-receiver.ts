import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { decode } from '../../protocol/codec.ts'
import {
  decodeIntervals,
  IntervalEnvelopeSchema,
  IntervalMessageSchema,
  numbersOf,
} from '../../protocol/interval.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { AckMessage } from '../../protocol/status.ts'
import type { HighWater } from '../plugin/store.ts'
import type { AgentRateLimit } from './agent-rate-limit.ts'
import type { AgentBatch, BatchAnswer } from './batch-plan.ts'
import { BatchQueue, type QueuedBatch } from './batch-queue.ts'
import type { RecordWriter } from './record-writer.ts'
import type { UnknownQuantitiesBook } from './unknown-quantities.ts'

const REASON_CHARS = 512
/** No spool has this epoch: an agent that is told so trims nothing. */
const NOTHING_KNOWN = { epoch: 0, seq: 0 }
const NOT_TAKEN = 'the collector does not take them; look at its log'
const UNREADABLE = 'its message can’t be read; see /api/v1/quarantine'

/** What became of an agent's message. */
export type BatchOutcome =
  | { kind: 'stored' }
  /** all of its records were stored before */
  | { kind: 'repeated' }
  | { kind: 'failed'; reason: string }
  /** records before it did not come */
  | { kind: 'gap' }
  | { kind: 'earlier-epoch'; sent: number; known: number }
  /** its numbers can't be an honest agent's, or the mark's can't */
  | { kind: 'refused'; reason: string }
  /** it has no records: it asks for the time */
  | { kind: 'asked' }
  | { kind: 'unreadable'; reason: string }
  /** they are left to the agent, which sends them again */
  | { kind: 'kept'; reason: string }
  /** the queue was full: the agent waits for its turn */
  | { kind: 'told-to-wait'; pauseMs: number }

/** How the sender of a message is answered. */
interface Sender {
  receivedAtMs: number
  reply: (ack: AckMessage) => void
  /** the message can't be used, for this reason */
  refuse: (reason: string, payload: Uint8Array) => void
}

interface DecodedBatch extends Sender {
  sentAtMs: number
  delivery: AgentBatch
}

/**
 * Receives the agents' interval messages: queues them, decodes them in their turn, has many written in one transaction, and
 * answers each with an acknowledgement that says how much more may come, and when.
 */
export class BatchReceiver {
  readonly #records: RecordWriter
  readonly #rateLimit: AgentRateLimit
  readonly #nowMs: () => number
  readonly #queue: BatchQueue<Sender>
  readonly #arrived: (agentId: string) => void
  readonly #became: (agentId: string, outcome: BatchOutcome) => void
  readonly #answered: (waitedMs: number) => void
  readonly #isClockWrong: (agentId: string) => boolean
  readonly #unknown: Pick<UnknownQuantitiesBook, 'note'> | undefined

  constructor(options: {
    records: RecordWriter
    rateLimit: AgentRateLimit
    /** of messages in the queue */
    maxBytes: number
    nowMs: () => number
    log: Log
    /** told of each message that comes and is dealt with in its turn */
    onArrival?: (agentId: string) => void
    /** told of each message */
    onOutcome?: (agentId: string, outcome: BatchOutcome) => void
    /** told how long each message in its turn has waited for its answer, ms of the wall clock */
    onAnswered?: (waitedMs: number) => void
    /** counts what is stored and has no name here */
    unknown?: Pick<UnknownQuantitiesBook, 'note'>
    /** whether most clocks agree with the collector's, and not with this agent's */
    isClockWrong?: (agentId: string) => boolean
  }) {
    this.#isClockWrong = options.isClockWrong ?? (() => false)
    this.#unknown = options.unknown
    this.#arrived = options.onArrival ?? (() => undefined)
    this.#became = options.onOutcome ?? (() => undefined)
    this.#answered = options.onAnswered ?? (() => undefined)
    this.#records = options.records
    this.#rateLimit = options.rateLimit
    this.#nowMs = options.nowMs
    this.#queue = new BatchQueue({
      maxBytes: options.maxBytes,
      take: (group) => this.#take(group),
      log: options.log,
    })
  }

  /** Bytes in the queue, and messages dropped since the start because it was full. */
  get load(): { waitingBytes: number; droppedMessages: number } {
    return { waitingBytes: this.#queue.bytes, droppedMessages: this.#queue.dropped }
  }

  receive(agentId: string, payload: Uint8Array, sender: Pick<Sender, 'reply' | 'refuse'>): void {
    const receivedAtMs = this.#nowMs()
    if (this.#queue.offer({ agentId, payload, from: { ...sender, receivedAtMs } })) {
      this.#arrived(agentId)
      return
    }
    // an agent of which nothing is stored waits for its turn too
    const answer = this.#records.resendAnswer(agentId) ?? NOTHING_KNOWN
    const allowance = this.#rateLimit.afterDrop(payload.byteLength, this.#queue.bytes)
    this.#became(agentId, { kind: 'told-to-wait', pauseMs: allowance.pauseMs ?? 0 })
    sender.reply({ v: 1, ...answer, ...allowance, atMs: receivedAtMs })
  }

  /** An acknowledgement of what the store has of an agent. */
  present(agentId: string): AckMessage {
    const answer = this.#records.presentAnswer(agentId)
    return { v: 1, ...answer, ...this.#rateLimit.allowance(this.#queue.bytes), atMs: this.#nowMs() }
  }

  /** An acknowledgement of nothing: what is stored of an agent is not known now. */
  presentUnknown(): AckMessage {
    return { v: 1, ...NOTHING_KNOWN, ...this.#rateLimit.allowance(this.#queue.bytes), atMs: this.#nowMs() }
  }

  /** Leaves a message to its agent, and tells it why; what is stored of the agent is not known now. */
  leave(reason: string, agentId: string, payload: Uint8Array, sender: Omit<Sender, 'receivedAtMs'>): void {
    const atMs = this.#nowMs()
    const envelope = decode(IntervalEnvelopeSchema, payload)
    if (!envelope.ok) return
    this.#became(agentId, { kind: 'failed', reason })
    const answer = { ...NOTHING_KNOWN, notStored: reason }
    const allowance = this.#rateLimit.allowance(this.#queue.bytes)
    sender.reply({ v: 1, ...answer, ...allowance, atMs, echoSentAtMs: envelope.value.sentAtMs })
  }

  /** Resolves when the messages in work are written; the queue is dropped. */
  stop(): Promise<void> {
    return this.#queue.stop()
  }

  async #take(group: readonly QueuedBatch<Sender>[]): Promise<void> {
    const startedMs = performance.now()
    const decoded: DecodedBatch[] = []
    for (const message of group) {
      const batch = decodeMessage(message)
      if (batch) decoded.push(batch)
      else this.#became(message.agentId, { kind: 'unreadable', reason: UNREADABLE })
      // decoding a batch takes milliseconds: let live messages and screens run in between
      await yieldToOthers()
    }
    const before = new Map(
      decoded.map(({ delivery: { agentId } }) => [agentId, this.#records.markOf(agentId)]),
    )
    const answers = await this.#records.takeAll(decoded.map((batch) => batch.delivery))
    const bytes = group.reduce((sum, { payload }) => sum + payload.byteLength, 0)
    this.#rateLimit.measured(bytes, performance.now() - startedMs)
    for (const [i, batch] of decoded.entries()) {
      const { delivery } = batch
      const outcome = this.#outcome(delivery, answers[i], before.get(delivery.agentId))
      if (outcome.kind === 'stored') this.#unknown?.note(delivery.agentId, delivery.batch.intervals)
      this.#became(delivery.agentId, outcome)
      this.#acknowledge(batch, answers[i])
    }
  }

  #outcome(
    { agentId, batch, unreadable }: AgentBatch,
    answer: BatchAnswer | undefined,
    before: HighWater | undefined,
  ): BatchOutcome {
    if (!answer) return { kind: 'failed', reason: this.#records.trouble(agentId) ?? 'the store failed' }
    if (answer.latestEpoch !== undefined)
      return { kind: 'refused', reason: this.#records.refusals.get(agentId)?.reason ?? NOT_TAKEN }
    if (answer.epoch > batch.epoch) return { kind: 'earlier-epoch', sent: batch.epoch, known: answer.epoch }
    if (batch.intervals.length === 0 && !unreadable) return { kind: 'asked' }
    if (answer.resend) return { kind: 'gap' }
    const lastSeq = batch.firstSeq + batch.intervals.length - 1
    const kept = answer.held ?? (lastSeq > answer.seq ? NOT_TAKEN : undefined)
    if (kept !== undefined) return { kind: 'kept', reason: kept }
    const moved = before?.epoch !== answer.epoch || answer.seq > before.seq
    return { kind: moved ? 'stored' : 'repeated' }
  }

  #acknowledge(
    { delivery, receivedAtMs, sentAtMs, reply }: DecodedBatch,
    stored: BatchAnswer | undefined,
  ): void {
    const { agentId } = delivery
    const notStored = (this.#records.trouble(agentId) ?? 'the store failed').slice(0, REASON_CHARS)
    const answer = stored ?? { ...this.#records.presentAnswer(agentId), notStored }
    const allowance = this.#rateLimit.allowance(this.#queue.bytes)
    // as in NTP, the middle between receipt and reply: the wait in the queue then looks like no clock offset
    const now = this.#nowMs()
    const atMs = Math.round((receivedAtMs + now) / 2)
    this.#answered(Math.max(0, now - receivedAtMs))
    const clock = this.#isClockWrong(agentId) ? { clockIsWrong: true } : {}
    reply({ v: 1, ...answer, ...allowance, ...clock, atMs, echoSentAtMs: sentAtMs })
  }
}

function decodeMessage({ agentId, payload, from }: QueuedBatch<Sender>): DecodedBatch | undefined {
  const message = decode(IntervalMessageSchema, payload)
  if (message.ok) {
    const { sentAtMs } = message.value
    return { ...from, sentAtMs, delivery: { agentId, batch: decodeIntervals(message.value), sentAtMs } }
  }
  from.refuse(message.reason, payload)
  // sending the same bytes again would not help: the agent may go on to the next batch
  const envelope = decode(IntervalEnvelopeSchema, payload)
  if (!envelope.ok) return undefined
  const { sentAtMs, ids } = envelope.value
  const batch = { ...numbersOf(envelope.value), intervals: [] }
  const unreadable = { records: ids.length, reason: message.reason }
  return { ...from, sentAtMs, delivery: { agentId, batch, unreadable } }
}
