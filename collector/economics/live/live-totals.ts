import { HOUR_MS } from '../../../protocol/units.ts'
import { inChunks } from '../chunks.ts'
import { floatAt, intAt } from '../element.ts'
import { type Contract, contractUsdPerH, isContract } from '../settlement/contracts.ts'
import { energyCostUsdPerH } from '../settlement/costs.ts'
import { UNPAID } from '../unpaid.ts'
import type { Workload } from '../workloads.ts'
import type { LiveCharges } from './live-charges.ts'
import type { LiveContext, LiveWorkload } from './live-device.ts'
import type { LiveEarnings } from './live-earnings.ts'
import type { OwnerParts } from './owner-parts.ts'
import { OwnerPartSums } from './part-sums.ts'
import type { WorkloadIndex } from './workload-index.ts'

/** Sums by workload, and the share of each device in revenue that is paid to a workload as a whole. */
export class LiveTotals {
  readonly #index: WorkloadIndex
  readonly #workloads: LiveWorkload[]
  /** for each workload: W of the devices that work for it */
  readonly #membersW: Float64Array
  /** for each workload: the part of membersW that is estimated */
  readonly #estimatedW: Float64Array
  /** for each workload: USD/h that devices without power of their own earn, such as LLM servers */
  readonly #servedUsdPerH: Float64Array
  /** for each workload, 1: the revenue of its servers is credited to its GPUs */
  readonly #isServed: Uint8Array
  /** for each workload: USD/h credited to each W of its devices */
  readonly #usdPerHPerW: Float64Array

  constructor(index: WorkloadIndex) {
    this.#index = index
    this.#workloads = index.attributions.map(({ name, workload }) => emptyTotal(name, workload?.kind))
    this.#isServed = Uint8Array.from(this.#workloads, ({ kind }) => (kind === 'tokens' ? 1 : 0))
    this.#membersW = new Float64Array(index.count)
    this.#estimatedW = new Float64Array(index.count)
    this.#servedUsdPerH = new Float64Array(index.count)
    this.#usdPerHPerW = new Float64Array(index.count)
  }

  /** Adds the rates of all owners' parts to their workloads. @param usdPerShare expected reward of a difficulty-1 share, USD */
  addParts(parts: OwnerParts, earnings: LiveEarnings, usdPerShare = 0): void {
    const sums = new OwnerPartSums(this.#index.count)
    inChunks(earnings.earns.length, (begin, end) =>
      this.#addPartsOf(begin, end, sums, parts, earnings, usdPerShare),
    )
    for (const [w, total] of this.#workloads.entries()) {
      sums.copyTo(total, w)
      total.estimatedPowerW = floatAt(this.#estimatedW, w)
    }
  }

  #addPartsOf(
    begin: number,
    end: number,
    sums: OwnerPartSums,
    parts: OwnerParts,
    earnings: LiveEarnings,
    usdPerShare: number,
  ) {
    const { earns, powerW } = earnings
    const { next, workload, share } = parts
    for (let i = begin; i < end; i++) {
      if (!earns[i] || workload[i] === -1) continue
      const watts = floatAt(powerW, i)
      const isEstimated = earnings.isEstimated(i)
      for (let part = i; part >= 0; part = intAt(next, part)) {
        const w = intAt(workload, part)
        sums.add(w, parts, part, usdPerShare)
        const memberW = watts * floatAt(share, part)
        if (memberW !== 0 && !Number.isNaN(memberW)) {
          this.#membersW[w] = floatAt(this.#membersW, w) + memberW
          if (isEstimated) this.#estimatedW[w] = floatAt(this.#estimatedW, w) + memberW
        } else
          this.#servedUsdPerH[w] = floatAt(this.#servedUsdPerH, w) + parts.earnsUsdPerH(part, usdPerShare)
      }
    }
  }

  /** Sets power and energy cost of each workload. @param usdPerKwh cost of energy, transmission included */
  addCharges({ milliW }: LiveCharges, usdPerKwh: number): void {
    for (const [w, total] of this.#workloads.entries()) {
      total.powerW = floatAt(milliW, w) / 1000
      total.energyCostUsdPerH = energyCostUsdPerH(total.powerW, usdPerKwh)
    }
  }

  /** Adds what contracts pay, at any use. Their revenue is credited to their machines by power. */
  payContracts({ workloads, monthOf }: LiveContext, atMs: number, inForce: (w: Workload) => boolean): void {
    for (const workload of workloads) {
      if (!isContract(workload) || !inForce(workload)) continue
      const w = this.#index.of(workload.name)
      const total = this.#workloads[w] as LiveWorkload
      const usdPerH = contractUsdPerH(workload satisfies Contract, atMs, total, monthOf)
      total.revenueUsdPerH += usdPerH
      const membersW = floatAt(this.#membersW, w)
      if (membersW > 0) this.#usdPerHPerW[w] = usdPerH / membersW
    }
  }

  /**
   * An LLM server counts the tokens, but the GPUs behind it draw the power: its revenue is credited to the machines of the same
   * workload, by power. The sum of the workload does not change.
   */
  creditServersToTheirGpus(): void {
    for (const [w, { kind }] of this.#workloads.entries()) {
      const membersW = floatAt(this.#membersW, w)
      if (kind === 'tokens' && membersW > 0) this.#usdPerHPerW[w] = floatAt(this.#servedUsdPerH, w) / membersW
    }
  }

  /** Shares the demand charge over the workloads by power: billed kW x USD/kW-month / hours of the month. */
  shareDemand({ costs: { demand }, monthOf }: LiveContext, atMs: number): void {
    if (!demand) return
    const month = monthOf(atMs)
    const usdPerH = (demand.usdPerKwMonth * demand.billedKw) / ((month.endMs - month.startMs) / HOUR_MS)
    const all = this.#workloads.filter((t) => t.powerW > 0)
    const powerW = all.reduce((sum, t) => sum + t.powerW, 0)
    if (powerW > 0) for (const t of all) t.demandUsdPerH = (usdPerH * t.powerW) / powerW
    else (this.#workloads[this.#index.overhead] as LiveWorkload).demandUsdPerH = usdPerH
  }

  /** Sets the revenue of each device: that of its own work, and its share of what is paid to its workloads as a whole. */
  creditDevices(parts: OwnerParts, earnings: LiveEarnings, usdPerShare = 0): void {
    inChunks(earnings.earns.length, (begin, end) =>
      this.#creditDevicesOf(begin, end, parts, earnings, usdPerShare),
    )
  }

  #creditDevicesOf(
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
        for (let part = i; part >= 0; part = intAt(next, part)) {
          const w = intAt(workload, part)
          const memberW = floatAt(powerW, i) * floatAt(share, part)
          const drawsPower = memberW !== 0 && !Number.isNaN(memberW)
          const isGivenAway = !drawsPower && this.#isServed[w] === 1 && floatAt(this.#membersW, w) > 0
          if (!isGivenAway) usdPerH += parts.earnsUsdPerH(part, usdPerShare)
          if (drawsPower) usdPerH += floatAt(this.#usdPerHPerW, w) * memberW
        }
      revenueUsdPerH[i] = usdPerH
    }
  }

  /** All configured workloads and `idle`; other names in UNPAID only if they have devices, power or demand charge. */
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
  estimatedPowerW: 0,
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
