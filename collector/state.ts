import type { Device } from '../protocol/device.ts'
import type { Sample } from '../protocol/sample.ts'
import type { InventoryMessage, StatusMessage } from '../protocol/status.ts'

/** The newest sample of a device, with the collector's clock: the agent's may be wrong. */
export interface Seen {
  sample: Sample
  receivedAtMs: number
}

export interface AgentState {
  agentId: string
  status?: StatusMessage
  devices: Map<string, Device>
  simulated: boolean
  samples: Map<string, Seen>
  lastLiveMs?: number
}

/** A sample older than this many polls of its agent is stale. */
export const STALE_POLLS = 3
const DEFAULT_POLL_S = 10

export const pollMs = (agent: AgentState): number => (agent.status?.pollS ?? DEFAULT_POLL_S) * 1000

/** The live plane: what every agent and device said last. Latest wins; nothing here is money. */
export class SiteState {
  readonly #agents = new Map<string, AgentState>()

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
    agent.simulated = message.simulated
  }

  inventory(agentId: string, message: InventoryMessage): void {
    const agent = this.#agent(agentId)
    agent.simulated = message.simulated
    agent.devices = new Map(message.devices.map((d) => [d.deviceId, d]))
    for (const deviceId of agent.samples.keys())
      if (!agent.devices.has(deviceId)) agent.samples.delete(deviceId)
  }

  /** Samples of devices that the inventory doesn't name are dropped: the inventory comes first. */
  live(agentId: string, samples: readonly Sample[], receivedAtMs: number): void {
    const agent = this.#agent(agentId)
    agent.lastLiveMs = receivedAtMs
    for (const sample of samples)
      if (agent.devices.has(sample.deviceId)) agent.samples.set(sample.deviceId, { sample, receivedAtMs })
  }

  #agent(agentId: string): AgentState {
    let agent = this.#agents.get(agentId)
    if (!agent) {
      agent = { agentId, devices: new Map(), simulated: false, samples: new Map() }
      this.#agents.set(agentId, agent)
    }
    return agent
  }
}
