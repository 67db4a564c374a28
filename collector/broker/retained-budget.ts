/** What retained messages of one group of topics may take. */
export interface RetainedBounds {
  topics: number
  bytes: number
}

/** Keeps count of the retained messages of a group of topics, which a broker holds in memory until they are replaced or removed. */
export class RetainedBudget {
  readonly #most: RetainedBounds
  readonly #sizes = new Map<string, number>()
  #bytes = 0

  constructor(most: RetainedBounds) {
    this.#most = most
  }

  /** Counts a message that is to be retained; an empty one removes its topic. @returns false where there is no room: it is not counted */
  admits(topic: string, payloadBytes: number): boolean {
    const before = this.#sizes.get(topic)
    const bytes = this.#bytes - (before ?? 0) + (payloadBytes > 0 ? topic.length + payloadBytes : 0)
    if (payloadBytes === 0) this.#sizes.delete(topic)
    else {
      if (bytes > this.#most.bytes || (before === undefined && this.#sizes.size >= this.#most.topics))
        return false
      this.#sizes.set(topic, topic.length + payloadBytes)
    }
    this.#bytes = bytes
    return true
  }
}
