import { earnedPerH } from '../economics/settlement/revenue.ts'
import type { WorkloadOf } from '../economics/workloads.ts'
import type { DeviceSituation } from '../plugin/situation.ts'
import type { SiteDevice } from './reading-columns.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** The devices of a site as the alert rules judge them: made once for each device, each reading the newest look. */
export class DeviceSituations {
  readonly #mining: WorkloadOf<'mining'> | undefined
  #made: { from: LiveSnapshot['devices']; devices: LiveDeviceSituation[]; now: Now } | undefined

  /** @param mining what a miner could work for */
  constructor(mining: WorkloadOf<'mining'> | undefined) {
    this.#mining = mining
  }

  /** @param places indexes of the devices that are to be judged */
  of(look: LiveSnapshot, places: Int32Array): DeviceSituation[] {
    if (this.#made?.from !== look.devices) {
      const now: Now = { look, mining: this.#mining }
      this.#made = {
        from: look.devices,
        now,
        devices: look.devices.map((d, i) => new LiveDeviceSituation(d, i, now)),
      }
    }
    this.#made.now.look = look
    const { devices } = this.#made
    return Array.from(places, (i) => devices[i] as LiveDeviceSituation)
  }
}

/** What all devices share. */
interface Now {
  look: LiveSnapshot
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
  get earnsUsdPerH() {
    const { earns, revenueUsdPerH } = this.#now.look.figures.earnings
    return earns[this.#i] ? revenueUsdPerH[this.#i] : undefined
  }
  get netUsdPerH() {
    const { earnings } = this.#now.look.figures
    return earnings.earns[this.#i] ? earnings.netUsdPerH(this.#i) : undefined
  }
  /** What a miner would earn: its expected hashrate at today's pay of the first mining workload. */
  get couldEarnUsdPerH() {
    const { device } = this.#d
    const { look, mining } = this.#now
    if (device.kind !== 'asic' || device.expectedHashrateHs === undefined) return undefined
    const work = { workload: mining, owner: {}, device }
    return earnedPerH(work, { hashrateHs: device.expectedHashrateHs }, look.figures.usdPerShare).revenueUsd
  }
}
