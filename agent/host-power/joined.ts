/** Says once that parts joined a sum that was used without them. */
export class Joined {
  readonly #ever = new Set<string>()

  /**
   * @param parts of the sum now
   * @param who for the message: `the BMC`
   * @returns a fault, or none
   */
  of(parts: readonly string[], who: string): string[] {
    const isFirst = this.#ever.size === 0
    const joined = parts.filter((part) => !this.#ever.has(part))
    for (const part of joined) this.#ever.add(part)
    if (isFirst || joined.length === 0) return []
    return [
      `${who} shows ${joined.join(', ')} only now, so the power was too low before; ${parts.length} are added up`.slice(
        0,
        256,
      ),
    ]
  }
}
