/** Records that an agent may send before the next acknowledgement while there is room, and while there is little. */
const CREDIT_RECORDS = 5_000
const LITTLE_CREDIT_RECORDS = 500
/** Part of the room that may be taken before agents are slowed down. */
const EASY_RATIO = 0.25
/** Until it has been measured: some 25,000 records a second. */
const FIRST_BYTES_PER_S = 4e6
const LONGEST_PAUSE_MS = 5 * 60_000

export interface Allowance {
  creditRecords: number
  pauseMs?: number
}

/**
 * Says how much an agent may send, and when. Whoever finds the queue full is told to come back about when its turn would be:
 * everybody turned away is counted as work to come, so that ten thousand agents spread over the time that their records take.
 */
export class Pace {
  readonly #maxBytes: number
  readonly #nowMs: () => number
  readonly #random: () => number
  #bytesPerS = FIRST_BYTES_PER_S
  /** when everything that was promised a turn would be done */
  #promisedMs = 0

  constructor(options: { maxBytes: number; nowMs: () => number; random: () => number }) {
    this.#maxBytes = options.maxBytes
    this.#nowMs = options.nowMs
    this.#random = options.random
  }

  /** So many bytes were stored in so much time. */
  worked(bytes: number, durationMs: number): void {
    if (durationMs <= 0) return
    this.#bytesPerS += 0.2 * ((bytes * 1000) / durationMs - this.#bytesPerS)
  }

  /** What an agent may do whose batch was taken while so many bytes wait. */
  allowance(waitingBytes: number): Allowance {
    if (waitingBytes <= EASY_RATIO * this.#maxBytes) return { creditRecords: CREDIT_RECORDS }
    return {
      creditRecords: LITTLE_CREDIT_RECORDS,
      pauseMs: this.#spread(Math.max(this.#drainMs(waitingBytes), this.#promisedMs - this.#nowMs())),
    }
  }

  /** What an agent may do whose batch of so many bytes found no room: it gets a turn behind everybody's before it. */
  turnedAway(bytes: number, waitingBytes: number): Allowance {
    const now = this.#nowMs()
    this.#promisedMs = Math.max(this.#promisedMs, now + this.#drainMs(waitingBytes)) + this.#drainMs(bytes)
    return { creditRecords: LITTLE_CREDIT_RECORDS, pauseMs: this.#spread(this.#promisedMs - now) }
  }

  #drainMs(bytes: number): number {
    return (bytes * 1000) / this.#bytesPerS
  }

  /** Not all at the same moment. */
  #spread(ms: number): number {
    return Math.round(Math.min(LONGEST_PAUSE_MS, ms * (0.75 + 0.5 * this.#random())))
  }
}
