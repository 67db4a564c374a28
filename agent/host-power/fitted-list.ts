/**
 * Parts of a sum that no other part takes over, such as the sockets of a machine: one that was in the list and is not is missing until
 * it is back.
 */
export class FittedList {
  readonly #kind: string
  readonly #ever = new Set<string>()

  /** @param kind in the plural, for messages: `RAPL zones` */
  constructor(kind: string) {
    this.#kind = kind
  }

  /**
   * @param there the names of all parts that show something now
   * @returns why their sum is not used; undefined: none is missing
   */
  lacksOf(there: readonly string[]): string | undefined {
    for (const name of there) this.#ever.add(name)
    const missing = [...this.#ever].filter((name) => !there.includes(name))
    return missing.length === 0
      ? undefined
      : `the power of ${there.length} of ${this.#ever.size} ${this.#kind}, without ${missing[0]}; if it was taken out, restart the agent`
  }
}
