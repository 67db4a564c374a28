import type { Device } from '../../protocol/device.ts'
import { rootOf } from './identity.ts'
import { hostnameOf } from './own-host.ts'

type Told = ReadonlyMap<string, Device>

/** Of one inventory: its hosts and services by what they have in common with others, and what was found for each device. */
interface Machines {
  wholes: ReadonlyMap<string, readonly Device[]>
  found: Map<string, readonly string[]>
}

/**
 * By what hosts, services and GPUs are found to be one machine: name, host name, computer, and the host that a GPU, or a service, is metered by. What an agent tells
 * of its own hosts connects its own devices alone: a GPU that knows its host's name is on the computer that this host tells.
 */
export class MachineKeys {
  readonly #machines = new WeakMap<Told, Machines>()

  /** The keys of a device by its name; none where the inventory does not have it. */
  named(deviceId: string, told: Told | undefined): readonly string[] {
    const device = told?.get(deviceId)
    return told && device ? this.of(device, told) : []
  }

  /** The keys of a device, in order. @param told the inventory that it stands in */
  of(device: Device, told: Told): readonly string[] {
    const known = this.#machines.get(told) ?? { wholes: wholesOf(told), found: new Map() }
    this.#machines.set(told, known)
    const found = known.found.get(device.deviceId) ?? connected(device, told, known.wholes)
    known.found.set(device.deviceId, found)
    return found
  }
}

export const isWhole = ({ kind }: Device): boolean => kind === 'host' || kind === 'service'

function wholesOf(told: Told): Map<string, Device[]> {
  const wholes = new Map<string, Device[]>()
  for (const device of told.values())
    if (isWhole(device))
      for (const key of ownKeys(device, told)) wholes.set(key, [...(wholes.get(key) ?? []), device])
  return wholes
}

function connected(device: Device, told: Told, wholes: ReadonlyMap<string, readonly Device[]>): string[] {
  const keys = new Set(ownKeys(device, told))
  // a set that grows while it is read gives what was added too
  for (const key of keys)
    for (const whole of wholes.get(key) ?? []) for (const own of ownKeys(whole, told)) keys.add(own)
  return [...keys].sort()
}

function ownKeys(device: Device, told: Told): string[] {
  const { deviceId, computer, meteredBy, kind } = device
  const hostname = hostnameOf(device)
  return [
    `name ${rootOf(deviceId).toLowerCase()}`,
    ...(hostname === undefined ? [] : [`name ${hostname}`]),
    ...(computer === undefined ? [] : [`computer ${computer}`]),
    ...(meteredBy !== undefined && (kind === 'gpu' || isOnHost(device, told))
      ? [`name ${meteredBy.toLowerCase()}`]
      : []),
  ]
}

/** A service that is metered by a host runs on it; a PDU has services of many hosts behind it. */
const isOnHost = ({ kind, meteredBy = '' }: Device, told: Told): boolean =>
  kind === 'service' && told.get(meteredBy)?.kind === 'host'
