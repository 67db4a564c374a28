import { apportion } from '../../../protocol/units.ts'
import { LOAD_KINDS, type MeterTree } from '../energy/meter-tree.ts'
import type { Wired } from '../energy/wiring.ts'
import type { AttributionSettings } from '../site-settings.ts'
import type { OwnerParts } from './owner-parts.ts'
import type { WorkloadIndex } from './workload-index.ts'

const HOST = LOAD_KINDS.indexOf('host')
const METER = LOAD_KINDS.indexOf('meter')
const DEEPEST = 16

/** A balanced site, by device; what `distribute` says of takers, in flat arrays. */
export interface BalancedSite {
  wired: Wired
  /** 1: stands for a GPU host */
  hosts: Uint8Array
  tree: MeterTree
  parts: OwnerParts
}

/** Whole mW that are charged at a moment. */
export interface LiveCharges {
  /** by workload; the sum is that of the roots of the meter tree */
  milliW: Float64Array
  /** of them what meters don't show beyond the machines */
  devicesMilliW: number
}

/** Something that is spread over whoever the machines behind a meter work for. */
interface Spread {
  at: number
  under: number
  milliW: number
}

/** Charges the power of a balanced site, as `distribute` does; what each part of a device is charged with stays in the parts. */
export function chargeLive(
  { wired, hosts, tree, parts }: BalancedSite,
  index: WorkloadIndex,
  { hostRemainder, siteOverhead }: AttributionSettings,
): LiveCharges {
  const { parents, loads } = wired
  const charges: LiveCharges = { milliW: new Float64Array(index.count), devicesMilliW: 0 }
  const spreads: Spread[] = []
  const charge = (i: number, workload: number, milliW: number) => {
    charges.milliW[workload] = (charges.milliW[workload] as number) + milliW
    if (loads.kind[i] !== METER) charges.devicesMilliW += milliW
  }
  for (let i = 0; i < parents.length; i++) {
    const drawn = tree.drawn[i] as number
    const parent = parents[i] as number
    if ((tree.behind[i] as number) > 0) {
      parts.charge(i, 0)
      const rest = tree.rest[i] as number
      if (rest === 0) continue
      if (tree.disagrees[i]) charge(i, index.unaccounted, rest)
      else if ((hosts[i] ? hostRemainder : siteOverhead) === 'workloads')
        spreads.push({ at: i, under: i, milliW: rest })
      else charge(i, index.overhead, rest)
    } else if (loads.kind[i] === HOST && drawn > 0 && hosts[parent] && hostRemainder === 'workloads') {
      parts.charge(i, 0)
      spreads.push({ at: i, under: parent, milliW: drawn })
    } else {
      parts.charge(i, drawn)
      if (drawn === 0) continue
      for (let part = parts.first(i); part >= 0; part = parts.next[part] as number)
        charge(i, parts.workload[part] as number, parts.milliW[part] as number)
    }
  }
  if (spreads.length > 0) {
    const takers = new SpreadShares(spreads, index.count)
    takers.add(parents, parts, index.overhead)
    for (const { at, under, milliW } of spreads)
      takers.spread(under, milliW, index.overhead, (w, mW) => charge(at, w, mW))
  }
  return charges
}

/** What each workload takes behind each of the meters whose rest is spread. */
class SpreadShares {
  readonly #slots = new Map<number, number>()
  readonly #workloads: number
  /** by meter and workload: mW */
  readonly #milliW: Float64Array
  /** by meter: workloads, in the order of their first machine */
  readonly #present: number[][] = []

  constructor(spreads: readonly Spread[], workloads: number) {
    for (const { under } of spreads) if (!this.#slots.has(under)) this.#slots.set(under, this.#slots.size)
    for (let i = 0; i < this.#slots.size; i++) this.#present.push([])
    this.#workloads = workloads
    this.#milliW = new Float64Array(this.#slots.size * workloads)
  }

  add(parents: Int32Array, parts: OwnerParts, overhead: number): void {
    const slots = new Int32Array(parents.length).fill(-1)
    for (const [meter, slot] of this.#slots) slots[meter] = slot
    for (let i = 0; i < parents.length; i++) {
      if (!(parts.chargedMilliW(i) > 0)) continue
      let above = parents[i] as number
      for (let hops = 0; above >= 0 && hops < DEEPEST; above = parents[above] as number, hops++) {
        const slot = slots[above] as number
        if (slot < 0) continue
        for (let part = parts.first(i); part >= 0; part = parts.next[part] as number)
          if (parts.workload[part] !== overhead)
            this.#note(slot, parts.workload[part] as number, parts.milliW[part] as number)
      }
    }
  }

  spread(
    under: number,
    milliW: number,
    overhead: number,
    charge: (workload: number, milliW: number) => void,
  ): void {
    const slot = this.#slots.get(under) as number
    const weightOf = (w: number) => this.#milliW[slot * this.#workloads + w] as number
    const shares = (this.#present[slot] as number[]).filter((w) => weightOf(w) > 0)
    if (shares.length === 0) charge(overhead, milliW)
    const amounts = apportion(milliW, shares.map(weightOf))
    for (const [k, workload] of shares.entries()) charge(workload, amounts[k] as number)
  }

  #note(slot: number, workload: number, milliW: number): void {
    const cell = slot * this.#workloads + workload
    const present = this.#present[slot] as number[]
    if (this.#milliW[cell] === 0 && !present.includes(workload)) present.push(workload)
    this.#milliW[cell] = (this.#milliW[cell] as number) + milliW
  }
}
