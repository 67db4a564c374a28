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
   * @returns the total added since the first reading, in the counter's unit
   */
  add(value: number, range: number | undefined): number {
    const last = this.#last ?? value
    this.#last = value
    if (value >= last) this.#total += value - last
    else this.#total += range !== undefined && range >= last ? range - last + value : value
    return this.#total
  }
}
