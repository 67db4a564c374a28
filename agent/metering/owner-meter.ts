import { type Owner, ownerKey } from '../../protocol/owner.ts'
import type { OwnerCounters } from '../plugin/reading.ts'
import { Counter, type CounterState } from './counter.ts'
import type { Comparison } from './last-reading.ts'
import { workLimit } from './limits.ts'
import { OWNER_QUANTITIES, type OwnerQuantity, sumByOwner } from './owner-quantities.ts'

/** Each counter's state by quantity and owner. Kept on disk as JSON in the spool's checkpoint. */
export type OwnerMeterState = [string, CounterState][]

/** The growth of one owner's counter between two readings. */
export interface OwnerAmount {
  owner: Owner
  quantity: OwnerQuantity | 'estimatedWorkDiff1'
  amount: number
}

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
   * reading had no counters by owner, and after a restart of the agent for an owner that it knows by other quantities, because
   * an updated agent may read a quantity that the older one did not.
   */
  #firstState(ownerText: string, { last }: Comparison): CounterState | undefined {
    if (!last?.namedOwners) return undefined
    const afterRestart = last.steadyMs === undefined
    if (afterRestart && OWNER_QUANTITIES.some((q) => this.#counters.has(keyOf(q, ownerText))))
      return undefined
    return { last: 0, strikes: 0, atMs: last.wallMs }
  }
}

const keyOf = (quantity: OwnerQuantity, ownerText: string): string => `${quantity}|${ownerText}`
