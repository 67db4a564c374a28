import { setImmediate as breathe } from 'node:timers/promises'
import { decode } from '../../protocol/codec.ts'
import { decodeIntervals, IntervalEnvelopeSchema, IntervalMessageSchema } from '../../protocol/interval.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { AckMessage } from '../../protocol/status.ts'
import { Intake, type Waiting } from './intake.ts'
import type { Answer, Delivery, Ledger } from './ledger.ts'
import type { Pace } from './pace.ts'

/** Where a message came from. */
interface From {
  receivedAtMs: number
  reply: (ack: AckMessage) => void
  /** it can't be used, for this reason */
  refuse: (reason: string, payload: Uint8Array) => void
}

interface Read extends From {
  sentAtMs: number
  delivery: Delivery
}

/**
 * Takes the agents' interval messages: puts them in the queue, reads them when it is their turn, has the ledger store many at
 * once, and answers each with an acknowledgement that says how much more may come, and when.
 */
export class Receiver {
  readonly #ledger: Ledger
  readonly #pace: Pace
  readonly #nowMs: () => number
  readonly #intake: Intake<From>

  constructor(options: { ledger: Ledger; pace: Pace; maxBytes: number; nowMs: () => number; log: Log }) {
    this.#ledger = options.ledger
    this.#pace = options.pace
    this.#nowMs = options.nowMs
    this.#intake = new Intake({
      maxBytes: options.maxBytes,
      take: (group) => this.#take(group),
      log: options.log,
    })
  }

  /** Bytes that wait, and messages that found no room since the start. */
  get load(): { waitingBytes: number; droppedMessages: number } {
    return { waitingBytes: this.#intake.bytes, droppedMessages: this.#intake.dropped }
  }

  receive(agentId: string, payload: Uint8Array, from: Pick<From, 'reply' | 'refuse'>): void {
    const receivedAtMs = this.#nowMs()
    if (this.#intake.offer({ agentId, payload, from: { ...from, receivedAtMs } })) return
    const standing = this.#ledger.standing(agentId)
    const allowance = this.#pace.turnedAway(payload.byteLength, this.#intake.bytes)
    // an agent that is new here has to wait by its own clock
    if (standing) from.reply({ v: 1, ...standing, ...allowance, atMs: receivedAtMs })
  }

  /** Ends what is in hand. */
  stop(): Promise<void> {
    return this.#intake.stop()
  }

  async #take(group: readonly Waiting<From>[]): Promise<void> {
    const startedMs = performance.now()
    const read: Read[] = []
    for (const message of group) {
      const one = readMessage(message)
      if (one) read.push(one)
      // a batch takes milliseconds to read: the live plane and the screens come between
      await breathe()
    }
    const answers = await this.#ledger.takeAll(read.map((one) => one.delivery))
    const bytes = group.reduce((sum, { payload }) => sum + payload.byteLength, 0)
    this.#pace.worked(bytes, performance.now() - startedMs)
    for (const [i, one] of read.entries()) this.#acknowledge(one, answers[i])
  }

  #acknowledge({ receivedAtMs, sentAtMs, reply }: Read, answer: Answer | undefined): void {
    if (!answer) return
    const allowance = this.#pace.allowance(this.#intake.bytes)
    // as NTP: the middle of our part, so that the time that it waited here is no difference of clocks
    const atMs = Math.round((receivedAtMs + this.#nowMs()) / 2)
    reply({ v: 1, ...answer, ...allowance, atMs, echoSentAtMs: sentAtMs })
  }
}

function readMessage({ agentId, payload, from }: Waiting<From>): Read | undefined {
  const message = decode(IntervalMessageSchema, payload)
  if (message.ok) {
    const { sentAtMs } = message.value
    return { ...from, sentAtMs, delivery: { agentId, batch: decodeIntervals(message.value) } }
  }
  from.refuse(message.reason, payload)
  // what can't be read now will not be readable later: the agent may go on to the next
  const envelope = decode(IntervalEnvelopeSchema, payload)
  if (!envelope.ok) return undefined
  const { epoch, firstSeq, oldestSeq, gaps, sentAtMs, ids } = envelope.value
  const batch = { epoch, firstSeq, oldestSeq, ...(gaps ? { gaps } : {}), intervals: [] }
  const unreadable = { records: ids.length, reason: message.reason }
  return { ...from, sentAtMs, delivery: { agentId, batch, unreadable } }
}
