import type { Device } from '../../../protocol/device.ts'
import type { Prices } from '../../../protocol/quote.ts'
import type { PowerBasis, Sample } from '../../../protocol/sample.ts'
import { contractTime } from '../contract-time.ts'
import { floatAt, intAt } from '../element.ts'
import { MeterTree } from '../energy/meter-tree.ts'
import { ownFlow } from '../energy/own-flow.ts'
import { type Wired, Wiring } from '../energy/wiring.ts'
import { shareUsd } from '../settlement/revenue.ts'
import { energyUsdPerKwh } from '../settlement/settle.ts'
import { HolderParts } from './holder-parts.ts'
import { type BalancedSite, chargeLive } from './live-charges.ts'
import type { LiveContext, LiveDevice, LiveWorkload } from './live-device.ts'
import { LiveEarnings } from './live-earnings.ts'
import { LiveTotals } from './live-totals.ts'
import { WorkloadIndex } from './workload-index.ts'

/** The figures of a site at one moment. */
/** A meter of own generation; powerW: positive while it gives */
export interface MeteredSource {
  deviceId: string
  generates: NonNullable<Device['generates']>
  powerW?: number
}

export interface LiveFigures {
  workloads: LiveWorkload[]
  earnings: LiveEarnings
  /** W at the site meter; absent if there is none, or it is not heard */
  meterPowerW?: number
  /** W of all devices other than meters, balanced with their meters */
  devicesPowerW: number
  /** meters with loads behind them; restW is the contradiction between a meter and the readings behind it, 0 if they agree */
  meters: {
    agentId: string
    deviceId: string
    powerW: number
    restW: number
    throughW: number
    /** own generation that is measured behind it; without power where its meter is silent */
    sources?: MeteredSource[]
    /** where it measures own generation itself: what is set behind it and generates nothing */
    notSources?: string[]
  }[]
  /** expected reward of a difficulty-1 share, USD; absent if a price is missing */
  usdPerShare?: number
}

const MEASURED: ReadonlySet<PowerBasis> = new Set(['metered', 'reported'])

const counts = (d: LiveDevice): boolean =>
  !d.stale && !d.claimed && d.sample !== undefined && d.sample.state !== 'unreachable'

/**
 * The live figures of a site. Owners and rates of a device are updated when its sample or a contract changes. All sums are computed
 * from the devices again at each call, so rounding errors do not accumulate.
 */
export class LivePlane {
  readonly #context: LiveContext
  readonly #index: WorkloadIndex
  #devices: readonly LiveDevice[] = []
  #holderParts: HolderParts
  #earnings: LiveEarnings
  #wiring: Wiring
  /** for each device, 1: it has a current sample */
  #heard = new Uint8Array(0)
  /** for each device: its own reading, whole mW; NaN if it has none */
  #own = new Float64Array(0)
  /** indexes of devices whose change is not yet taken in */
  #changed: number[] = []
  /** the meter tree; absent if a meter fell silent or was heard again since it was built */
  #tree: { wired: Wired; tree: MeterTree } | undefined
  /** 1 for each load that stands for a GPU host; absent if any device fell silent or was heard again since */
  #hosts: Uint8Array | undefined

  constructor(context: LiveContext) {
    this.#context = context
    this.#index = new WorkloadIndex(context.workloads)
    this.#holderParts = new HolderParts(0, this.#index, context.attribute)
    this.#earnings = new LiveEarnings([], this.#holderParts.parts, this.#index)
    this.#wiring = new Wiring([], context)
  }

  /** Replaces the list of devices. Indexes are positions in this list. */
  reset(devices: readonly LiveDevice[]): void {
    const count = devices.length
    this.#devices = devices
    this.#holderParts = new HolderParts(count, this.#index, this.#context.attribute)
    this.#earnings = new LiveEarnings(devices, this.#holderParts.parts, this.#index)
    this.#wiring = new Wiring(
      devices.map(({ device }) => ({ deviceId: device.deviceId, device })),
      this.#context,
    )
    this.#heard = new Uint8Array(count)
    this.#own = new Float64Array(count).fill(Number.NaN)
    this.#changed = devices.map((_, i) => i)
    this.#tree = undefined
    this.#hosts = undefined
  }

  /** Marks the device at an index as changed: it has a new sample, or became stale or fresh. */
  renew(i: number): void {
    this.#changed.push(i)
  }

  /** The figures at a time (Unix ms). `earnings` is valid until the next call. */
  figures(prices: Prices, atMs: number): LiveFigures {
    const context = this.#context
    const usdPerKwh = energyUsdPerKwh(prices, context.costs)
    const usdPerShare = shareUsd(prices)
    this.takeIn(atMs)
    const site = this.#balance()
    const { wired, tree } = site
    const { parts } = this.#holderParts
    const earnings = this.#earnings
    earnings.setDraw(tree, usdPerKwh)
    const charges = chargeLive(site, this.#index, context.attribution)
    const totals = new LiveTotals(this.#index)
    totals.addParts(parts, earnings, usdPerShare)
    totals.addCharges(charges, usdPerKwh)
    totals.payContracts(context, atMs, (w) => contractTime(w)(atMs))
    totals.creditServersToTheirGpus()
    totals.shareDemand(context, atMs)
    totals.creditDevices(parts, earnings, usdPerShare)
    const siteMeter = this.#devices[wired.loads.site]
    const meterPowerW = siteMeter?.device.kind === 'meter' ? siteMeter.sample?.powerW : undefined
    return {
      workloads: totals.all(),
      earnings,
      devicesPowerW: charges.devicesMilliW / 1000,
      meters: this.#meters(tree, wired.parents),
      ...(meterPowerW === undefined ? {} : { meterPowerW }),
      ...(usdPerShare === undefined ? {} : { usdPerShare }),
    }
  }

  /**
   * Updates the changed devices: owners, rates and readings. `figures` calls this too; call it when messages arrive, so that less work
   * is left for `figures`.
   */
  takeIn(atMs: number): void {
    if (this.#index.contractsChanged(atMs)) {
      this.#holderParts.invalidate()
      for (let i = 0; i < this.#devices.length; i++) this.#update(i, atMs)
    } else for (const i of this.#changed) this.#update(i, atMs)
    this.#changed = []
  }

  #update(i: number, atMs: number): void {
    const d = this.#devices[i] as LiveDevice
    const heard = counts(d) ? 1 : 0
    if (heard !== this.#heard[i]) {
      this.#heard[i] = heard
      this.#earnings.earns[i] = heard && d.device.kind !== 'meter' ? 1 : 0
      if (this.#wiring.isNamed(i)) this.#tree = undefined
      this.#hosts = undefined
    }
    const { powerW, powerBasis } = (heard && d.sample) || {}
    this.#earnings.guesses[i] = powerBasis !== undefined && !MEASURED.has(powerBasis) ? 1 : 0
    const flowW = ownFlow(
      d.device,
      d.device.kind === 'meter' || powerW === undefined ? powerW : Math.max(0, powerW),
    )
    this.#own[i] = flowW === undefined ? Number.NaN : Math.round(flowW * 1000)
    if (heard) this.#holderParts.update(i, d.device, d.sample as Sample, atMs)
    else this.#holderParts.clear(i)
  }

  #balance(): BalancedSite {
    if (!this.#tree) {
      const wired = this.#wiring.wire(this.#heard)
      wired.loads.own = this.#own
      this.#tree = { wired, tree: new MeterTree(wired.parents) }
      this.#hosts = undefined
    }
    const { wired, tree } = this.#tree
    this.#hosts ??= this.#wiring.hosts(wired)
    tree.balance(wired.loads)
    return { wired, tree, hosts: this.#hosts, parts: this.#holderParts.parts }
  }

  #meters({ behind, total, rest, disagrees }: MeterTree, parents: Int32Array): LiveFigures['meters'] {
    const meters: LiveFigures['meters'] = []
    // what own generation gives and machines take, both counted: their difference may be small
    const through = new Float64Array(behind.length)
    for (let i = 0; i < parents.length; i++) {
      const parent = intAt(parents, i)
      if (parent >= 0) through[parent] = floatAt(through, parent) + Math.abs(floatAt(total, i))
    }
    const generation = this.#generation(parents)
    for (let i = 0; i < behind.length; i++) {
      if (behind[i] === 0) continue
      const { agentId, device } = this.#devices[i] as LiveDevice
      const restW = disagrees[i] ? floatAt(rest, i) / 1000 : 0
      const powerW = floatAt(total, i) / 1000
      const throughW = Math.max(Math.abs(powerW), floatAt(through, i) / 1000)
      const { sources, notSources } = generation.get(i) ?? {}
      meters.push({
        agentId,
        deviceId: device.deviceId,
        powerW,
        restW,
        throughW,
        ...(sources && { sources }),
        ...(notSources && { notSources }),
      })
    }
    return meters
  }

  /** What each meter has behind it of own generation, and what a meter of own generation has behind it of others, by the meter's index. */
  #generation(parents: Int32Array): Map<number, { sources?: MeteredSource[]; notSources?: string[] }> {
    const found = new Map<number, { sources?: MeteredSource[]; notSources?: string[] }>()
    for (let k = 0; k < parents.length; k++) {
      const parent = intAt(parents, k)
      const { deviceId, generates } = (this.#devices[k] as LiveDevice).device
      if (parent < 0 || (!generates && !this.#devices[parent]?.device.generates)) continue
      const of = found.get(parent) ?? {}
      found.set(parent, of)
      const drawsW = floatAt(this.#own, k) / 1000
      if (!generates) of.notSources = [...(of.notSources ?? []), deviceId]
      else
        of.sources = [
          ...(of.sources ?? []),
          { deviceId, generates, ...(!Number.isNaN(drawsW) && { powerW: 0 - drawsW }) },
        ]
    }
    return found
  }
}
