import type { Device } from '../../protocol/device.ts'
import { rootOf } from './identity.ts'

/**
 * A GPU host is read as a host (by its BMC) and as its GPUs, often by two agents. The host's power includes the GPUs', so they are
 * behind it, also where nobody configured that; else their energy would be counted twice.
 */

/** Names that many computers have. */
const NO_HOSTNAME = /^(?:localhost|debian|ubuntu|raspberrypi|node|server|host|unknown|none)?$/
/** The name that a computer has for itself, without its domain; undefined for one that many have. */
export const hostnameOf = ({ hostname = '' }: Device): string | undefined => {
  const name = hostname.toLowerCase().split('.', 1)[0] ?? ''
  return NO_HOSTNAME.test(name) ? undefined : name
}

/** A GPU behind a host that another agent reads, where nobody configured it: the host's power is not charged to it. */
type Guest = Device & { isGuest?: true }

/** Hosts by what tells that a GPU is in them. */
class HostNames {
  readonly #byName = new Set<string>()
  /** by computer and by host name; undefined where several hosts have it */
  readonly #machines = new Map<string, string | undefined>()

  add(device: Device): void {
    const { deviceId, kind, measures, computer } = device
    if (kind !== 'host' || measures === 'part') return
    this.#byName.add(deviceId)
    if (measures !== 'machine') return
    for (const key of keysOf(computer, hostnameOf(device)))
      this.#machines.set(
        key,
        !this.#machines.has(key) || this.#machines.get(key) === deviceId ? deviceId : undefined,
      )
  }

  hostOf(gpu: Device): string | undefined {
    const root = rootOf(gpu.deviceId)
    if (this.#byName.has(root)) return root
    return keysOf(gpu.computer, hostnameOf(gpu))
      .map((key) => this.#machines.get(key))
      .find((found) => found !== undefined)
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0 && this.#machines.size === 0
  }

  get entries(): unknown[] {
    return [[...this.#byName], [...this.#machines]]
  }
}

/** What an agent tells that does not count: those devices by name, and all of its hosts. */
interface Aside {
  names: ReadonlySet<string>
  hosts: HostNames
}

/**
 * The hosts of a site. An agent's own hosts come first. A host of another agent has its GPUs as guests, and none where its own agent
 * reads GPUs of it: then another agent's are set behind it by `meteredBy` alone. A host that does not count has only its own agent's GPUs
 * that do not count either: it is in no sum, but what these would use together is told.
 */
export class Hosts {
  readonly #own = new Map<string, HostNames>()
  readonly #open = new HostNames()
  readonly #aside = new Map<string, Aside>()

  /** @param counts whether a device is the agent's that tells it; absent: all are */
  constructor(
    agents: Iterable<readonly [agentId: string, devices: readonly Device[]]>,
    counts: (agentId: string, deviceId: string) => boolean = () => true,
  ) {
    for (const [agentId, told] of agents) {
      const devices = told.filter(({ deviceId }) => counts(agentId, deviceId))
      if (devices.length < told.length) this.#aside.set(agentId, asideOf(told, devices))
      const own = new HostNames()
      for (const device of devices) own.add(device)
      this.#own.set(agentId, own)
      const taken = new Set(
        devices.filter(({ kind }) => kind === 'gpu').map((gpu) => gpu.meteredBy ?? own.hostOf(gpu)),
      )
      for (const device of devices) if (!taken.has(device.deviceId)) this.#open.add(device)
    }
  }

  /** Two equal texts stand for hosts that have the same GPUs. */
  get text(): string {
    return JSON.stringify([
      // an agent without hosts changes nothing for others
      [...this.#own].filter(([, own]) => !own.isEmpty).map(([agentId, own]) => [agentId, own.entries]),
      this.#open.entries,
      [...this.#aside].map(([agentId, { names, hosts }]) => [agentId, [...names], hosts.entries]),
    ])
  }

  /** The device, behind its host where it is a GPU of one and behind nothing else. */
  behindItsHost(agentId: string, device: Device): Guest {
    // what is said to generate would add to what its host draws
    if (device.kind !== 'gpu' || device.meteredBy !== undefined || device.generates) return device
    const aside = this.#aside.get(agentId)
    const isAside = aside?.names.has(device.deviceId)
    const own = (isAside ? aside?.hosts : this.#own.get(agentId))?.hostOf(device)
    if (own !== undefined) return { ...device, meteredBy: own }
    if (isAside) return device
    const other = this.#open.hostOf(device)
    return other === undefined ? device : { ...device, meteredBy: other, isGuest: true }
  }
}

function asideOf(told: readonly Device[], counting: readonly Device[]): Aside {
  const hosts = new HostNames()
  for (const device of told) hosts.add(device)
  const known = new Set(counting)
  return { names: new Set(told.filter((d) => !known.has(d)).map((d) => d.deviceId)), hosts }
}

const keysOf = (computer: string | undefined, hostname: string | undefined): string[] => [
  ...(computer === undefined ? [] : [`computer ${computer}`]),
  ...(hostname === undefined ? [] : [`name ${hostname}`]),
]
