import type { Device } from '../../../protocol/device.ts'
import { type Holder, NOBODY, type Owner } from '../../../protocol/owner.ts'
import type { Prices } from '../../../protocol/quote.ts'
import type { Sample } from '../../../protocol/sample.ts'
import { contractTime } from '../energy/attribution.ts'
import { MeterTree } from '../energy/meter-tree.ts'
import { type Wired, Wiring } from '../energy/wiring.ts'
import { earnedPerH, isPaidByShare, shareUsd } from '../settlement/revenue.ts'
import { energyUsdPerKwh } from '../settlement/settle.ts'
import { type BalancedSite, chargeLive } from './live-charges.ts'
import type { LiveContext, LiveDevice, LiveWorkload } from './live-device.ts'
import { LiveEarnings } from './live-earnings.ts'
import { LiveTotals } from './live-totals.ts'
import { OwnerParts } from './owner-parts.ts'
import { WorkloadIndex } from './workload-index.ts'

export interface LiveFigures {
  workloads: LiveWorkload[]
  earnings: LiveEarnings
  /** W at the site meter; absent without one that is heard */
  meterPowerW?: number
  devicesPowerW: number
  /** meters with something behind them; restW where their reading is not what stands there, and nobody knows which is right */
  meters: { agentId: string; deviceId: string; powerW: number; restW: number }[]
  /** expected reward of a difficulty-1 share, USD */
  usdPerShare?: number
}

const counts = (d: LiveDevice): boolean =>
  !d.stale && d.sample !== undefined && d.sample.state !== 'unreachable'

/**
 * The live figures of a site from one moment to the next. What a device works for and does is found anew where its sample or a
 * contract changed; all sums are made anew each time from the devices' figures, so that nothing drifts.
 */
export class LivePlane {
  readonly #context: LiveContext
  readonly #index: WorkloadIndex
  #devices: readonly LiveDevice[] = []
  #parts = new OwnerParts(0)
  #earnings: LiveEarnings
  #wiring: Wiring
  #heard = new Uint8Array(0)
  /** mW as each says itself, a whole number; NaN: it doesn't */
  #own = new Float64Array(0)
  /** whom the parts of each were made for, undefined: they have to be made; and how much of it nobody holds */
  #holders: (readonly Holder[] | undefined)[] = []
  #free = new Float64Array(0)
  #news: number[] = []
  /** who is behind whom; absent: a meter is heard or not heard any more */
  #tree: { wired: Wired; tree: MeterTree } | undefined
  /** which meters stand for GPU hosts; absent: somebody is heard or not heard any more */
  #hosts: Uint8Array | undefined

  constructor(context: LiveContext) {
    this.#context = context
    this.#index = new WorkloadIndex(context.workloads)
    this.#earnings = new LiveEarnings([], this.#parts, this.#index)
    this.#wiring = new Wiring([], context)
  }

  /** Other devices from now on. */
  reset(devices: readonly LiveDevice[]): void {
    const count = devices.length
    this.#devices = devices
    this.#parts = new OwnerParts(count)
    this.#earnings = new LiveEarnings(devices, this.#parts, this.#index)
    this.#wiring = new Wiring(
      devices.map(({ device }) => ({ deviceId: device.deviceId, device })),
      this.#context,
    )
    this.#heard = new Uint8Array(count)
    this.#own = new Float64Array(count).fill(Number.NaN)
    this.#holders = devices.map(() => undefined)
    this.#free = new Float64Array(count)
    this.#news = devices.map((_, i) => i)
    this.#tree = undefined
    this.#hosts = undefined
  }

  /** The device at this index has another sample, or is stale where it wasn't, or the other way round. */
  renew(i: number): void {
    this.#news.push(i)
  }

  /** The figures of a moment; its `earnings` are those of the newest figures. */
  figures(prices: Prices, atMs: number): LiveFigures {
    const context = this.#context
    const usdPerKwh = energyUsdPerKwh(prices, context.costs)
    const usdPerShare = shareUsd(prices)
    this.takeIn(atMs)
    const site = this.#balance()
    const { wired, tree } = site
    const earnings = this.#earnings
    earnings.balanced(tree, usdPerKwh)
    const charges = chargeLive(site, this.#index, context.attribution)
    const totals = new LiveTotals(this.#index)
    totals.addParts(this.#parts, earnings, usdPerShare)
    totals.addCharges(charges, usdPerKwh)
    totals.payContracts(context, atMs, (w) => contractTime(w)(atMs))
    totals.creditServersToTheirGpus()
    totals.shareDemand(context, atMs)
    totals.credit(this.#parts, earnings, usdPerShare)
    const siteMeter = this.#devices[wired.loads.site]
    const meterPowerW = siteMeter?.device.kind === 'meter' ? siteMeter.sample?.powerW : undefined
    return {
      workloads: totals.all(),
      earnings,
      devicesPowerW: charges.devicesMilliW / 1000,
      meters: this.#meters(tree),
      ...(meterPowerW === undefined ? {} : { meterPowerW }),
      ...(usdPerShare === undefined ? {} : { usdPerShare }),
    }
  }

  /** Finds anew what the renewed devices work for and do; `figures` does it with what is left. */
  takeIn(atMs: number): void {
    if (this.#index.moved(atMs)) {
      this.#holders.fill(undefined)
      for (let i = 0; i < this.#devices.length; i++) this.#take(i, atMs)
    } else for (const i of this.#news) this.#take(i, atMs)
    this.#news = []
  }

  #take(i: number, atMs: number): void {
    const d = this.#devices[i] as LiveDevice
    const heard = counts(d) ? 1 : 0
    if (heard !== this.#heard[i]) {
      this.#heard[i] = heard
      this.#earnings.earns[i] = heard && d.device.kind !== 'meter' ? 1 : 0
      if (this.#wiring.isNamed(i)) this.#tree = undefined
      this.#hosts = undefined
    }
    const { powerW } = (heard && d.sample) || {}
    this.#own[i] = powerW === undefined ? Number.NaN : Math.round(Math.max(0, powerW) * 1000)
    if (heard) this.#earn(i, d.device, d.sample as Sample, atMs)
    else {
      this.#parts.clear(i)
      this.#holders[i] = undefined
    }
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
    return { wired, tree, hosts: this.#hosts, parts: this.#parts }
  }

  /** Makes a device's parts where others hold it than before, and says what each earns. */
  #earn(i: number, device: Device, sample: Sample, atMs: number): void {
    const parts = this.#parts
    const holders = sample.holders ?? NO_HOLDERS
    const free = freeOf(device, sample)
    if (this.#free[i] !== free || !isSame(this.#holders[i], holders)) {
      parts.clear(i)
      let last = -1
      for (const { owner, share } of holders)
        last = parts.add(i, last, this.#workloadOf(owner, device, atMs), share)
      if (free > 0) parts.add(i, last, this.#workloadOf(NOBODY, device, atMs), free)
      this.#free[i] = free
    }
    this.#holders[i] = holders
    let k = 0
    for (let part = parts.first(i); part >= 0; part = parts.next[part] as number)
      this.#price(part, holders[k++]?.owner ?? NOBODY, device, sample)
  }

  #workloadOf(owner: Owner, device: Device, atMs: number): number {
    return this.#index.of(this.#context.attribute(owner, device, atMs).name)
  }

  /** What a part earns now: the machine's rates times the owner's share. */
  #price(part: number, owner: Owner, device: Device, sample: Sample): void {
    const parts = this.#parts
    const share = parts.share[part] as number
    const { workload } = this.#index.attributions[parts.workload[part] as number] ?? {}
    // what no workload has is in no sum of hashrate, GPUs or tokens
    const part1 = workload ? share : 0
    const rates = {
      share,
      hashrateHs: (sample.hashrateHs ?? 0) * part1,
      gpusHeld: device.kind === 'gpu' ? part1 : 0,
      tokensInPerS: (sample.tokensInPerS ?? 0) * part1,
      tokensOutPerS: (sample.tokensOutPerS ?? 0) * part1,
    }
    const work = { workload, owner, device }
    const byShare = isPaidByShare(work)
    const { revenueUsd, feeUsd } = earnedPerH(work, rates, byShare ? 1 : undefined)
    parts.revenueUsdPerH[part] = byShare ? 0 : revenueUsd
    parts.feesUsdPerH[part] = byShare ? 0 : feeUsd
    parts.paidSharesPerH[part] = byShare ? revenueUsd : 0
    parts.feeSharesPerH[part] = byShare ? feeUsd : 0
    parts.hashrateHs[part] = rates.hashrateHs
    parts.gpusHeld[part] = rates.gpusHeld
    parts.tokensInPerS[part] = rates.tokensInPerS
    parts.tokensOutPerS[part] = rates.tokensOutPerS
  }

  #meters({ behind, total, rest, disagrees }: MeterTree): LiveFigures['meters'] {
    const meters: LiveFigures['meters'] = []
    for (let i = 0; i < behind.length; i++) {
      if (behind[i] === 0) continue
      const { agentId, device } = this.#devices[i] as LiveDevice
      const restW = disagrees[i] ? (rest[i] as number) / 1000 : 0
      meters.push({ agentId, deviceId: device.deviceId, powerW: (total[i] as number) / 1000, restW })
    }
    return meters
  }
}

const NO_HOLDERS: readonly Holder[] = []

/** How much of a device nobody holds. */
function freeOf({ kind }: Device, { holders = [], powerW }: Sample): number {
  // what has no power and no holder (a server that only counts) takes nothing and is nobody's idle machine
  if (powerW === undefined && kind !== 'asic' && kind !== 'gpu') return 0
  let free = 1
  for (const { share } of holders) free -= share
  return free > 1e-9 ? free : 0
}

function isSame(a: readonly Holder[] | undefined, b: readonly Holder[]): boolean {
  if (a === b) return true
  if (a?.length !== b.length) return false
  for (let k = 0; k < b.length; k++) {
    const [one, other] = [a[k] as Holder, b[k] as Holder]
    if (one.share !== other.share || !isSameOwner(one.owner, other.owner)) return false
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
