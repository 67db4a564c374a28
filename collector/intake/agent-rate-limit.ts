import { LONGEST_PAUSE_MS } from '../../protocol/status.ts'

/** Records that an agent may send before the next acknowledgement while the queue has room. */
const CREDIT_RECORDS = 5_000
/** The same while the queue is fuller than `EASY_RATIO`. */
const LITTLE_CREDIT_RECORDS = 500
/** Share of the queue that may be filled before agents are slowed down. */
const EASY_RATIO = 0.25
/** Assumed until the first measurement: some 25,000 records a second. */
const FIRST_BYTES_PER_S = 4e6
/** Weight of the newest measurement in the moving average. */
const NEWEST_WEIGHT = 0.2

export interface Allowance {
  creditRecords: number
  pauseMs?: number
}

/**
 * Rate limit of the agents: how many records each may send, and after which pause. An agent that finds the queue full must
 * come back when its turn would be. Its batch counts as work to come, so ten thousand agents spread over the time that storing
 * their records takes.
 */
export class AgentRateLimit {
  readonly #maxBytes: number
  readonly #nowMs: () => number
  readonly #random: () => number
  #bytesPerS = FIRST_BYTES_PER_S
  /** when all batches that were promised a turn would be stored, Unix ms */
  #promisedMs = 0

  constructor(options: { maxBytes: number; nowMs: () => number; random: () => number }) {
    this.#maxBytes = options.maxBytes
    this.#nowMs = options.nowMs
    this.#random = options.random
  }

  /** Measures the store's speed: so many bytes were stored in so much time. */
  measured(bytes: number, durationMs: number): void {
    if (durationMs <= 0) return
    this.#bytesPerS += NEWEST_WEIGHT * ((bytes * 1000) / durationMs - this.#bytesPerS)
  }

  /** For an agent whose batch was stored, while `waitingBytes` are in the queue. */
  allowance(waitingBytes: number): Allowance {
    if (waitingBytes <= EASY_RATIO * this.#maxBytes) return { creditRecords: CREDIT_RECORDS }
    return {
      creditRecords: LITTLE_CREDIT_RECORDS,
      pauseMs: this.#spread(Math.max(this.#drainMs(waitingBytes), this.#promisedMs - this.#nowMs())),
    }
  }

  /** For an agent whose batch of `bytes` was dropped: it gets a turn behind all that were promised one. */
  afterDrop(bytes: number, waitingBytes: number): Allowance {
    const now = this.#nowMs()
    this.#promisedMs = Math.max(this.#promisedMs, now + this.#drainMs(waitingBytes)) + this.#drainMs(bytes)
    return { creditRecords: LITTLE_CREDIT_RECORDS, pauseMs: this.#spread(this.#promisedMs - now) }
  }

  #drainMs(bytes: number): number {
    return (bytes * 1000) / this.#bytesPerS
  }

  /** A quarter earlier or later, so that agents don't come back at the same moment. */
  #spread(ms: number): number {
    return Math.round(Math.min(LONGEST_PAUSE_MS, ms * (0.75 + 0.5 * this.#random())))
  }
}
