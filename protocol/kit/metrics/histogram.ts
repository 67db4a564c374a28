/** Seconds of work: from a tick of a small site to a store that hangs. */
const DURATION_BOUNDS_S: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]

/** Counts values in fixed buckets, so that any number of readers can each take quantiles over their own time. */
export class Histogram {
  readonly bounds: readonly number[]
  /** for each bound, the values above the bound before and up to it; the last one: above all bounds */
  readonly #counts: Float64Array
  #sum = 0
  #count = 0

  /** @param bounds ascending */
  constructor(bounds: readonly number[] = DURATION_BOUNDS_S) {
    this.bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  get sum(): number {
    return this.#sum
  }

  get count(): number {
    return this.#count
  }

  observe(value: number): void {
    let i = 0
    while (i < this.bounds.length && value > (this.bounds[i] ?? 0)) i++
    this.#counts[i] = (this.#counts[i] ?? 0) + 1
    this.#sum += value
    this.#count++
  }

  /** Values up to each bound, and last all of them. */
  cumulative(): number[] {
    let sum = 0
    return Array.from(this.#counts, (n) => {
      sum += n
      return sum
    })
  }
}
