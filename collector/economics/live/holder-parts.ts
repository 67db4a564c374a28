import type { Device } from '../../../protocol/device.ts'
import { energyShareOf, type Holder, NOBODY, type Owner } from '../../../protocol/owner.ts'
import type { Sample } from '../../../protocol/sample.ts'
import { floatAt, intAt } from '../element.ts'
import type { Attribute } from '../energy/attribution.ts'
import { earnedPerH, isPaidByShare } from '../settlement/revenue.ts'
import { OwnerParts } from './owner-parts.ts'
import type { WorkloadIndex } from './workload-index.ts'

const NO_HOLDERS: readonly Holder[] = []

/** Keeps the owners' parts of every device in step with its samples. Parts are rebuilt only where the holders changed. */
export class HolderParts {
  readonly parts: OwnerParts
  readonly #index: WorkloadIndex
  readonly #attribute: Attribute
  /** for each device: the holders that its parts were built from; undefined if the parts must be rebuilt */
  readonly #holders: (readonly Holder[] | undefined)[]
  /** for each device: the share that nobody holds, when its parts were built */
  readonly #free: Float64Array

  /** @param count number of devices */
  constructor(count: number, index: WorkloadIndex, attribute: Attribute) {
    this.parts = new OwnerParts(count)
    this.#index = index
    this.#attribute = attribute
    this.#holders = Array.from({ length: count }, () => undefined)
    this.#free = new Float64Array(count)
  }

  /** Forgets all holders, so that the next update of each device attributes its parts again. */
  invalidate(): void {
    this.#holders.fill(undefined)
  }

  /** Removes the parts of a device that is silent or stale. */
  clear(i: number): void {
    this.parts.clear(i)
    this.#holders[i] = undefined
  }

  /** Updates the parts of device i from a sample: whose they are, and what each earns an hour. */
  update(i: number, device: Device, sample: Sample, atMs: number): void {
    const { parts } = this
    const holders = sample.holders ?? NO_HOLDERS
    const free = freeShare(device, sample)
    if (this.#free[i] !== free || !isSame(this.#holders[i], holders)) {
      parts.clear(i)
      let last = -1
      for (const holder of holders) {
        const workload = this.#workloadOf(holder.owner, device, atMs)
        last = parts.add(i, last, workload, holder.share, energyShareOf(holder))
      }
      if (free > 0)
        parts.add(i, last, this.#workloadOf(NOBODY, device, atMs), free, freeEnergyShare(free, holders))
      this.#free[i] = free
    }
    this.#holders[i] = holders
    let k = 0
    for (let part = parts.first(i); part >= 0; part = intAt(parts.next, part))
      this.#price(part, holders[k++]?.owner ?? NOBODY, device, sample)
  }

  #workloadOf(owner: Owner, device: Device, atMs: number): number {
    return this.#index.of(this.#attribute(owner, device, atMs).name)
  }

  /** Sets the rates of a part: the rates of the machine x the owner's share. */
  #price(part: number, owner: Owner, device: Device, sample: Sample): void {
    const { parts } = this
    const share = floatAt(parts.share, part)
    const { workload } = this.#index.attributions[intAt(parts.workload, part)] ?? {}
    // work without a workload is left out of the sums of hashrate, GPUs and tokens
    const workShare = workload ? share : 0
    const rates = {
      share,
      hashrateHs: (sample.hashrateHs ?? 0) * workShare,
      gpusHeld: device.kind === 'gpu' ? workShare : 0,
      tokensInPerS: (sample.tokensInPerS ?? 0) * workShare,
      tokensOutPerS: (sample.tokensOutPerS ?? 0) * workShare,
    }
    // rejected shares and the firmware's dev fee pay nothing, as in the records
    const paid = { ...rates, hashrateHs: rates.hashrateHs * (sample.paidRatio ?? 1) }
    const work = { workload, owner, device }
    const byShare = isPaidByShare(work)
    const { revenueUsd, feeUsd } = earnedPerH(work, paid, byShare ? 1 : undefined)
    parts.revenueUsdPerH[part] = byShare ? 0 : revenueUsd
    parts.feesUsdPerH[part] = byShare ? 0 : feeUsd
    parts.paidSharesPerH[part] = byShare ? revenueUsd : 0
    parts.feeSharesPerH[part] = byShare ? feeUsd : 0
    parts.hashrateHs[part] = rates.hashrateHs
    parts.gpusHeld[part] = rates.gpusHeld
    parts.tokensInPerS[part] = rates.tokensInPerS
    parts.tokensOutPerS[part] = rates.tokensOutPerS
  }
}

/** The share of a device that nobody holds, 0 to 1. */
function freeShare({ kind }: Device, { holders = [], powerW }: Sample): number {
  // a server that only counts tokens has no power to charge, so it is not idle without a holder
  if (powerW === undefined && kind !== 'asic' && kind !== 'gpu') return 0
  let free = 1
  for (const { share } of holders) free -= share
  return free > 1e-9 ? free : 0
}

/** The part of a device's power that goes to nobody. */
function freeEnergyShare(free: number, holders: readonly Holder[]): number {
  if (holders.every((h) => h.energyShare === undefined)) return free
  return Math.max(0, 1 - holders.reduce((sum, h) => sum + energyShareOf(h), 0))
}

function isSame(a: readonly Holder[] | undefined, b: readonly Holder[]): boolean {
  if (a === b) return true
  if (a?.length !== b.length) return false
  for (let k = 0; k < b.length; k++) {
    const [one, other] = [a[k] as Holder, b[k] as Holder]
    if (one.share !== other.share || one.energyShare !== other.energyShare) return false
    if (!isSameOwner(one.owner, other.owner)) return false
  }
  return true
}

function isSameOwner(a: Owner, b: Owner): boolean {
  if (a === b) return true
  let facts = 0
  for (const fact in a) {
    if (a[fact] !== b[fact]) return false
    facts++
  }
  for (const _ in b) facts--
  return facts === 0
}
