/**
 * A counter that begins again at 0 when it is full, as one that does not: what was added since the first reading. It begins
 * at 0 itself, so that after a restart of the agent the accumulator sees a new start and never counts what it counted before.
 */
export class Unwrapped {
  #last: number | undefined
  #added = 0

  /** @param range what it counts up to; absent: a smaller value is a new start, not a wrap */
  add(value: number, range: number | undefined): number {
    const before = this.#last ?? value
    this.#last = value
    if (value >= before) this.#added += value - before
    else this.#added += range !== undefined && range >= before ? range - before + value : value
    return this.#added
  }
}
