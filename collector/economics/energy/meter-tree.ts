import { apportion } from '../../../protocol/units.ts'
import { inChunks } from '../chunks.ts'

/**
 * A tree of meters and machines in flat arrays: index i of each array is load i. The tree stays as long as who is behind whom,
 * what the loads say may change with each balance. A hundred thousand loads are balanced in milliseconds.
 */

export const LOAD_KINDS = ['machine', 'host', 'meter'] as const
const MACHINE = LOAD_KINDS.indexOf('machine')
const METER = LOAD_KINDS.indexOf('meter')

/** What the loads say; all numbers whole and of one unit. */
export interface Loads {
  /** index into LOAD_KINDS */
  kind: Uint8Array
  /** what each says itself; NaN: unknown */
  own: Float64Array
  /** part, relative to others, of what a meter shows for loads that say nothing themselves; 0: takes no power */
  weight: Float64Array
  /** the site's own meter; -1: none */
  site: number
  /** 0: says nothing now, takes nothing, and counts as not there; only for loads that nothing is behind */
  present: Uint8Array
  /** 1: a meter that is behind nothing; where nothing is behind it either, it measures what is in others already */
  loose: Uint8Array
}

export const DRAW_BASES = ['nothing', 'own', 'meter', 'share'] as const
const NOTHING = DRAW_BASES.indexOf('nothing')
const OWN = DRAW_BASES.indexOf('own')
const BY_METER = DRAW_BASES.indexOf('meter')
const BY_SHARE = DRAW_BASES.indexOf('share')

export const emptyLoads = (count: number): Loads => ({
  kind: new Uint8Array(count).fill(MACHINE),
  own: new Float64Array(count).fill(Number.NaN),
  weight: new Float64Array(count),
  site: -1,
  present: new Uint8Array(count).fill(1),
  loose: new Uint8Array(count),
})

export class MeterTree {
  /** present loads directly behind each */
  readonly behind: Int32Array
  readonly took: Float64Array
  /** index into DRAW_BASES */
  readonly by: Uint8Array
  readonly rest: Float64Array
  /** 1: the rest is two readings that disagree */
  readonly disagrees: Uint8Array
  readonly total: Float64Array
  /** children of load i: #children[#begin[i]] to before #children[#begin[i + 1]] */
  readonly #begin: Int32Array
  readonly #children: Int32Array
  /** loads with others behind them, each after all that are behind it */
  readonly #inner: Int32Array

  /** @param parents index of the meter or host that each is behind; -1: none. A circle is cut open at its first load. */
  constructor(parents: ArrayLike<number>) {
    const count = parents.length
    const mended = Int32Array.from(parents, (parent, i) => (parent === i || !(parent < count) ? -1 : parent))
    const order = fromTheLeaves(mended)
    this.#begin = new Int32Array(count + 1)
    for (const parent of mended) if (parent >= 0) increment(this.#begin, parent + 1)
    for (let i = 0; i < count; i++) increment(this.#begin, i + 1, this.#begin[i])
    this.#children = new Int32Array(this.#begin[count] as number)
    const next = this.#begin.slice()
    for (let i = 0; i < count; i++) {
      const parent = mended[i] as number
      if (parent < 0) continue
      this.#children[next[parent] as number] = i
      increment(next, parent)
    }
    this.#inner = order.filter((i) => this.#begin[i] !== this.#begin[i + 1])
    this.behind = new Int32Array(count)
    this.took = new Float64Array(count)
    this.by = new Uint8Array(count)
    this.rest = new Float64Array(count)
    this.disagrees = new Uint8Array(count)
    this.total = new Float64Array(count)
  }

  /** Balances anew: all that this tree says is of these loads until the next time. */
  balance(loads: Loads): void {
    this.behind.fill(0)
    this.rest.fill(0)
    this.disagrees.fill(0)
    inChunks(this.took.length, (begin, end) => this.#listen(begin, end, loads))
    for (const i of this.#inner) this.#settle(i, loads)
  }

  #listen(begin: number, end: number, { own, present, loose }: Loads): void {
    const { took, by, total } = this
    for (let i = begin; i < end; i++) {
      const says = own[i] as number
      const isKnown = present[i] === 1 && loose[i] === 0 && !Number.isNaN(says)
      took[i] = total[i] = isKnown ? says : 0
      by[i] = isKnown ? OWN : NOTHING
    }
  }

  #settle(i: number, { own, kind, weight, site, present }: Loads): void {
    const begin = this.#begin[i] as number
    const end = this.#begin[i + 1] as number
    let known = 0
    let silent = 0
    let behind = 0
    let only = -1
    for (let k = begin; k < end; k++) {
      const child = this.#children[k] as number
      if (!present[child]) continue
      behind++
      only = child
      known += this.total[child] as number
      if (this.#isSilent(child, weight)) silent++
    }
    if (behind === 0) return
    const says = own[i] as number
    this.behind[i] = behind
    this.took[i] = 0
    if (Number.isNaN(says)) {
      this.total[i] = known
      return
    }
    this.total[i] = says
    this.by[i] = OWN
    const isAlone = behind === 1 && kind[i] === METER && i !== site
    if (isAlone && kind[only] !== METER) {
      this.#override(only, says)
      return
    }
    let rest = says - known
    if (rest > 0 && silent > 0) {
      const children = this.#children
        .subarray(begin, end)
        .filter((c) => present[c] && this.#isSilent(c, weight))
      const parts = apportion(
        rest,
        Array.from(children, (c) => weight[c] as number),
      )
      for (const [k, child] of children.entries()) this.#give(child, parts[k] as number, BY_SHARE)
      rest = 0
    }
    this.rest[i] = rest
    if (rest < 0 || isAlone) this.disagrees[i] = 1
  }

  /** The machine or host behind its outlet took what that measured, whatever it says itself. */
  #override(i: number, amount: number): void {
    if (this.behind[i] === 0) {
      this.#give(i, amount, BY_METER)
      return
    }
    const rest = (this.rest[i] as number) + amount - (this.total[i] as number)
    this.total[i] = amount
    this.rest[i] = rest
    this.by[i] = BY_METER
    this.disagrees[i] = rest < 0 ? 1 : 0
  }

  #give(i: number, amount: number, by: number): void {
    this.took[i] = this.total[i] = amount
    this.by[i] = by
  }

  #isSilent(i: number, weight: Float64Array): boolean {
    return this.by[i] === NOTHING && this.behind[i] === 0 && (weight[i] as number) > 0
  }
}

const increment = (counts: Int32Array, i: number, by = 1): void => {
  counts[i] = (counts[i] as number) + by
}

/** Every index after all that are behind it; `parents` is mended where it runs in a circle. */
function fromTheLeaves(parents: Int32Array): Int32Array {
  const count = parents.length
  const waiting = new Int32Array(count)
  for (const parent of parents) if (parent >= 0) increment(waiting, parent)
  const order = new Int32Array(count)
  const isDone = new Uint8Array(count)
  const ready: number[] = []
  let done = 0
  const letGo = (parent: number) => {
    if (parent < 0) return
    increment(waiting, parent, -1)
    if (waiting[parent] === 0) ready.push(parent)
  }
  const take = () => {
    for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
      isDone[i] = 1
      order[done++] = i
      letGo(parents[i] as number)
    }
  }
  for (let i = 0; i < count; i++) if (waiting[i] === 0) ready.push(i)
  take()
  for (let i = 0; done < count; i++) {
    if (isDone[i]) continue
    const parent = parents[i] as number
    parents[i] = -1
    letGo(parent)
    take()
  }
  return order
}
