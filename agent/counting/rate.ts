/** Cumulative counters that count the same thing (one a model, one a network interface) as one rate, for live samples. */
export class Rate {
  #last: { counters: ReadonlyMap<string, number>; steadyMs: number } | undefined

  /**
   * What the counters grew by a second since the last call. One that is new or began again adds nothing this time: how
   * long it took is not known. Undefined at the first call, and where no counter can be compared.
   */
  perS(counters: ReadonlyMap<string, number>, steadyMs: number): number | undefined {
    const last = this.#last
    this.#last = { counters, steadyMs }
    if (!last || steadyMs <= last.steadyMs) return undefined
    let grown: number | undefined
    for (const [name, value] of counters) {
      const before = last.counters.get(name)
      if (before !== undefined && value >= before) grown = (grown ?? 0) + value - before
    }
    return grown === undefined ? undefined : (grown * 1000) / (steadyMs - last.steadyMs)
  }
}
