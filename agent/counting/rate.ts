/**
 * One rate, for live samples, from cumulative counters that count the same thing: one counter for each model, or for each
 * network interface.
 */
export class Rate {
  #last: { counters: ReadonlyMap<string, number>; steadyMs: number } | undefined

  /**
   * The growth of all counters per second since the last call. A counter that is new, or smaller than before, adds nothing
   * this time: the time that its value took is unknown.
   * @param counters value by the counter's name
   * @param steadyMs ms of a monotonic clock
   * @returns units per second; undefined at the first call, and where no counter can be compared
   */
  perS(counters: ReadonlyMap<string, number>, steadyMs: number): number | undefined {
    const last = this.#last
    this.#last = { counters, steadyMs }
    if (!last || steadyMs <= last.steadyMs) return undefined
    let growth: number | undefined
    for (const [name, value] of counters) {
      const before = last.counters.get(name)
      if (before !== undefined && value >= before) growth = (growth ?? 0) + value - before
    }
    return growth === undefined ? undefined : (growth * 1000) / (steadyMs - last.steadyMs)
  }
}
