/** A map with bounds: above `maxEntries` the least recently used entry is dropped; an entry unused for `maxIdleMs` expires. */
export class LruCache<V> {
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
