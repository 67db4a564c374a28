/** A joint counter, for the next session: its sum, and the counter of each part when it was last there. JSON. */
interface KnownCounter {
  sum: number
  last: Record<string, number>
}

/**
 * The sum of the counters of parts that come and go, such as supplies. A part that joins brings its whole life with it, and one that
 * leaves takes it away: neither is energy of now, so only what each part counts while it is there moves the sum. So it is over a restart
 * of the agent, which knows the parts that were there before.
 */
export class JointCounter {
  readonly #last: Map<string, number>
  #sum: number | undefined

  /** @param known as `known` of an earlier session was; anything else is taken for nothing */
  constructor(known?: unknown) {
    const { sum, last } = isKnown(known) ? known : { sum: undefined, last: {} }
    this.#sum = sum
    this.#last = new Map(Object.entries(last))
  }

  /** What the next session should know; undefined: nothing was counted. */
  get known(): KnownCounter | undefined {
    return this.#sum === undefined ? undefined : { sum: this.#sum, last: Object.fromEntries(this.#last) }
  }

  /** @param parts the counter of each part that is there, by its name */
  take(parts: ReadonlyMap<string, number>): number {
    if (this.#sum === undefined) this.#sum = [...parts.values()].reduce((sum, value) => sum + value, 0)
    else for (const [name, value] of parts) this.#sum += value - (this.#last.get(name) ?? value)
    for (const [name, value] of parts) this.#last.set(name, value)
    return this.#sum
  }
}

/** The joint counters of a machine by the place of their parts: one goes on where the machine is looked for again, and in the next session. */
export class JointCounters {
  readonly #counters = new Map<string, JointCounter>()

  /** @param known as `known` of an earlier session was; anything else is taken for nothing */
  constructor(known?: unknown) {
    if (typeof known !== 'object' || known === null) return
    for (const [place, one] of Object.entries(known)) this.#counters.set(place, new JointCounter(one))
  }

  /** What the next session should know; undefined: nothing. */
  get known(): Record<string, KnownCounter> | undefined {
    const all = [...this.#counters].flatMap(([place, { known }]) => (known ? [[place, known] as const] : []))
    return all.length > 0 ? Object.fromEntries(all) : undefined
  }

  /** @param place path of what lists the parts */
  of(place: string): JointCounter {
    const counter = this.#counters.get(place) ?? new JointCounter()
    this.#counters.set(place, counter)
    return counter
  }
}

function isKnown(known: unknown): known is KnownCounter {
  if (typeof known !== 'object' || known === null) return false
  const { sum, last } = known as Partial<Record<keyof KnownCounter, unknown>>
  if (!Number.isFinite(sum) || typeof last !== 'object' || last === null) return false
  return Object.values(last).every((value) => Number.isFinite(value))
}
