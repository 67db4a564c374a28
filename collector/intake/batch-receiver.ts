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
import type { AgentRateLimit } from './agent-rate-limit.ts'
import type { AgentBatch, BatchAnswer } from './batch-plan.ts'
import { BatchQueue, type QueuedBatch } from './batch-queue.ts'
import type { RecordWriter } from './record-writer.ts'

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

  constructor(options: {
    records: RecordWriter
    rateLimit: AgentRateLimit
    /** of messages in the queue */
    maxBytes: number
    nowMs: () => number
    log: Log
  }) {
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
    if (this.#queue.offer({ agentId, payload, from: { ...sender, receivedAtMs } })) return
    const answer = this.#records.resendAnswer(agentId)
    const allowance = this.#rateLimit.afterDrop(payload.byteLength, this.#queue.bytes)
    // an agent without a high-water mark gets no answer: it sends again by its own clock
    if (answer) sender.reply({ v: 1, ...answer, ...allowance, atMs: receivedAtMs })
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
      // decoding a batch takes milliseconds: let live messages and screens run in between
      await yieldToOthers()
    }
    const answers = await this.#records.takeAll(decoded.map((batch) => batch.delivery))
    const bytes = group.reduce((sum, { payload }) => sum + payload.byteLength, 0)
    this.#rateLimit.measured(bytes, performance.now() - startedMs)
    for (const [i, batch] of decoded.entries()) this.#acknowledge(batch, answers[i])
  }

  #acknowledge({ receivedAtMs, sentAtMs, reply }: DecodedBatch, answer: BatchAnswer | undefined): void {
    if (!answer) return
    const allowance = this.#rateLimit.allowance(this.#queue.bytes)
    // as in NTP, the middle between receipt and reply: the wait in the queue then looks like no clock offset
    const atMs = Math.round((receivedAtMs + this.#nowMs()) / 2)
    reply({ v: 1, ...answer, ...allowance, atMs, echoSentAtMs: sentAtMs })
  }
}

function decodeMessage({ agentId, payload, from }: QueuedBatch<Sender>): DecodedBatch | undefined {
  const message = decode(IntervalMessageSchema, payload)
  if (message.ok) {
    const { sentAtMs } = message.value
    return { ...from, sentAtMs, delivery: { agentId, batch: decodeIntervals(message.value) } }
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
