import { Histogram } from './histogram.ts'

const SEPARATOR = '\u0000'

/**
 * Things by the values of their labels: counts, histograms. Names that come from outside can't make it grow without end: what is new
 * when it is full is counted under `other`.
 */
export class ByLabels<T> {
  readonly #make: () => T
  readonly #most: number
  readonly #entries = new Map<string, { labels: readonly string[]; value: T }>()

  constructor(make: () => T, most = 5_000) {
    this.#make = make
    this.#most = most
  }

  of(...labels: string[]): T {
    const key = labels.join(SEPARATOR)
    const found = this.#entries.get(key)
    if (found) return found.value
    const other = labels.map(() => 'other')
    if (this.#entries.size >= this.#most && key !== other.join(SEPARATOR)) return this.of(...other)
    const value = this.#make()
    this.#entries.set(key, { labels, value })
    return value
  }

  entries(): IterableIterator<{ labels: readonly string[]; value: T }> {
    return this.#entries.values()
  }
}

/** Counts by the values of their labels. */
export class Counts extends ByLabels<{ count: number }> {
  constructor(most?: number) {
    super(() => ({ count: 0 }), most)
  }

  add(by: number, ...labels: string[]): void {
    this.of(...labels).count += by
  }
}

/** Histograms by the values of their labels. */
export class Histograms extends ByLabels<Histogram> {
  constructor(bounds?: readonly number[], most?: number) {
    super(() => new Histogram(bounds), most)
  }
}
