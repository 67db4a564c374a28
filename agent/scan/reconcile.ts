import { AUTO, type DeviceConfig } from '../config/config.ts'
import type { Driver } from '../plugin/driver.ts'
import { differs, hardwareKey } from '../polling/hardware-watch.ts'
import { nameOf } from './device-names.ts'
import type { Places } from './places.ts'
import type { Found } from './sweep.ts'

/** A configured device as a scan compares it. */
export interface Configured {
  device: DeviceConfig
  /** its address, where `host` is a name; absent: it has none, or nobody knows the name */
  address?: string | undefined
}

/** A device to append to the configuration. */
export type NewDevice = Pick<DeviceConfig, 'id' | 'location'> & { found: Found }

/** What a configuration has to learn from a scan. Devices are named by their place in `devices:`. */
export interface Plan {
  unchanged: number
  /** the machine has another address now */
  moved: { index: number; id: string; from: string; to: string }[]
  /** known by its address until now */
  noted: { index: number; id: string; hardwareId: string }[]
  added: NewDevice[]
  /** another machine is where this one was, and this one nowhere */
  exchanged: { id: string; host: string; expected: string; found: string }[]
  /** no machine of these addresses is this one */
  missing: { id: string; host: string }[]
}

export interface ReconcileOptions {
  drivers: readonly Driver[]
  /** ports that were asked; a device that is configured at another port is none that was looked for */
  ports: readonly number[]
  placeOf: Places
  /** whether an address was looked at: only then can a device be missing there */
  scanned: (address: string) => boolean
}

/**
 * Compares what was found with what is configured. A machine is known by its MAC or serial, wherever it is; one that has none,
 * or whose configuration has none, by its address.
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
    // a name follows the machine by itself
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
    else if (id !== undefined && expected !== undefined && differs(id, expected))
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

/** Meters, exporters and services aren't what a scan finds, nor a machine behind another port. */
function isLookedFor(device: DeviceConfig, { drivers, ports }: ReconcileOptions): boolean {
  const isMiner = device.driver === AUTO || drivers.find((d) => d.name === device.driver)?.kind === 'asic'
  const own = [device.port, device['webPort']].filter((p) => p !== undefined)
  return isMiner && (own.length === 0 || own.some((p) => ports.includes(Number(p))))
}

/** Control boards with cloned images have one MAC, and a router may answer for many addresses with its own: no identity. */
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
