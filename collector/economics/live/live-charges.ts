import { apportion } from '../../../protocol/units.ts'
import { floatAt, intAt, numberAt } from '../element.ts'
import { LOAD_KINDS, type MeterTree } from '../energy/meter-tree.ts'
import type { Wired } from '../energy/wiring.ts'
import type { AttributionSettings } from '../site-settings.ts'
import type { OwnerParts } from './owner-parts.ts'
import type { WorkloadIndex } from './workload-index.ts'

const HOST = LOAD_KINDS.indexOf('host')
const METER = LOAD_KINDS.indexOf('meter')
/** The most meters that are followed from a device to the root. */
const MAX_DEPTH = 16

/** A balanced site in flat arrays by device. `distribute` does the same for the ledger. */
export interface BalancedSite {
  wired: Wired
  /** 1: a GPU host, or a meter that stands for one */
  hosts: Uint8Array
  tree: MeterTree
  parts: OwnerParts
}

/** The power charged at one moment, whole mW. */
export interface LiveCharges {
  /** for each workload; the sum equals the roots of the meter tree and own generation, less what batteries take */
  milliW: Float64Array
  /** the part of that sum that is charged for devices, not for remainders of meters */
  devicesMilliW: number
}

/** Power that is spread over the workloads of the machines behind a meter. */
interface Spread {
  /** index of the meter or host whose power it is */
  at: number
  /** index of the meter whose machines get it */
  under: number
  milliW: number
}

/** Charges the power of a balanced site by the rules of `distribute`, and writes the charge of each owner's part into `parts`. */
export function chargeLive(
  { wired, hosts, tree, parts }: BalancedSite,
  index: WorkloadIndex,
  { hostRemainder, siteOverhead }: AttributionSettings,
): LiveCharges {
  const { parents, loads } = wired
  const charges: LiveCharges = { milliW: new Float64Array(index.count), devicesMilliW: 0 }
  const spreads: Spread[] = []
  const charge = (i: number, workload: number, milliW: number) => {
    charges.milliW[workload] = floatAt(charges.milliW, workload) + milliW
    if (loads.kind[i] !== METER) charges.devicesMilliW += milliW
  }
  for (let i = 0; i < parents.length; i++) {
    const drawn = floatAt(tree.drawn, i)
    const parent = intAt(parents, i)
    if (intAt(tree.behind, i) > 0) {
      parts.charge(i, 0)
      const rest = floatAt(tree.rest, i)
      if (rest === 0) continue
      if (tree.disagrees[i]) charge(i, index.unaccounted, rest)
      else if ((hosts[i] ? hostRemainder : siteOverhead) === 'workloads')
        spreads.push({ at: i, under: i, milliW: rest })
      else charge(i, index.overhead, rest)
    } else if (loads.kind[i] === HOST && drawn > 0 && hosts[parent] && hostRemainder === 'workloads') {
      parts.charge(i, 0)
      spreads.push({ at: i, under: parent, milliW: drawn })
    } else {
      // own generation gives, and a battery takes what is charged later: both are in the charges of the machines that use it
      const charged = loads.stores[i] ? 0 : Math.max(0, drawn)
      parts.charge(i, charged)
      if (charged === 0) continue
      for (let part = parts.first(i); part >= 0; part = intAt(parts.next, part))
        charge(i, intAt(parts.workload, part), floatAt(parts.milliW, part))
    }
  }
  if (spreads.length > 0) {
    const shares = new SpreadShares(spreads, index.count)
    shares.add(wired, parts, index.overhead)
    for (const { at, under, milliW } of spreads)
      shares.spread(under, milliW, index.overhead, (w, mW) => charge(at, w, mW))
  }
  return charges
}

/** The draw of each workload behind each meter whose power is spread. */
class SpreadShares {
  /** row of each meter in #milliW */
  readonly #slots = new Map<number, number>()
  readonly #workloads: number
  /** mW, a row for each meter and a column for each workload */
  readonly #milliW: Float64Array
  /** for each meter: its workloads, in the order of their first machine */
  readonly #present: number[][] = []

  constructor(spreads: readonly Spread[], workloads: number) {
    for (const { under } of spreads) if (!this.#slots.has(under)) this.#slots.set(under, this.#slots.size)
    for (let i = 0; i < this.#slots.size; i++) this.#present.push([])
    this.#workloads = workloads
    this.#milliW = new Float64Array(this.#slots.size * workloads)
  }

  /** Adds the charges of all devices to the meters above them. */
  add({ parents, guests, loads: { site } }: Wired, parts: OwnerParts, overhead: number): void {
    const slots = new Int32Array(parents.length).fill(-1)
    for (const [meter, slot] of this.#slots) slots[meter] = slot
    for (let i = 0; i < parents.length; i++) {
      if (!(parts.chargedMilliW(i) > 0)) continue
      let above = intAt(parents, i)
      // beyond a guest's link only the site meter charges it, as chargingMeters says; a generator is too slow for a hundred thousand
      let beyondGuest = guests[i] === 1
      for (let hops = 0; above >= 0 && hops < MAX_DEPTH; above = intAt(parents, above), hops++) {
        const slot = beyondGuest && above !== site ? -1 : intAt(slots, above)
        beyondGuest ||= guests[above] === 1
        if (slot < 0) continue
        for (let part = parts.first(i); part >= 0; part = intAt(parts.next, part))
          if (parts.workload[part] !== overhead)
            this.#note(slot, intAt(parts.workload, part), floatAt(parts.milliW, part))
      }
    }
  }

  /** Splits mW over the workloads behind meter `under` by their draw, or charges them to overhead if these draw nothing. */
  spread(
    under: number,
    milliW: number,
    overhead: number,
    charge: (workload: number, milliW: number) => void,
  ): void {
    const slot = this.#slots.get(under) as number
    const weightOf = (w: number) => floatAt(this.#milliW, slot * this.#workloads + w)
    const shares = (this.#present[slot] as number[]).filter((w) => weightOf(w) > 0)
    if (shares.length === 0) charge(overhead, milliW)
    const amounts = apportion(milliW, shares.map(weightOf))
    for (const [k, workload] of shares.entries()) charge(workload, numberAt(amounts, k))
  }

  #note(slot: number, workload: number, milliW: number): void {
    const cell = slot * this.#workloads + workload
    const present = this.#present[slot] as number[]
    if (this.#milliW[cell] === 0 && !present.includes(workload)) present.push(workload)
    this.#milliW[cell] = floatAt(this.#milliW, cell) + milliW
  }
}
