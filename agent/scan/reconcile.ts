import { AUTO, type DeviceConfig } from '../config/device-config.ts'
import type { Driver } from '../plugin/driver.ts'
import { hardwareKey, isOtherHardware } from '../wire/loose-json/hardware-id.ts'
import { nameOf } from './device-names.ts'
import type { Places } from './places.ts'
import type { Found } from './sweep.ts'

/** A configured device with its resolved address. */
export interface Configured {
  device: DeviceConfig
  /** its IPv4 address; absent: the device has no host, or its name can't be resolved */
  address?: string | undefined
}

/** A device to append to the configuration. */
export type NewDevice = Pick<DeviceConfig, 'id' | 'location'> & { found: Found }

/** The changes that a scan makes to a configuration, and what a person should check. `index` is a device's place in `devices:`. */
export interface Plan {
  unchanged: number
  /** machines that have another address now */
  moved: { index: number; id: string; from: string; to: string }[]
  /** devices without `hardwareId` in the configuration, which get one */
  noted: { index: number; id: string; hardwareId: string }[]
  added: NewDevice[]
  /** devices that were not found, while another machine answers at their address */
  exchanged: { id: string; host: string; expected: string; found: string }[]
  /** devices that were not found at any scanned address */
  missing: { id: string; host: string }[]
}

export interface ReconcileOptions {
  drivers: readonly Driver[]
  /** ports that were tried; the scan can't find a device that is configured at another port */
  ports: readonly number[]
  placeOf: Places
  /** whether an address was scanned: only then can its device be missing */
  scanned: (address: string) => boolean
}

/**
 * Compares the machines that were found with the configuration. A machine is recognised by its MAC or serial number at any address.
 * If the machine or its configuration has neither, its address decides.
 */
export function reconcile(
  found: readonly Found[],
  configured: readonly Configured[],
  options: ReconcileOptions,
): Plan {
  const { placeOf, scanned } = options
  const plan: Plan = { unchanged: 0, moved: [], noted: [], added: [], exchanged: [], missing: [] }
  const machines = withoutSharedIds(found.filter((m) => m.driver !== undefined))
  const entries = configured.map((c, index) => ({ ...c, index, seen: !isLookedFor(c.device, options) }))
  const byHardware = new Map(
    entries.flatMap((e) => (e.device.hardwareId ? [[hardwareKey(e.device.hardwareId), e]] : [])),
  )
  const unknown: Found[] = []
  for (const machine of machines) {
    const id = machine.identity?.hardwareId
    const entry = id === undefined ? undefined : byHardware.get(hardwareKey(id))
    if (!entry) {
      unknown.push(machine)
      continue
    }
    entry.seen = true
    const { index, device, address } = entry
    // a host name follows the machine, so the configuration needn't change
    if (address === machine.host || device.host !== address) plan.unchanged++
    else plan.moved.push({ index, id: device.id, from: address ?? '', to: machine.host })
  }

  const names = new Set(configured.map((c) => c.device.id))
  for (const machine of unknown) {
    const { host } = machine
    const id = machine.identity?.hardwareId
    const entry = entries.find((e) => !e.seen && e.address === host)
    const expected = entry?.device.hardwareId
    if (!entry) plan.added.push(newDevice(machine, placeOf, names))
    else if (id !== undefined && expected !== undefined && isOtherHardware(id, expected))
      plan.exchanged.push({ id: entry.device.id, host, expected, found: id })
    else if (id !== undefined && expected === undefined)
      plan.noted.push({ index: entry.index, id: entry.device.id, hardwareId: id })
    else plan.unchanged++
    if (entry) entry.seen = true
  }
  for (const { device, address, seen } of entries)
    if (!seen && address !== undefined && scanned(address))
      plan.missing.push({ id: device.id, host: device.host ?? address })
  return plan
}

/** Whether a scan can find this device: it finds miners on the scanned ports, but no meters, exporters or services. */
function isLookedFor(device: DeviceConfig, { drivers, ports }: ReconcileOptions): boolean {
  const isMiner = device.driver === AUTO || drivers.find((d) => d.name === device.driver)?.kind === 'asic'
  const own = [device.port, device['webPort']].filter((p) => p !== undefined)
  return isMiner && (own.length === 0 || own.some((p) => ports.includes(Number(p))))
}

/**
 * Removes ids that several machines share: control boards with a cloned image have the same MAC, and a router may answer for many
 * addresses with its own MAC.
 */
function withoutSharedIds(machines: readonly Found[]): Found[] {
  const counts = new Map<string, number>()
  const keyOf = (m: Found) => m.identity?.hardwareId && hardwareKey(m.identity.hardwareId)
  for (const machine of machines) {
    const key = keyOf(machine)
    if (key) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return machines.map((machine) => {
    const key = keyOf(machine)
    if (!key || counts.get(key) === 1) return machine
    const { hardwareId, ...identity } = machine.identity ?? {}
    return { ...machine, identity }
  })
}

function newDevice(machine: Found, placeOf: Places, names: Set<string>): NewDevice {
  const { host, driver = '', identity } = machine
  const hardwareId = identity?.hardwareId
  const { id, location } = placeOf({ host, hardwareId }) ?? {}
  const wanted = id ?? nameOf({ host, driver, hardwareId, location })
  let name = wanted
  for (let n = 2; names.has(name); n++) name = `${wanted}-${n}`
  names.add(name)
  return { id: name, found: machine, ...(location ? { location } : {}) }
}
