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
  readonly #isHost: (deviceId: string) => boolean

  /** @param isHost whether a device of any agent that has this name is a host */
  constructor(isHost: (deviceId: string) => boolean) {
    this.#isHost = isHost
  }

  /** The keys of a device by its name; none where the inventory does not have it. */
  named(deviceId: string, told: Told | undefined): readonly string[] {
    const device = told?.get(deviceId)
    return told && device ? this.of(device, told) : []
  }

  /** The keys of a device, in order. @param told the inventory that it stands in */
  of(device: Device, told: Told): readonly string[] {
    const own = this.#own(device, told)
    const above = meterOfAnother(device, told)
    const key = `name ${above?.toLowerCase()}`
    return above === undefined || own.includes(key) || !this.#isHost(above) ? own : [...own, key].sort()
  }

  /** What a device tells of its machine, in one text: it changes where the device tells something else, and by nothing that another agent tells. */
  textOf(device: Device, told: Told): string {
    const above = meterOfAnother(device, told)
    return [...this.#own(device, told), ...(above === undefined ? [] : [`on ${above}`])].join(', ')
  }

  #own(device: Device, told: Told): readonly string[] {
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

/** By what a service is metered, where its own agent does not read that: another one may. */
const meterOfAnother = ({ kind, meteredBy }: Device, told: Told): string | undefined =>
  kind === 'service' && meteredBy !== undefined && !told.has(meteredBy) ? meteredBy : undefined

/** A service that is metered by a host runs on it; a PDU has services of many hosts behind it. */
const isOnHost = ({ kind, meteredBy = '' }: Device, told: Told): boolean =>
  kind === 'service' && told.get(meteredBy)?.kind === 'host'
