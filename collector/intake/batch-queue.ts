import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'

/** About 20,000 records, which the store takes in one transaction. */
const GROUP_BYTES = 2 * 2 ** 20
/** The most that one agent may have in the queue: one full credit. An agent that ignores its credit fills its own share only. */
const AGENT_BYTES = 4 * 2 ** 20

/** A message as it was received, with what its answer needs. */
export interface QueuedBatch<T> {
  agentId: string
  payload: Uint8Array
  from: T
}

interface AgentQueue<T> {
  bytes: number
  messages: QueuedBatch<T>[]
}

/**
 * Bounded queue of interval messages between the broker and the store. Messages stay undecoded, so ten thousand agents at once
 * cost at most `maxBytes` of memory and never delay the live figures. The messages of one agent stay in order; the agents take
 * turns.
 */
export class BatchQueue<T> {
  readonly #maxBytes: number
  readonly #take: (group: readonly QueuedBatch<T>[]) => Promise<void>
  readonly #log: Log
  readonly #queues = new Map<string, AgentQueue<T>>()
  #bytes = 0
  #dropped = 0
  #working: Promise<void> | undefined
  #ended = false

  constructor(options: {
    maxBytes: number
    /** stores a group of messages, at most a few thousand records of each agent; may reject */
    take: (group: readonly QueuedBatch<T>[]) => Promise<void>
    log: Log
  }) {
    this.#maxBytes = options.maxBytes
    this.#take = options.take
    this.#log = options.log
  }

  /** Bytes of the messages that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Messages dropped since the start because the queue was full. Their agents send them again. */
  get dropped(): number {
    return this.#dropped
  }

  /** @returns false where the queue is full: the message is dropped */
  offer({ agentId, payload, from }: QueuedBatch<T>): boolean {
    const queue = this.#queues.get(agentId) ?? { bytes: 0, messages: [] }
    const size = payload.byteLength
    if (this.#ended || this.#bytes + size > this.#maxBytes || queue.bytes + size > AGENT_BYTES) {
      if (this.#dropped++ === 0)
        this.#log.warn('records come faster than they can be stored; the agents keep them and wait', {
          waitingBytes: this.#bytes,
        })
      return false
    }
    // a copy: the socket's buffer is part of a larger one, which would stay in memory
    queue.messages.push({ agentId, payload: Uint8Array.from(payload), from })
    queue.bytes += size
    this.#bytes += size
    this.#queues.set(agentId, queue)
    this.#working ??= this.#work()
    return true
  }

  /** Waits for the group in work and drops the rest; the agents still have it. */
  async stop(): Promise<void> {
    this.#ended = true
    this.#queues.clear()
    this.#bytes = 0
    await this.#working
  }

  async #work(): Promise<void> {
    // wait for the other messages of this moment, to store them in one transaction
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.#queues.size > 0) {
      const group = this.#next()
      await this.#take(group).catch((error) =>
        this.#log.error('batches not taken; the agents send them again', {
          batches: group.length,
          reason: reasonOf(error),
        }),
      )
    }
    this.#working = undefined
  }

  /** One message of each agent in turn, until there are enough for one transaction. */
  #next(): QueuedBatch<T>[] {
    const group: QueuedBatch<T>[] = []
    let bytes = 0
    // an agent with more messages moves to the end of the map, so this loop reaches it again
    for (const [agentId, queue] of this.#queues) {
      if (bytes >= GROUP_BYTES) break
      this.#queues.delete(agentId)
      const message = queue.messages.shift()
      if (!message) continue
      group.push(message)
      bytes += message.payload.byteLength
      queue.bytes -= message.payload.byteLength
      if (queue.messages.length > 0) this.#queues.set(agentId, queue)
    }
    this.#bytes -= bytes
    return group
  }
}
