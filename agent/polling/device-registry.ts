import type { Device } from '../../protocol/device.ts'
import type { Sample } from '../../protocol/sample.ts'
import { ratingOf } from '../asic/models/rated-efficiency.ts'
import { AUTO, type DeviceConfig } from '../config/device-config.ts'
import type { Driver } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'
import type { Place } from './device-places.ts'

/** One device and its newest sample. */
interface Entry {
  device: Device
  /** `members` since which it is in the list */
  since: number
  /** absent: the device was not read yet */
  sample?: Sample
}

/** Every device of the agent with its newest sample. Device facts come from the configuration, and where it is silent from the machine. */
export class DeviceRegistry {
  readonly #drivers: readonly Driver[]
  readonly #entries = new Map<string, Entry>()
  /** ids of the devices behind each configured target: one, or the parts of one machine */
  readonly #parts = new Map<string, Set<string>>()
  /** ids of devices that were read since their samples were taken, the longest ago first */
  readonly #unsent = new Set<string>()
  #version = 0
  #members = 0

  constructor(configs: readonly DeviceConfig[], drivers: readonly Driver[]) {
    this.#drivers = drivers
    for (const config of configs) {
      const kind = drivers.find((d) => d.name === config.driver)?.kind ?? 'asic'
      const device: Device = { deviceId: config.id, kind, driver: config.driver, ...configuredFacts(config) }
      this.#entries.set(config.id, { device, since: 0 })
      this.#parts.set(config.id, new Set([config.id]))
    }
  }

  /** Increases whenever the inventory changes. */
  get version(): number {
    return this.#version
  }

  /** Increases where a device came or went. */
  get members(): number {
    return this.#members
  }

  devices(): Device[] {
    return [...this.#entries.values()].map((e) => e.device)
  }

  samples(): Sample[] {
    return [...this.#entries.values()].flatMap(({ sample }) => sample ?? [])
  }

  /**
   * The newest samples of the devices that were read since the last call. @param members devices that came later are not known to the
   * collector yet; their samples stay
   */
  takeUnsent(members: number): Sample[] {
    const taken: Sample[] = []
    for (const deviceId of this.#unsent) {
      const entry = this.#entries.get(deviceId)
      if (entry && entry.since > members) continue
      this.#unsent.delete(deviceId)
      if (entry?.sample) taken.push(entry.sample)
    }
    return taken
  }

  /** Everything is to be sent again: a collector has just come. */
  resend(): void {
    for (const deviceId of this.#entries.keys()) this.#unsent.add(deviceId)
  }

  /** What does not answer is asked less and less often, and is still known not to answer. @returns whether there is any */
  resendUnreachable(): boolean {
    let isAny = false
    for (const [deviceId, { sample }] of this.#entries)
      if (sample?.state === 'unreachable') {
        this.#unsent.add(deviceId)
        isAny = true
      }
    return isAny
  }

  /**
   * Takes the readings of one target.
   * @param place what the agent itself knows of where the target is
   * @returns each reading with its device's id within the site
   */
  update(
    config: DeviceConfig,
    driver: string,
    readings: readonly Reading[],
    wallMs: number,
    place: Place = {},
  ): { deviceId: string; reading: Reading }[] {
    const parts = this.#parts.get(config.id) ?? new Set()
    this.#parts.set(config.id, parts)
    let isChanged = false
    const identified = readings.map((reading) => {
      const deviceId = reading.part ? `${config.id}/${reading.part}` : config.id
      const device: Device = {
        deviceId,
        driver: driver === AUTO ? config.driver : driver,
        ...place,
        ...(reading.identity.kind === 'host' && this.#measures(driver)),
        ...reading.identity,
        ...modelFacts(reading.identity),
        ...configuredFacts(config),
        ...(reading.behind !== undefined && {
          meteredBy: reading.behind === '' ? config.id : `${config.id}/${reading.behind}`,
        }),
        ...(reading.identity.tags && { tags: { ...reading.identity.tags, ...config.tags } }),
      }
      const before = this.#entries.get(deviceId)
      if (!before || JSON.stringify(before.device) !== JSON.stringify(device)) this.#version++
      if (!before && !isChanged) {
        this.#members++
        isChanged = true
      }
      const sample = { deviceId, observedAtMs: wallMs, ...reading.sample }
      this.#entries.set(deviceId, { device, sample, since: before?.since ?? this.#members })
      this.#unsent.add(deviceId)
      parts.add(deviceId)
      return { deviceId, reading }
    })
    // the machine named its parts, so the configured id is no device of its own any more
    if (readings.length > 0 && readings.every((r) => r.part) && parts.delete(config.id)) {
      this.#entries.delete(config.id)
      this.#version++
      if (!isChanged) this.#members++
    }
    return identified
  }

  #measures(driver: string): Pick<Device, 'measures'> {
    const measures = this.#drivers.find(({ name }) => name === driver)?.measures
    return measures === undefined ? {} : { measures }
  }

  /** The target did not answer: every device behind it becomes unreachable, and its last values are dropped. */
  fail(config: DeviceConfig, reason: string, wallMs: number): void {
    for (const deviceId of this.#parts.get(config.id) ?? []) {
      const entry = this.#entries.get(deviceId)
      if (!entry) continue
      entry.sample = {
        deviceId,
        observedAtMs: wallMs,
        state: 'unreachable',
        faults: [reason.slice(0, 256)],
      }
      this.#unsent.add(deviceId)
    }
  }
}

/** What the maker rates the model of a miner at. */
function modelFacts({ kind, model, algorithm }: Reading['identity']): Partial<Device> {
  const rating = kind === 'asic' && algorithm === undefined ? ratingOf(model) : undefined
  return rating ? { modelHashrateHs: rating.hashrateThs * 1e12, modelPowerW: rating.powerW } : {}
}

/** The configured facts of a device. They override the machine's own. */
function configuredFacts(config: DeviceConfig): Partial<Device> {
  const facts: Partial<Device> = {}
  if (config.location) facts.location = config.location
  if (config.ratedPowerW !== undefined) facts.ratedPowerW = config.ratedPowerW
  if (config.expectedHashrateHs !== undefined) facts.expectedHashrateHs = config.expectedHashrateHs
  if (config.meteredBy) facts.meteredBy = config.meteredBy
  if (config.generates) facts.generates = config.generates
  if (config.tags) facts.tags = config.tags
  return facts
}
