/**
 * The sum of the counters of parts that come and go, such as supplies. A part that joins brings its whole life with it, and one that
 * leaves takes it away: neither is energy of now, so only what each part counts while it is there moves the sum.
 */
export class JointCounter {
  readonly #last = new Map<string, number>()
  #sum: number | undefined

  /** @param parts the counter of each part that is there, by its name */
  take(parts: ReadonlyMap<string, number>): number {
    if (this.#sum === undefined) this.#sum = [...parts.values()].reduce((sum, value) => sum + value, 0)
    else for (const [name, value] of parts) this.#sum += value - (this.#last.get(name) ?? value)
    for (const [name, value] of parts) this.#last.set(name, value)
    return this.#sum
  }
}
