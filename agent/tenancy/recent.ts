/** A map of what was used lately: bounded by count, where the longest unused goes first, and by the time since the last use. */
export class Recent<V> {
  readonly #entries = new Map<string, { value: V; usedMs: number }>()
  readonly #nowMs: () => number
  readonly #maxEntries: number
  readonly #maxIdleMs: number

  constructor(nowMs: () => number, maxEntries: number, maxIdleMs: number) {
    this.#nowMs = nowMs
    this.#maxEntries = maxEntries
    this.#maxIdleMs = maxIdleMs
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (this.#nowMs() - entry.usedMs > this.#maxIdleMs) {
      this.#entries.delete(key)
      return undefined
    }
    this.set(key, entry.value)
    return entry.value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, usedMs: this.#nowMs() })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries) break
      this.#entries.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  get size(): number {
    return this.#entries.size
  }
}
