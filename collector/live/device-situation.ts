import { isUnknownPool } from '../../protocol/owner.ts'
import { earnedPerH } from '../economics/settlement/revenue.ts'
import type { WorkloadOf } from '../economics/workloads.ts'
import type { DeviceSituation } from '../plugin/situation.ts'
import type { SiteDevice } from './reading-columns.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** The devices of a site for the alert rules. Each object is built once, and reads the newest snapshot. */
export class DeviceSituations {
  readonly #mining: WorkloadOf<'mining'> | undefined
  #built: { from: LiveSnapshot['devices']; devices: LiveDeviceSituation[]; now: Now } | undefined

  /** @param mining the workload by which the possible earnings of miners are computed */
  constructor(mining: WorkloadOf<'mining'> | undefined) {
    this.#mining = mining
  }

  /** The devices to judge. @param places their indexes in the snapshot */
  of(snapshot: LiveSnapshot, places: Int32Array): DeviceSituation[] {
    if (this.#built?.from !== snapshot.devices) {
      const now: Now = { snapshot, mining: this.#mining }
      this.#built = {
        from: snapshot.devices,
        now,
        devices: snapshot.devices.map((d, i) => new LiveDeviceSituation(d, i, now)),
      }
    }
    this.#built.now.snapshot = snapshot
    const { devices } = this.#built
    return Array.from(places, (i) => devices[i] as LiveDeviceSituation)
  }
}

/** State that all devices share. */
interface Now {
  snapshot: LiveSnapshot
  readonly mining: WorkloadOf<'mining'> | undefined
}

class LiveDeviceSituation implements DeviceSituation {
  readonly #d: SiteDevice
  readonly #i: number
  readonly #now: Now

  constructor(d: SiteDevice, i: number, now: Now) {
    this.#d = d
    this.#i = i
    this.#now = now
  }

  get deviceId() {
    return this.#d.device.deviceId
  }
  get agentId() {
    return this.#d.agentId
  }
  get kind() {
    return this.#d.device.kind
  }
  get container() {
    return this.#d.device.location?.container
  }
  get rack() {
    return this.#d.device.location?.rack
  }
  get model() {
    return this.#d.device.model
  }
  get stale() {
    return this.#d.stale
  }
  get state() {
    return this.#d.sample?.state ?? 'unknown'
  }
  get hashrateHs() {
    return this.#d.sample?.hashrateHs
  }
  get expectedHashrateHs() {
    return this.#d.device.expectedHashrateHs
  }
  get boardsWorking() {
    return this.#d.sample?.boardsWorking
  }
  get boardsFitted() {
    return this.#d.sample?.boardsFitted
  }
  get tempC() {
    return this.#d.sample?.tempC
  }
  get faults() {
    return this.#d.sample?.faults
  }
  get poolUnknown() {
    return this.#d.sample?.holders?.some(({ owner }) => isUnknownPool(owner)) === true
  }
  get earnsUsdPerH() {
    const { earns, revenueUsdPerH } = this.#now.snapshot.figures.earnings
    return earns[this.#i] ? revenueUsdPerH[this.#i] : undefined
  }
  get netUsdPerH() {
    const { earnings } = this.#now.snapshot.figures
    return earnings.earns[this.#i] ? earnings.netUsdPerH(this.#i) : undefined
  }
  /** USD/h that a miner would earn at its expected hashrate in the first mining workload. */
  get couldEarnUsdPerH() {
    const { device } = this.#d
    const { snapshot, mining } = this.#now
    if (device.kind !== 'asic' || device.expectedHashrateHs === undefined) return undefined
    const work = { workload: mining, owner: {}, device }
    return earnedPerH(work, { hashrateHs: device.expectedHashrateHs }, snapshot.figures.usdPerShare)
      .revenueUsd
  }
}
