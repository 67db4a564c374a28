import { type Owner, ownerKey } from '../../protocol/owner.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import type { OwnerCounters } from '../plugin/reading.ts'
import { Counter, type CounterState } from './counter.ts'
import type { Comparison } from './last-reading.ts'
import { workLimit } from './limits.ts'
import { NAMED, OWNER_QUANTITIES, type OwnerQuantity, sumByOwner } from './owner-quantities.ts'

/** Each counter's state by quantity and owner. Kept on disk as JSON in the spool's checkpoint. */
export type OwnerMeterState = [string, CounterState][]

/** The growth of one owner's counter between two readings. */
export interface OwnerAmount {
  owner: Owner
  quantity: OwnerQuantity | 'estimatedWorkDiff1'
  amount: number
}

const FORGOTTEN_MS = 7 * 24 * HOUR_MS

/** The counters that one device keeps for its owners: accepted work by pool, tokens by service. */
export class OwnerMeter {
  readonly #counters: Map<string, Counter>

  constructor(state?: OwnerMeterState) {
    this.#counters = new Map(state?.map(([key, s]) => [key, new Counter(s)]))
  }

  get state(): OwnerMeterState {
    return [...this.#counters].flatMap(([key, { state }]): OwnerMeterState => (state ? [[key, state]] : []))
  }

  /** Whether there has been a counter of work for this owner. */
  countsWorkOf(owner: Owner): boolean {
    return this.#counters.has(keyOf('workDiff1', ownerKey(owner)))
  }

  /** Whether a counter of work was seen since this time, Unix ms: its next growth includes what happens until then. */
  countsWorkSince(ms: number): boolean {
    return [...this.#counters].some(
      ([key, { state }]) => key.startsWith(keyOf('workDiff1', '')) && (state?.atMs ?? 0) >= ms,
    )
  }

  /** The growth of each counter since the last reading. */
  advance(counters: readonly OwnerCounters[], comparison: Comparison): OwnerAmount[] {
    const amounts: OwnerAmount[] = []
    for (const [ownerText, values] of sumByOwner(counters)) {
      const firstState = this.#firstState(ownerText, comparison)
      for (const quantity of OWNER_QUANTITIES) {
        const value = values[quantity]
        if (value === undefined) continue
        const key = keyOf(quantity, ownerText)
        const counter = this.#counters.get(key) ?? new Counter(firstState)
        if (!this.#counters.has(key)) this.#forgetEnded(comparison.atMs)
        this.#counters.set(key, counter)
        const limit = workLimit(quantity, comparison)
        const amount = counter.advance(Math.round(value), comparison.restarted, limit)
        if (amount !== undefined) amounts.push({ owner: values.owner, quantity, amount })
      }
    }
    return amounts
  }

  /**
   * The first state of a counter that is new to the agent. An owner that appears between two readings, as after a pool switch,
   * starts at 0. Undefined where the counter may include earlier work, so that counting starts from this reading: where the last
   * reading had no counters by owner, and after a restart of the agent for an owner that it knows by other quantities or counters,
   * because an updated agent may read a quantity that the older one did not, or tell apart what the older one added up.
   */
  #firstState(ownerText: string, { last }: Comparison): CounterState | undefined {
    if (!last?.namedOwners) return undefined
    const afterRestart = last.steadyMs === undefined
    if (afterRestart && this.#knows(ownerText)) return undefined
    return { last: 0, strikes: 0, atMs: last.wallMs }
  }

  /** Whether it has a counter of the owner, whatever the quantity and its name. */
  #knows(ownerText: string): boolean {
    const [owner = ''] = ownerText.split(NAMED)
    return [...this.#counters.keys()].some((key) => key.slice(key.indexOf('|') + 1).split(NAMED)[0] === owner)
  }

  /** Replicas come and go, each with a counter of its own: one that was not seen for long does not come back. */
  #forgetEnded(atMs: number): void {
    for (const [key, { state }] of this.#counters)
      if (key.includes(NAMED) && state?.atMs !== undefined && atMs - state.atMs > FORGOTTEN_MS)
        this.#counters.delete(key)
  }
}

const keyOf = (quantity: OwnerQuantity, ownerText: string): string => `${quantity}|${ownerText}`
