import type { Device } from '../../protocol/device.ts'
import type { Sample } from '../../protocol/sample.ts'
import type { InventoryMessage, StatusMessage } from '../../protocol/status.ts'

/** What a device of an inventory said last, by the collector's clock: the agent's may be wrong. */
export interface LastReading {
  /** the device's place in its agent's inventory */
  readonly index: number
  /** absent: it was never heard */
  sample?: Sample
  receivedAtMs?: number
  /** the live table has not taken its sample in yet */
  isRenewed: boolean
}

export interface AgentState {
  agentId: string
  status?: StatusMessage
  devices: Map<string, Device>
  simulated: boolean
  /** every device of the inventory, by its name and in its order */
  seen: Map<string, LastReading>
  /** of them those with a sample that the live table has not taken in yet */
  renewed: LastReading[]
  lastLiveMs?: number
}

/** A sample older than this many polls of its agent is stale. */
export const STALE_POLLS = 3
const DEFAULT_POLL_S = 10

export const pollMs = (agent: AgentState): number => (agent.status?.pollS ?? DEFAULT_POLL_S) * 1000

/** The live plane: what every agent and device said last. Latest wins; nothing here is money. */
export class SiteState {
  readonly #agents = new Map<string, AgentState>()
  readonly #listeners: ((agent: AgentState, atMs: number) => void)[] = []
  #version = 0

  /** Grows whenever an agent or a device comes, goes or changes. */
  get version(): number {
    return this.#version
  }

  /** Calls `heard` after each live message, with its time by the collector's clock, Unix ms. */
  onLive(heard: (agent: AgentState, atMs: number) => void): void {
    this.#listeners.push(heard)
  }

  agents(): IterableIterator<AgentState> {
    return this.#agents.values()
  }

  device(agentId: string, deviceId: string): Device | undefined {
    return this.#agents.get(agentId)?.devices.get(deviceId)
  }

  /** A device by its name alone, which is its own within the site. */
  find(deviceId: string): Device | undefined {
    for (const { devices } of this.#agents.values()) {
      const device = devices.get(deviceId)
      if (device) return device
    }
    return undefined
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
    agent.devices = new Map(message.devices.map((d) => [d.deviceId, d]))
    const before = agent.seen
    agent.seen = new Map()
    agent.renewed = []
    for (const deviceId of agent.devices.keys())
      agent.seen.set(deviceId, { ...before.get(deviceId), index: agent.seen.size, isRenewed: false })
  }

  /** Samples of devices that the inventory doesn't name are dropped: the inventory comes first. */
  live(agentId: string, samples: readonly Sample[], receivedAtMs: number): void {
    const agent = this.#agent(agentId)
    agent.lastLiveMs = receivedAtMs
    for (const sample of samples) {
      const seen = agent.seen.get(sample.deviceId)
      if (!seen) continue
      seen.sample = sample
      seen.receivedAtMs = receivedAtMs
      if (seen.isRenewed) continue
      seen.isRenewed = true
      agent.renewed.push(seen)
    }
    for (const heard of this.#listeners) heard(agent, receivedAtMs)
  }

  #agent(agentId: string): AgentState {
    let agent = this.#agents.get(agentId)
    if (!agent) {
      agent = { agentId, devices: new Map(), simulated: false, seen: new Map(), renewed: [] }
      this.#agents.set(agentId, agent)
      this.#version++
    }
    return agent
  }
}
