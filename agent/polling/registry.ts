import type { Device } from '../../protocol/device.ts'
import type { Sample } from '../../protocol/sample.ts'
import { AUTO, type DeviceConfig } from '../config/device-config.ts'
import type { Driver } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'

/** What the agent knows of one device now. */
export interface KnownDevice {
  device: Device
  /** absent: it was not asked yet */
  sample?: Sample
}

/** Every device of the agent with its newest sample: what is configured, completed by what the machines say of themselves. */
export class DeviceRegistry {
  readonly #known = new Map<string, KnownDevice>()
  /** devices that each configured entry has shown itself to be */
  readonly #parts = new Map<string, Set<string>>()
  #version = 0

  constructor(configs: readonly DeviceConfig[], drivers: readonly Driver[]) {
    for (const config of configs) {
      const kind = drivers.find((d) => d.name === config.driver)?.kind ?? 'asic'
      const device: Device = { deviceId: config.id, kind, driver: config.driver, ...configured(config) }
      this.#known.set(config.id, { device })
      this.#parts.set(config.id, new Set([config.id]))
    }
  }

  /** Grows whenever the inventory changes. */
  get version(): number {
    return this.#version
  }

  devices(): Device[] {
    return [...this.#known.values()].map((k) => k.device)
  }

  samples(): Sample[] {
    return [...this.#known.values()].flatMap(({ sample }) => sample ?? [])
  }

  /** Takes the readings of one target. @returns each with the deviceId it has within the site */
  update(
    config: DeviceConfig,
    driver: string,
    readings: readonly Reading[],
    wallMs: number,
  ): { deviceId: string; reading: Reading }[] {
    const parts = this.#parts.get(config.id) ?? new Set()
    this.#parts.set(config.id, parts)
    const seen = readings.map((reading) => {
      const deviceId = reading.part ? `${config.id}/${reading.part}` : config.id
      const device: Device = {
        deviceId,
        driver: driver === AUTO ? config.driver : driver,
        ...reading.identity,
        ...configured(config),
        ...(reading.behind !== undefined && { meteredBy: `${config.id}/${reading.behind}` }),
        ...(reading.identity.tags && { tags: { ...reading.identity.tags, ...config.tags } }),
      }
      const before = this.#known.get(deviceId)
      if (!before || JSON.stringify(before.device) !== JSON.stringify(device)) this.#version++
      this.#known.set(deviceId, { device, sample: { deviceId, observedAtMs: wallMs, ...reading.sample } })
      parts.add(deviceId)
      return { deviceId, reading }
    })
    // the entry stood for its machine until the machine named its parts
    if (readings.length > 0 && readings.every((r) => r.part) && parts.delete(config.id)) {
      this.#known.delete(config.id)
      this.#version++
    }
    return seen
  }

  /** The target didn't answer: every device behind it is unreachable, and its last figures are not repeated. */
  fail(config: DeviceConfig, reason: string, wallMs: number): void {
    for (const deviceId of this.#parts.get(config.id) ?? []) {
      const known = this.#known.get(deviceId)
      if (known)
        known.sample = {
          deviceId,
          observedAtMs: wallMs,
          state: 'unreachable',
          faults: [reason.slice(0, 256)],
        }
    }
  }
}

/** What the configuration says of a device: it stands above what the machine says. */
function configured(config: DeviceConfig): Partial<Device> {
  const facts: Partial<Device> = {}
  if (config.location) facts.location = config.location
  if (config.ratedPowerW !== undefined) facts.ratedPowerW = config.ratedPowerW
  if (config.expectedHashrateHs !== undefined) facts.expectedHashrateHs = config.expectedHashrateHs
  if (config.meteredBy) facts.meteredBy = config.meteredBy
  if (config.tags) facts.tags = config.tags
  return facts
}
