/** Readings in a row that must agree before a smaller value is believed to be a new start, where the uptime denies it. */
const STRIKES = 3

/**
 * A cumulative counter of a machine, as differences. A smaller value is a new start (reboot, wrap): what it shows was
 * counted since, so it is the difference. Where the machine's uptime says that there was no reboot, one odd reading is
 * not believed. The differences of whole-number readings are whole, so their sum is exact.
 */
export class Counter {
  #last: number | undefined
  #strikes = 0

  /** The value of the last reading that was believed. */
  get last(): number | undefined {
    return this.#last
  }

  /**
   * What was added since the last reading; undefined at the first one, or where this one is not believed.
   * @param restarted true: the machine restarted since; false: it did not; undefined: it doesn't say
   */
  advance(value: number, restarted: boolean | undefined): number | undefined {
    const last = this.#last
    if (last === undefined || value >= last) {
      this.#strikes = 0
      this.#last = value
      return last === undefined ? undefined : value - last
    }
    if (restarted === false && ++this.#strikes < STRIKES) return undefined
    this.#strikes = 0
    this.#last = value
    return value
  }
}
