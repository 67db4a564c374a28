import { HOUR_MS } from '../../../protocol/units.ts'
import { inChunks } from '../chunks.ts'
import { type Contract, contractUsdPerH, isContract } from '../settlement/contracts.ts'
import { energyCostUsdPerH } from '../settlement/costs.ts'
import { UNPAID } from '../unpaid.ts'
import type { Workload } from '../workloads.ts'
import type { LiveCharges } from './live-charges.ts'
import type { LiveContext, LiveWorkload } from './live-device.ts'
import type { LiveEarnings } from './live-earnings.ts'
import type { OwnerParts } from './owner-parts.ts'
import type { WorkloadIndex } from './workload-index.ts'

/** Sums by workload, and what each device has of what is paid to a workload as a whole. */
export class LiveTotals {
  readonly #index: WorkloadIndex
  readonly #workloads: LiveWorkload[]
  /** by workload: W of the devices that work for it */
  readonly #membersW: Float64Array
  /** by workload: USD/h that devices without power of their own earn */
  readonly #served: Float64Array
  /** by workload, 1: what its servers earn is its GPUs' */
  readonly #isServed: Uint8Array
  /** by workload: USD/h that each W of its members is credited with */
  readonly #usdPerHPerW: Float64Array

  constructor(index: WorkloadIndex) {
    this.#index = index
    this.#workloads = index.attributions.map(({ name, workload }) => emptyTotal(name, workload?.kind))
    this.#isServed = Uint8Array.from(this.#workloads, ({ kind }) => (kind === 'tokens' ? 1 : 0))
    this.#membersW = new Float64Array(index.count)
    this.#served = new Float64Array(index.count)
    this.#usdPerHPerW = new Float64Array(index.count)
  }

  /** Adds up what the parts of all devices that earn have and do. */
  addParts(parts: OwnerParts, earnings: LiveEarnings, usdPerShare = 0): void {
    const sums = new OwnerPartSums(this.#index.count)
    inChunks(earnings.earns.length, (begin, end) =>
      this.#addSome(begin, end, sums, parts, earnings, usdPerShare),
    )
    for (const [w, total] of this.#workloads.entries()) sums.copyTo(total, w)
  }

  #addSome(
    begin: number,
    end: number,
    sums: OwnerPartSums,
    parts: OwnerParts,
    { earns, powerW }: LiveEarnings,
    usdPerShare: number,
  ) {
    const { next, workload, share } = parts
    for (let i = begin; i < end; i++) {
      if (!earns[i] || workload[i] === -1) continue
      const watts = powerW[i] as number
      for (let part = i; part >= 0; part = next[part] as number) {
        const w = workload[part] as number
        sums.add(w, parts, part, usdPerShare)
        const memberW = watts * (share[part] as number)
        if (memberW !== 0 && !Number.isNaN(memberW))
          this.#membersW[w] = (this.#membersW[w] as number) + memberW
        else this.#served[w] = (this.#served[w] as number) + parts.earnsUsdPerH(part, usdPerShare)
      }
    }
  }

  addCharges({ milliW }: LiveCharges, usdPerKwh: number): void {
    for (const [w, total] of this.#workloads.entries()) {
      total.powerW = (milliW[w] as number) / 1000
      total.energyCostUsdPerH = energyCostUsdPerH(total.powerW, usdPerKwh)
    }
  }

  /** Contracts are paid whatever is used; what they pay is credited to their machines, by power. */
  payContracts({ workloads, monthOf }: LiveContext, atMs: number, inForce: (w: Workload) => boolean): void {
    for (const workload of workloads) {
      if (!isContract(workload) || !inForce(workload)) continue
      const w = this.#index.of(workload.name)
      const total = this.#workloads[w] as LiveWorkload
      const usdPerH = contractUsdPerH(workload satisfies Contract, atMs, total, monthOf)
      total.revenueUsdPerH += usdPerH
      const membersW = this.#membersW[w] as number
      if (membersW > 0) this.#usdPerHPerW[w] = usdPerH / membersW
    }
  }

  /**
   * An LLM server counts the tokens, the GPUs behind it take the watts: what it earns is credited to the machines that work for
   * the same workload, by power. A workload's sum stays as it is.
   */
  creditServersToTheirGpus(): void {
    for (const [w, { kind }] of this.#workloads.entries()) {
      const membersW = this.#membersW[w] as number
      if (kind === 'tokens' && membersW > 0) this.#usdPerHPerW[w] = (this.#served[w] as number) / membersW
    }
  }

  /** The demand charge, shared by power. */
  shareDemand({ costs: { demand }, monthOf }: LiveContext, atMs: number): void {
    if (!demand) return
    const month = monthOf(atMs)
    const usdPerH = (demand.usdPerKwMonth * demand.billedKw) / ((month.endMs - month.startMs) / HOUR_MS)
    const all = this.#workloads.filter((t) => t.powerW > 0)
    const powerW = all.reduce((sum, t) => sum + t.powerW, 0)
    if (powerW > 0) for (const t of all) t.demandUsdPerH = (usdPerH * t.powerW) / powerW
    else (this.#workloads[this.#index.overhead] as LiveWorkload).demandUsdPerH = usdPerH
  }

  /** What each device earns: its own work, and its part of what is paid to a workload as a whole. */
  credit(parts: OwnerParts, earnings: LiveEarnings, usdPerShare = 0): void {
    inChunks(earnings.earns.length, (begin, end) =>
      this.#creditSome(begin, end, parts, earnings, usdPerShare),
    )
  }

  #creditSome(
    begin: number,
    end: number,
    parts: OwnerParts,
    { earns, powerW, revenueUsdPerH }: LiveEarnings,
    usdPerShare: number,
  ) {
    const { next, workload, share } = parts
    for (let i = begin; i < end; i++) {
      let usdPerH = 0
      if (earns[i] && workload[i] !== -1)
        for (let part = i; part >= 0; part = next[part] as number) {
          const w = workload[part] as number
          const memberW = (powerW[i] as number) * (share[part] as number)
          const takes = memberW !== 0 && !Number.isNaN(memberW)
          const isGivenAway = !takes && this.#isServed[w] === 1 && (this.#membersW[w] as number) > 0
          if (!isGivenAway) usdPerH += parts.earnsUsdPerH(part, usdPerShare)
          if (takes) usdPerH += (this.#usdPerHPerW[w] as number) * memberW
        }
      revenueUsdPerH[i] = usdPerH
    }
  }

  /** What is configured, idle, and of the rest what there is. */
  all(): LiveWorkload[] {
    const { idle, attributions } = this.#index
    return this.#workloads.filter(
      (t, w) =>
        attributions[w]?.workload || w === idle || t.devices > 0 || t.powerW !== 0 || t.demandUsdPerH !== 0,
    )
  }
}

const emptyTotal = (workload: string, kind: Workload['kind'] | undefined): LiveWorkload => ({
  workload,
  kind: kind ?? (workload === UNPAID.overhead || workload === UNPAID.unaccounted ? workload : 'idle'),
  powerW: 0,
  revenueUsdPerH: 0,
  feesUsdPerH: 0,
  energyCostUsdPerH: 0,
  demandUsdPerH: 0,
  devices: 0,
  hashrateHs: 0,
  gpusHeld: 0,
  tokensInPerS: 0,
  tokensOutPerS: 0,
})

const SUMMED = [
  'revenueUsdPerH',
  'feesUsdPerH',
  'hashrateHs',
  'gpusHeld',
  'tokensInPerS',
  'tokensOutPerS',
] as const

/** By workload, in flat arrays. */
class OwnerPartSums {
  readonly devices: Int32Array
  readonly revenueUsdPerH: Float64Array
  readonly feesUsdPerH: Float64Array
  readonly hashrateHs: Float64Array
  readonly gpusHeld: Float64Array
  readonly tokensInPerS: Float64Array
  readonly tokensOutPerS: Float64Array

  constructor(count: number) {
    this.devices = new Int32Array(count)
    this.revenueUsdPerH = new Float64Array(count)
    this.feesUsdPerH = new Float64Array(count)
    this.hashrateHs = new Float64Array(count)
    this.gpusHeld = new Float64Array(count)
    this.tokensInPerS = new Float64Array(count)
    this.tokensOutPerS = new Float64Array(count)
  }

  add(w: number, parts: OwnerParts, part: number, usdPerShare: number): void {
    this.devices[w] = (this.devices[w] as number) + 1
    this.revenueUsdPerH[w] = (this.revenueUsdPerH[w] as number) + parts.earnsUsdPerH(part, usdPerShare)
    this.feesUsdPerH[w] = (this.feesUsdPerH[w] as number) + parts.keptUsdPerH(part, usdPerShare)
    this.hashrateHs[w] = (this.hashrateHs[w] as number) + (parts.hashrateHs[part] as number)
    this.gpusHeld[w] = (this.gpusHeld[w] as number) + (parts.gpusHeld[part] as number)
    this.tokensInPerS[w] = (this.tokensInPerS[w] as number) + (parts.tokensInPerS[part] as number)
    this.tokensOutPerS[w] = (this.tokensOutPerS[w] as number) + (parts.tokensOutPerS[part] as number)
  }

  copyTo(total: LiveWorkload, w: number): void {
    total.devices = this.devices[w] as number
    for (const key of SUMMED) total[key] = this[key][w] as number
  }
}
