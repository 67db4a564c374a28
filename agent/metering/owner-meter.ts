import { type Owner, ownerKey } from '../../protocol/owner.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import type { OwnerCounters } from '../plugin/reading.ts'
import { Counter, type CounterLimit, type CounterState, canHaveBegun } from './counter.ts'
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
  /** the counter has begun again, or goes on from another value: the amount has none of the work before that */
  begins?: true
  /** what the counter of work shows */
  value?: number
}

const FORGOTTEN_MS = 7 * 24 * HOUR_MS
/** Each series of an LLM server's page has its own: of more, those that were seen longest ago are forgotten, and their past is not sold later. */
const MOST_COUNTERS = 30_000

/** The counters that one device keeps for its owners: accepted work by pool, tokens by service. */
export class OwnerMeter {
  readonly #counters: Map<string, Counter>

  constructor(state?: OwnerMeterState) {
    this.#counters = new Map(state?.map(([key, s]) => [key, new Counter(s)]))
  }

  get state(): OwnerMeterState {
    return [...this.#counters].flatMap(([key, { state }]): OwnerMeterState => (state ? [[key, state]] : []))
  }

  clockSet(stepMs: number): void {
    for (const counter of this.#counters.values()) counter.clockSet(stepMs)
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

  /** Whether a counter that was seen since `sinceMs` has not told its growth up to a reading at `atMs`, Unix ms. */
  awaits(sinceMs: number, atMs: number): boolean {
    return [...this.#counters.values()].some(
      ({ state }) => state?.atMs !== undefined && state.atMs >= sinceMs && state.atMs < atMs,
    )
  }

  /** The growth of each counter since the last reading. */
  advance(counters: readonly OwnerCounters[], comparison: Comparison): OwnerAmount[] {
    return this.#take(counters, comparison, true)
  }

  /** Takes counters whose growth belongs to nobody: when they are sold later, they go on from here, whatever they showed before. */
  see(counters: readonly OwnerCounters[], comparison: Comparison): void {
    this.#take(counters, comparison, false)
  }

  /** @param sold whether a counter that is new to the agent may have begun since the last reading, and its value be sold */
  #take(counters: readonly OwnerCounters[], comparison: Comparison, sold: boolean): OwnerAmount[] {
    const amounts: OwnerAmount[] = []
    // a page may have thousands of counters
    const knownOwners = comparison.last?.steadyMs === undefined ? this.#owners() : undefined
    let hasNew = false
    for (const [ownerText, values] of sumByOwner(counters)) {
      const knows = knownOwners?.has(ownerOf(ownerText)) === true
      for (const quantity of OWNER_QUANTITIES) {
        const value = values[quantity]
        if (value === undefined) continue
        const key = keyOf(quantity, ownerText)
        const limit = workLimit(quantity, comparison)
        if (!this.#counters.has(key)) {
          hasNew = true
          const state = sold ? firstState(quantity, value, knows, comparison, limit) : undefined
          this.#counters.set(key, new Counter(state))
        }
        const counter = this.#counters.get(key)
        if (!sold) {
          counter?.goOnFrom(Math.round(value), comparison.atMs)
          continue
        }
        const before = counter?.last
        const amount = counter?.advance(Math.round(value), comparison.restarted, limit)
        const isWork = quantity === 'workDiff1'
        const begins = isWork && hasBegun(before, counter?.last, amount)
        if (amount === undefined && !begins) continue
        const shown = { ...(isWork && { value: Math.round(value) }), ...(begins && { begins }) }
        amounts.push({ owner: values.owner, quantity, amount: amount ?? 0, ...shown })
      }
    }
    if (hasNew) this.#forgetEnded(comparison.atMs)
    return amounts
  }

  /** The owners that it has counters of, whatever the quantity and its name. */
  #owners(): ReadonlySet<string> {
    return new Set([...this.#counters.keys()].map((key) => ownerOf(key.slice(key.indexOf('|') + 1))))
  }

  /** Replicas come and go, each with a counter of its own: one that was not seen for long does not come back. */
  #forgetEnded(atMs: number): void {
    for (const [key, { state }] of this.#counters)
      if (key.includes(NAMED) && state?.atMs !== undefined && atMs - state.atMs > FORGOTTEN_MS)
        this.#counters.delete(key)
    if (this.#counters.size <= MOST_COUNTERS) return
    const named = [...this.#counters].filter(([key]) => key.includes(NAMED))
    const oldestFirst = named.sort(([, a], [, b]) => (a.state?.atMs ?? 0) - (b.state?.atMs ?? 0))
    for (const [key] of oldestFirst.slice(0, this.#counters.size - MOST_COUNTERS)) this.#counters.delete(key)
  }
}

/** Whether a counter that was known has begun again, or goes on from a value that has no part for the time before. */
const hasBegun = (before: number | undefined, now = before, amount?: number): boolean =>
  before !== undefined && now !== undefined && (now < before || (now !== before && amount === undefined))

/**
 * The first state of a counter that is new to the agent. An owner that appears between two readings, as after a pool switch, a new
 * model or a new replica, starts at 0. Undefined where the counter may include earlier work, so that counting starts from this reading:
 * where the last reading had no counters by owner; where it shows more tokens than can have been served since; and after a restart of
 * the agent for tokens, whose owners' names stand in the settings, and for an owner that it knows by other quantities or counters, because
 * an updated agent may read a quantity that the older one did not, or tell apart what the older one added up.
 */
function firstState(
  quantity: OwnerQuantity,
  value: number,
  knows: boolean,
  { last }: Comparison,
  limit: CounterLimit,
): CounterState | undefined {
  if (!last?.namedOwners) return undefined
  const isWork = quantity === 'workDiff1'
  const afterRestart = last.steadyMs === undefined
  if (afterRestart && (knows || !isWork)) return undefined
  const state = { last: 0, strikes: 0, atMs: last.wallMs }
  return isWork || canHaveBegun(state, value, limit) ? state : undefined
}

/** An owner's key, of its own with the name of a counter. */
const ownerOf = (ownerText: string): string => ownerText.split(NAMED)[0] ?? ''

const keyOf = (quantity: OwnerQuantity, ownerText: string): string => `${quantity}|${ownerText}`
