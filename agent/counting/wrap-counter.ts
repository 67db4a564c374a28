/**
 * Turns a counter that wraps (starts again at 0 when it is full) into one that does not: the total added since the first
 * reading. The total starts at 0, so that after a restart of the agent the accumulator sees a new start and does not count
 * the same energy twice.
 */
export class WrapCounter {
  #last: number | undefined
  #total = 0

  /**
   * Takes a reading.
   * @param range the value at which the counter wraps; absent: it never wraps, and a smaller value is a new start
   * @param most the most that can have been added since the last reading; where it seems more, the counter was reset to somewhere,
   * and nothing is added
   * @returns the total added since the first reading, in the counter's unit
   */
  add(value: number, range: number | undefined, most = Number.POSITIVE_INFINITY): number {
    const last = this.#last ?? value
    this.#last = value
    const wrapped = range !== undefined && range >= last ? range - last + value : value
    const step = value >= last ? value - last : wrapped
    if (step <= most) this.#total += step
    return this.#total
  }
}
