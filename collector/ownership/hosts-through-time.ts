import type { Device } from '../../protocol/device.ts'
import type { ClaimSpan } from '../plugin/claim-store.ts'
import { Hosts } from './own-host.ts'
import type { PastDevices } from './past-devices.ts'
import { countsAt } from './spans.ts'

/** The times in which a device is its agent's; undefined: always. */
export type SpansOf = (agentId: string, deviceId: string) => readonly ClaimSpan[] | undefined

/**
 * The hosts of a site as they counted in each minute. A machine that was adopted had another agent before, and one that is told otherwise, or no longer,
 * stood otherwise: when a minute of that time is settled again, its GPUs are behind the host that counted then, so that the minute comes out as it was.
 */
export class HostsThroughTime {
  readonly #agents: readonly (readonly [string, readonly Device[]])[]
  readonly #spansOf: SpansOf
  readonly #past: Pick<PastDevices, 'at' | 'edges'>
  /** where a claim begins or ends, or a device was told otherwise, Unix ms */
  readonly #edges: readonly number[]
  /** by how many edges lie before */
  readonly #hosts: (Hosts | undefined)[] = []

  /** @param agents the hosts and GPUs of each */
  constructor(
    agents: Iterable<readonly [agentId: string, devices: readonly Device[]]>,
    spansOf: SpansOf,
    past: Pick<PastDevices, 'at' | 'edges'>,
  ) {
    this.#agents = [...agents]
    this.#spansOf = spansOf
    this.#past = past
    const edges = new Set(this.#agents.flatMap(([agentId]) => past.edges(agentId)))
    for (const [agentId, devices] of this.#agents)
      for (const { deviceId } of devices)
        for (const { fromMs, toMs } of spansOf(agentId, deviceId) ?? [])
          for (const edge of [fromMs, toMs]) if (edge !== undefined) edges.add(edge)
    this.#edges = [...edges].sort((a, b) => a - b)
  }

  /** Whether they were the same in all minutes. */
  get isOne(): boolean {
    return this.#edges.length === 0
  }

  /** @param minuteMs Unix ms */
  at(minuteMs: number): Hosts {
    const later = this.#edges.findIndex((edge) => edge > minuteMs)
    const place = later < 0 ? this.#edges.length : later
    const hosts =
      this.#hosts[place] ?? new Hosts(this.#stoodAt(minuteMs), (a, d) => this.#counts(a, d, minuteMs))
    this.#hosts[place] = hosts
    return hosts
  }

  #stoodAt(minuteMs: number): [string, readonly Device[]][] {
    return this.#agents.map(([agentId, devices]) => {
      const told = this.#past.at(agentId, minuteMs)
      return [agentId, told ? [...told.values()].filter(isComputer) : devices]
    })
  }

  #counts(agentId: string, deviceId: string, minuteMs: number): boolean {
    const spans = this.#spansOf(agentId, deviceId)
    return spans === undefined || countsAt(spans, minuteMs)
  }
}

/** What a GPU can be put behind, and the GPUs. */
export const isComputer = ({ kind }: Device): boolean => kind === 'host' || kind === 'gpu'
