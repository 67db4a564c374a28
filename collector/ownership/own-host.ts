import type { Device } from '../../protocol/device.ts'
import { rootOf } from './identity.ts'

/**
 * A GPU host is read as a host (by its BMC) and as its GPUs, often by two agents. The host's power includes the GPUs', so they are
 * behind it, also where nobody configured that; else their energy would be counted twice.
 */

/** Names that many computers have. */
const NO_HOSTNAME = /^(?:localhost|debian|ubuntu|raspberrypi|node|server|host|unknown|none)?$/
const hostnameOf = ({ hostname = '' }: Device): string | undefined => {
  const name = hostname.toLowerCase().split('.', 1)[0] ?? ''
  return NO_HOSTNAME.test(name) ? undefined : name
}

/** The hosts of a site by what tells that a GPU is in them. */
export class Hosts {
  readonly #byName = new Map<string, string>()
  /** by computer and by host name; undefined where several hosts have it */
  readonly #machines = new Map<string, string | undefined>()

  constructor(devices: Iterable<Device>) {
    for (const device of devices) {
      const { deviceId, kind, measures, computer } = device
      if (kind !== 'host' || measures === 'part') continue
      this.#byName.set(deviceId, deviceId)
      if (measures !== 'machine') continue
      for (const key of keysOf(computer, hostnameOf(device)))
        this.#machines.set(
          key,
          !this.#machines.has(key) || this.#machines.get(key) === deviceId ? deviceId : undefined,
        )
    }
  }

  /** Two equal texts stand for hosts that have the same GPUs. */
  get text(): string {
    return JSON.stringify([[...this.#byName.keys()], [...this.#machines]])
  }

  /** The device, behind its host where it is a GPU of one and behind nothing else. */
  behindItsHost(device: Device): Device {
    if (device.kind !== 'gpu' || device.meteredBy !== undefined) return device
    const host =
      this.#byName.get(rootOf(device.deviceId)) ??
      keysOf(device.computer, hostnameOf(device))
        .map((key) => this.#machines.get(key))
        .find((found) => found !== undefined)
    return host === undefined ? device : { ...device, meteredBy: host }
  }
}

const keysOf = (computer: string | undefined, hostname: string | undefined): string[] => [
  ...(computer === undefined ? [] : [`computer ${computer}`]),
  ...(hostname === undefined ? [] : [`name ${hostname}`]),
]
