import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'

/** Some 20,000 records: what one transaction of the store takes. */
const GROUP_BYTES = 2 * 2 ** 20
/** What one agent may have waiting: a credit's worth, so that one that ignores its credit takes nobody's room. */
const AGENT_BYTES = 4 * 2 ** 20

/** A message as it came, with whom it is answered to. */
export interface Waiting<T> {
  agentId: string
  payload: Uint8Array
  from: T
}

interface Queue<T> {
  bytes: number
  messages: Waiting<T>[]
}

/**
 * Interval messages between the broker and the ledger: bounded in bytes, unread, so that ten thousand agents at once cost
 * memory for the bound and no more, and the live plane doesn't wait for their records. Each agent's messages stay in order;
 * the agents take turns.
 */
export class Intake<T> {
  readonly #maxBytes: number
  readonly #take: (group: readonly Waiting<T>[]) => Promise<void>
  readonly #log: Log
  readonly #queues = new Map<string, Queue<T>>()
  #bytes = 0
  #dropped = 0
  #working: Promise<void> | undefined
  #ended = false

  constructor(options: {
    maxBytes: number
    /** takes a group of messages, at most a few thousand records of each agent; may reject */
    take: (group: readonly Waiting<T>[]) => Promise<void>
    log: Log
  }) {
    this.#maxBytes = options.maxBytes
    this.#take = options.take
    this.#log = options.log
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Messages that found no room, since the start. Their agents send them again. */
  get dropped(): number {
    return this.#dropped
  }

  /** @returns false where there is no room: the message is dropped */
  offer({ agentId, payload, from }: Waiting<T>): boolean {
    const queue = this.#queues.get(agentId) ?? { bytes: 0, messages: [] }
    const size = payload.byteLength
    if (this.#ended || this.#bytes + size > this.#maxBytes || queue.bytes + size > AGENT_BYTES) {
      if (this.#dropped++ === 0)
        this.#log.warn('records come faster than they can be stored; the agents keep them and wait', {
          waitingBytes: this.#bytes,
        })
      return false
    }
    // a copy: what comes from the socket is a part of a larger piece of memory
    queue.messages.push({ agentId, payload: Uint8Array.from(payload), from })
    queue.bytes += size
    this.#bytes += size
    this.#queues.set(agentId, queue)
    this.#working ??= this.#work()
    return true
  }

  /** Finishes what is in hand; what waits is dropped, for the agents have it. */
  async stop(): Promise<void> {
    this.#ended = true
    this.#queues.clear()
    this.#bytes = 0
    await this.#working
  }

  async #work(): Promise<void> {
    // the messages of one moment come together: store them together
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
  #next(): Waiting<T>[] {
    const group: Waiting<T>[] = []
    let bytes = 0
    // an agent that has more goes to the end of the map, and so comes again in this round
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
