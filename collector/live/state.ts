import type { Device } from '../../protocol/device.ts'
import type { Sample } from '../../protocol/sample.ts'
import type { InventoryMessage, StatusMessage } from '../../protocol/status.ts'
import { HostsThroughTime, isComputer } from '../ownership/hosts-through-time.ts'
import { Hosts } from '../ownership/own-host.ts'
import type { PastDevices } from '../ownership/past-devices.ts'
import type { ClaimSpan } from '../plugin/claim-store.ts'
import { PowerWindow } from './power-window.ts'

/** The last reading of a device. Its time is from the collector's clock, because the agent's clock may be wrong. */
export interface LastReading {
  /** the device's place in its agent's inventory */
  readonly index: number
  /** absent if the device was never heard */
  sample?: Sample
  receivedAtMs?: number
  /** when the agent read it, by the collector's clock: a message may tell what was read before */
  readAtMs?: number
  /** whether the live table has yet to take in the sample */
  isPending: boolean
  /** of a meter: what its records are held against */
  powers?: PowerWindow
}

/** The live state of one agent. */
export interface AgentState {
  agentId: string
  status?: StatusMessage
  /** its inventory as it told it */
  told: readonly Device[]
  /** the same, each GPU behind the host that it is in */
  devices: Map<string, Device>
  simulated: boolean
  /** the last reading of every device, by deviceId, in the order of the inventory */
  lastReadings: Map<string, LastReading>
  /** readings that the live table has yet to take in */
  pending: LastReading[]
  lastLiveMs?: number
}

/** A sample older than this many polls of its agent is stale. */
export const STALE_POLLS = 3
const DEFAULT_POLL_S = 10

/** The poll interval of an agent, ms. */
export const pollMs = (agent: AgentState): number => (agent.status?.pollS ?? DEFAULT_POLL_S) * 1000

/** Which devices belong to other agents, or are told twice: they are nobody's hosts. */
export interface PutAside {
  /** increases whenever a device is put aside, or is no longer */
  readonly version: number
  claim(agentId: string, deviceId: string): { rival?: unknown; spans?: readonly ClaimSpan[] } | undefined
  readonly past: Pick<PastDevices, 'at' | 'edges' | 'last'>
}

const NOTHING_ASIDE: PutAside = {
  version: 0,
  claim: () => undefined,
  past: { at: () => undefined, edges: () => [], last: () => undefined },
}

/** The live plane: the last message of every agent and device. The latest message wins, and nothing here is booked. */
export class SiteState {
  readonly #agents = new Map<string, AgentState>()
  readonly #listeners: ((agent: AgentState, atMs: number) => void)[] = []
  #version = 0
  /** the hosts that the GPUs were put behind */
  #hosts = ''
  /** by agent, what a GPU can be put behind, and the GPUs: a site of miners has none */
  readonly #computers = new Map<string, ReadonlyMap<string, Device>>()
  /** the hosts of each minute; absent until it is asked for */
  #times: HostsThroughTime | undefined
  readonly #aside: PutAside
  #asideVersion: number

  constructor(aside = NOTHING_ASIDE) {
    this.#aside = aside
    this.#asideVersion = aside.version
  }

  /** Increases whenever an agent or a device is added, removed or changed. */
  get version(): number {
    return this.#version
  }

  /** Registers a listener for live messages; `atMs` is the time of receipt by the collector's clock, Unix ms. */
  onLive(heard: (agent: AgentState, atMs: number) => void): void {
    this.#listeners.push(heard)
  }

  agents(): IterableIterator<AgentState> {
    this.#renewHosts()
    return this.#agents.values()
  }

  device(agentId: string, deviceId: string): Device | undefined {
    this.#renewHosts()
    return this.#agents.get(agentId)?.devices.get(deviceId)
  }

  /** The device as it stood in a minute: a GPU behind the host that counted then. */
  deviceAt(agentId: string, deviceId: string, minuteMs: number): Device | undefined {
    const present = this.device(agentId, deviceId)
    const { past } = this.#aside
    const before = past.at(agentId, minuteMs)
    // a record of a device that is gone
    const told = before?.get(deviceId) ?? this.#computers.get(agentId)?.get(deviceId) ?? present
    const device = told ?? past.last(agentId, deviceId)
    if (device?.kind !== 'gpu') return before || !present ? device : present
    this.#times ??= new HostsThroughTime(this.#told(), (a, d) => this.#aside.claim(a, d)?.spans, past)
    return this.#times.isOne ? present : this.#times.at(minuteMs).behindItsHost(agentId, device)
  }

  /** The devices of an agent as they stood in a minute. */
  devicesAt(agentId: string, minuteMs: number): Iterable<Device> {
    this.#renewHosts()
    return (
      this.#aside.past.at(agentId, minuteMs) ??
      this.#agents.get(agentId)?.devices ??
      new Map()
    ).values()
  }

  /** Finds a device by its deviceId, which is unique within the site. */
  find(deviceId: string): Device | undefined {
    this.#renewHosts()
    for (const { devices } of this.#agents.values()) {
      const device = devices.get(deviceId)
      if (device) return device
    }
    return undefined
  }

  /** GPUs that are parts of a host, or of a service on it; 0 for other kinds. */
  gpusOf(agentId: string, deviceId: string): number {
    const devices = this.#agents.get(agentId)?.devices
    const kind = devices?.get(deviceId)?.kind
    if (!devices || (kind !== 'host' && kind !== 'service')) return 0
    let gpus = 0
    for (const other of devices.values())
      if (other.kind === 'gpu' && other.deviceId.startsWith(`${deviceId}/`)) gpus++
    return gpus
  }

  /** The power limit of a device's newest sample, W. */
  powerLimitW(agentId: string, deviceId: string): number | undefined {
    return this.#agents.get(agentId)?.lastReadings.get(deviceId)?.sample?.powerLimitW
  }

  /** The power that a meter showed of late; absent for other devices. */
  shownPower(agentId: string, deviceId: string): PowerWindow['shown'] {
    return this.#agents.get(agentId)?.lastReadings.get(deviceId)?.powers?.shown
  }

  status(agentId: string, message: StatusMessage): void {
    const agent = this.#agent(agentId)
    agent.status = message
    if (agent.simulated !== message.simulated) this.#version++
    agent.simulated = message.simulated
  }

  inventory(agentId: string, message: InventoryMessage): void {
    const agent = this.#agent(agentId)
    this.#version++
    agent.simulated = message.simulated
    agent.told = message.devices
    this.#computers.set(
      agentId,
      new Map(message.devices.filter(isComputer).map((device) => [device.deviceId, device])),
    )
    this.#putBehindHosts(agent)
    const before = agent.lastReadings
    agent.lastReadings = new Map()
    agent.pending = []
    for (const [deviceId, { kind }] of agent.devices)
      agent.lastReadings.set(deviceId, {
        ...(kind === 'meter' && { powers: new PowerWindow() }),
        ...before.get(deviceId),
        index: agent.lastReadings.size,
        isPending: false,
      })
  }

  /** Removes an agent with its devices. */
  forget(agentId: string): void {
    const agent = this.#agents.get(agentId)
    if (!agent) return
    this.#agents.delete(agentId)
    this.#version++
    agent.told = []
    this.#computers.delete(agentId)
    this.#putBehindHosts(agent)
  }

  /** A host that is put aside has no GPUs behind it. */
  #renewHosts(): void {
    if (this.#asideVersion === this.#aside.version) return
    this.#asideVersion = this.#aside.version
    this.#times = undefined
    const hosts = this.#presentHosts()
    if (hosts.text === this.#hosts) return
    this.#hosts = hosts.text
    this.#version++
    for (const agent of this.#agents.values()) putBehind(hosts, agent)
  }

  /** An inventory changed: its GPUs, and where a host came or went all GPUs, are put behind their hosts. */
  #putBehindHosts(changed: AgentState): void {
    this.#times = undefined
    const hosts = this.#presentHosts()
    const isOther = hosts.text !== this.#hosts
    this.#hosts = hosts.text
    for (const agent of isOther ? this.#agents.values() : [changed]) putBehind(hosts, agent)
  }

  *#told(): IterableIterator<[string, readonly Device[]]> {
    for (const [agentId, told] of this.#computers) yield [agentId, [...told.values()]]
  }

  #presentHosts(): Hosts {
    return new Hosts(this.#told(), (agentId, deviceId) => !this.#aside.claim(agentId, deviceId)?.rival)
  }

  /** Takes in samples. Those of devices that are not in the inventory are dropped: agents send the inventory first. */
  live(agentId: string, samples: readonly Sample[], receivedAtMs: number, sentAtMs?: number): void {
    const agent = this.#agent(agentId)
    agent.lastLiveMs = receivedAtMs
    for (const sample of samples) {
      const reading = agent.lastReadings.get(sample.deviceId)
      if (!reading) continue
      reading.sample = sample
      reading.receivedAtMs = receivedAtMs
      // both times are the agent's, so its clock may be wrong
      reading.readAtMs = receivedAtMs - Math.max(0, (sentAtMs ?? sample.observedAtMs) - sample.observedAtMs)
      if (reading.powers && sample.powerW !== undefined) reading.powers.note(sample.powerW, receivedAtMs)
      if (reading.isPending) continue
      reading.isPending = true
      agent.pending.push(reading)
    }
    for (const heard of this.#listeners) heard(agent, receivedAtMs)
  }

  #agent(agentId: string): AgentState {
    let agent = this.#agents.get(agentId)
    if (!agent) {
      agent = {
        agentId,
        told: [],
        devices: new Map(),
        simulated: false,
        lastReadings: new Map(),
        pending: [],
      }
      this.#agents.set(agentId, agent)
      this.#version++
    }
    return agent
  }
}

function putBehind(hosts: Hosts, agent: AgentState): void {
  agent.devices = new Map(agent.told.map((d) => [d.deviceId, hosts.behindItsHost(agent.agentId, d)]))
}
