import { apportion } from '../../../protocol/units.ts'
import { inChunks } from '../chunks.ts'
import { floatAt, intAt, numberAt } from '../element.ts'
import { increment, leavesFirst } from './tree-order.ts'

/**
 * A tree of meters and machines in flat arrays: index i of each array is load i. The tree is built once for each wiring; the readings
 * can change with each balance. A hundred thousand loads are balanced in milliseconds.
 */

export const LOAD_KINDS = ['machine', 'host', 'meter'] as const
const MACHINE = LOAD_KINDS.indexOf('machine')
const METER = LOAD_KINDS.indexOf('meter')

/** The readings of the loads; all numbers are whole and of one unit. */
export interface Loads {
  /** index into LOAD_KINDS */
  kind: Uint8Array
  /** own reading of each; NaN if it has none */
  own: Float64Array
  /** share, relative to its siblings, in the unexplained part of the meter if it has no own reading; 0 if it draws no power */
  weight: Float64Array
  /** index of the site meter; -1 for none */
  site: number
  /** 0: sends nothing now, and is left out of the balance; only for loads without loads behind them */
  present: Uint8Array
  /** 1: a meter behind no other meter; without loads behind it, its energy is already in other readings, so it counts as 0 */
  loose: Uint8Array
  /** 1: a battery; what it draws is charged to nobody, because it is charged when it is used */
  stores: Uint8Array
}

/** See DrawBasis in balance.ts. */
export const DRAW_BASES = ['nothing', 'own', 'meter', 'share'] as const
const NOTHING = DRAW_BASES.indexOf('nothing')
const OWN = DRAW_BASES.indexOf('own')
const BY_METER = DRAW_BASES.indexOf('meter')
const BY_SHARE = DRAW_BASES.indexOf('share')

/**
 * A meter that shows less than this part of what the one machine behind it reports is not that machine's: a meter is a few percent off,
 * a machine's own figure by up to a third.
 */
const LEAST_PART = 0.6

/** Machines without readings, all present. */
export const emptyLoads = (count: number): Loads => ({
  kind: new Uint8Array(count).fill(MACHINE),
  own: new Float64Array(count).fill(Number.NaN),
  weight: new Float64Array(count),
  site: -1,
  present: new Uint8Array(count).fill(1),
  loose: new Uint8Array(count),
  stores: new Uint8Array(count),
})

export class MeterTree {
  /** number of present loads directly behind each */
  readonly behind: Int32Array
  readonly drawn: Float64Array
  /** index into DRAW_BASES */
  readonly basis: Uint8Array
  readonly rest: Float64Array
  /** 1: the rest is a contradiction between readings */
  readonly disagrees: Uint8Array
  readonly total: Float64Array
  /** the children of load i are #children[#begin[i]] up to, but not including, #children[#begin[i + 1]] */
  readonly #begin: Int32Array
  readonly #children: Int32Array
  /** loads with other loads behind them, each after all loads behind it */
  readonly #inner: Int32Array

  /** @param parents index of the meter or host that each load is behind; -1 for none. A circle is cut at its first load. */
  constructor(parents: ArrayLike<number>) {
    const count = parents.length
    const acyclic = Int32Array.from(parents, (parent, i) => (parent === i || !(parent < count) ? -1 : parent))
    const order = leavesFirst(acyclic)
    this.#begin = new Int32Array(count + 1)
    for (const parent of acyclic) if (parent >= 0) increment(this.#begin, parent + 1)
    for (let i = 0; i < count; i++) increment(this.#begin, i + 1, this.#begin[i])
    this.#children = new Int32Array(intAt(this.#begin, count))
    const next = this.#begin.slice()
    for (let i = 0; i < count; i++) {
      const parent = intAt(acyclic, i)
      if (parent < 0) continue
      this.#children[intAt(next, parent)] = i
      increment(next, parent)
    }
    this.#inner = order.filter((i) => this.#begin[i] !== this.#begin[i + 1])
    this.behind = new Int32Array(count)
    this.drawn = new Float64Array(count)
    this.basis = new Uint8Array(count)
    this.rest = new Float64Array(count)
    this.disagrees = new Uint8Array(count)
    this.total = new Float64Array(count)
  }

  /** Balances these loads; the arrays of the tree hold the result until the next call. */
  balance(loads: Loads): void {
    this.behind.fill(0)
    this.rest.fill(0)
    this.disagrees.fill(0)
    inChunks(this.drawn.length, (begin, end) => this.#takeReadings(begin, end, loads))
    for (const i of this.#inner) this.#balanceMeter(i, loads)
  }

  #takeReadings(begin: number, end: number, { own, present, loose }: Loads): void {
    const { drawn, basis, total } = this
    for (let i = begin; i < end; i++) {
      const reading = floatAt(own, i)
      const hasReading = present[i] === 1 && loose[i] === 0 && !Number.isNaN(reading)
      drawn[i] = total[i] = hasReading ? reading : 0
      basis[i] = hasReading ? OWN : NOTHING
    }
  }

  #balanceMeter(i: number, { own, kind, weight, site, present }: Loads): void {
    const begin = intAt(this.#begin, i)
    const end = intAt(this.#begin, i + 1)
    let totalBehind = 0
    let silent = 0
    let behind = 0
    let only = -1
    for (let k = begin; k < end; k++) {
      const child = intAt(this.#children, k)
      if (!present[child]) continue
      behind++
      only = child
      totalBehind += floatAt(this.total, child)
      if (this.#isSilent(child, weight)) silent++
    }
    if (behind === 0) return
    const reading = floatAt(own, i)
    this.behind[i] = behind
    this.drawn[i] = 0
    if (Number.isNaN(reading)) {
      this.total[i] = totalBehind
      return
    }
    this.total[i] = reading
    this.basis[i] = OWN
    const isAlone = behind === 1 && kind[i] === METER && i !== site
    if (isAlone && kind[only] !== METER && reading >= LEAST_PART * floatAt(this.total, only)) {
      this.#override(only, reading)
      return
    }
    let rest = reading - totalBehind
    if (rest > 0 && silent > 0) {
      const children = this.#children
        .subarray(begin, end)
        .filter((c) => present[c] && this.#isSilent(c, weight))
      const parts = apportion(
        rest,
        Array.from(children, (c) => floatAt(weight, c)),
      )
      for (const [k, child] of children.entries()) this.#setDrawn(child, numberAt(parts, k), BY_SHARE)
      rest = 0
    }
    this.rest[i] = rest
    if (rest < 0 || isAlone) this.disagrees[i] = 1
  }

  /**
   * A machine or host that is alone behind a meter draws what the meter measures: the meter is more accurate than the machine. A meter
   * that shows far less never comes here: it disagrees.
   */
  #override(i: number, amount: number): void {
    if (this.behind[i] === 0) {
      this.#setDrawn(i, amount, BY_METER)
      return
    }
    const rest = floatAt(this.rest, i) + amount - floatAt(this.total, i)
    this.total[i] = amount
    this.rest[i] = rest
    this.basis[i] = BY_METER
    this.disagrees[i] = rest < 0 ? 1 : 0
  }

  #setDrawn(i: number, amount: number, basis: number): void {
    this.drawn[i] = this.total[i] = amount
    this.basis[i] = basis
  }

  #isSilent(i: number, weight: Float64Array): boolean {
    return this.basis[i] === NOTHING && this.behind[i] === 0 && floatAt(weight, i) > 0
  }
}
