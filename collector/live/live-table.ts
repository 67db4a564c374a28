import type { Prices } from '../../protocol/quote.ts'
import { floatAt } from '../economics/element.ts'
import type { LiveContext } from '../economics/live/live-device.ts'
import { LivePlane } from '../economics/live/live-plane.ts'
import type { DeviceClaim } from '../plugin/claim-store.ts'
import { ReadingColumns, type SiteDevice } from './reading-columns.ts'
import { agentView } from './site-view.ts'
import type { LiveSnapshot } from './snapshot.ts'
import { type AgentState, type LastReading, pollMs, type SiteState, STALE_POLLS } from './state.ts'

/** Who has each machine: the register of owners. */
export interface Owners {
  /** increases with every change */
  readonly version: number
  claim(agentId: string, deviceId: string): Pick<DeviceClaim, 'rival'> | undefined
}
const NO_CLAIMS: Owners = { version: 0, claim: () => undefined }

/** The rows of one agent's devices: indexes `begin` up to, but not including, `end`. */
interface Group {
  agent: AgentState
  begin: number
  end: number
}

/**
 * The live plane as one table of devices, kept between snapshots. A device's figures change with its messages; sums are computed at
 * each snapshot.
 */
export class LiveTable {
  readonly #state: SiteState
  readonly #plane: LivePlane
  #groups: Group[] = []
  readonly #groupOf = new Map<AgentState, Group>()
  readonly #owners: Owners
  /** versions of the state and of the register that the table was built from */
  #version = -1
  #ownersVersion = -1
  #devices: SiteDevice[] = []
  #columns = new ReadingColumns([])
  /** for each device: Unix ms; NaN if never heard */
  #receivedAtMs = new Float64Array(0)
  /** for each device: when its figures were read, Unix ms; NaN if it tells none */
  #readAtMs = new Float64Array(0)
  #isStale = new Uint8Array(0)
  #staleVersion = 0
  /** for each device, 1: it changed since the alert rules last judged it */
  #isChanged = new Uint8Array(0)
  /** indexes of these devices */
  #changed: number[] = []
  /** for each deviceId: the first device, and all devices if several agents read it */
  #places = new Map<string, number>()
  readonly #namesakes = new Map<string, number[]>()

  constructor(state: SiteState, context: LiveContext, owners: Owners = NO_CLAIMS) {
    this.#state = state
    this.#owners = owners
    this.#plane = new LivePlane(context)
    state.onLive((agent, atMs) => this.#absorb(agent, atMs))
  }

  /** Takes in the readings of an agent when its message arrives, so that a snapshot only computes sums. */
  #absorb(agent: AgentState, atMs: number): void {
    const group = this.#groupOf.get(agent)
    // the list of devices changed: the next snapshot rebuilds the table
    if (!group || this.#isOutdated()) return
    this.#hearAll(group)
    this.#plane.takeIn(atMs)
  }

  #hearAll(group: Group): void {
    for (const reading of group.agent.pending) this.#hear(group, reading)
    group.agent.pending = []
  }

  /** The whole live plane at a time (Unix ms). It is valid until the next call. */
  snapshot(atMs: number, prices: Prices): LiveSnapshot {
    if (this.#isOutdated()) this.#rebuild()
    let oldestReadMs = Number.POSITIVE_INFINITY
    const agents = this.#groups.map((group) => {
      const staleMs = STALE_POLLS * pollMs(group.agent)
      this.#hearAll(group)
      oldestReadMs = Math.min(oldestReadMs, this.#age(group, atMs - staleMs))
      return agentView(group.agent, atMs, staleMs)
    })
    return {
      atMs,
      agents,
      devices: this.#devices,
      figures: this.#plane.figures(prices, atMs),
      columns: this.#columns,
      prices,
      staleVersion: this.#staleVersion,
      ...(Number.isFinite(oldestReadMs) && { oldestReadMs }),
    }
  }

  /** Indexes of the devices with these names. */
  placesOf(deviceIds: Iterable<string>): Set<number> {
    const places = new Set<number>()
    for (const deviceId of deviceIds) this.#eachOf(deviceId, (i) => places.add(i))
    return places
  }

  /**
   * Indexes, ascending, of the devices that were heard, went stale or are new since the last call, and of the watched devices. If
   * several agents read a device, all of its rows are included.
   * @param watched names of devices that are always included
   */
  takeChanged(watched: Iterable<string>): Int32Array {
    for (const deviceId of watched) this.#eachOf(deviceId, (i) => this.#noteChange(i))
    if (this.#namesakes.size > 0)
      for (const i of this.#changed.slice())
        this.#eachOf(this.#devices[i]?.device.deviceId ?? '', (k) => this.#noteChange(k))
    const changed = Int32Array.from(this.#changed).sort()
    this.#changed = []
    this.#isChanged.fill(0)
    return changed
  }

  #eachOf(deviceId: string, visit: (i: number) => void): void {
    const first = this.#places.get(deviceId)
    if (first !== undefined) visit(first)
    for (const i of this.#namesakes.get(deviceId) ?? []) visit(i)
  }

  #isOutdated(): boolean {
    return this.#version !== this.#state.version || this.#ownersVersion !== this.#owners.version
  }

  #rebuild(): void {
    this.#staleVersion++
    this.#version = this.#state.version
    this.#ownersVersion = this.#owners.version
    this.#groups = []
    this.#groupOf.clear()
    this.#devices = []
    this.#places = new Map()
    this.#namesakes.clear()
    for (const agent of this.#state.agents()) {
      const { agentId, simulated } = agent
      const begin = this.#devices.length
      for (const device of agent.devices.values()) {
        const claim = this.#owners.claim(agentId, device.deviceId)?.rival
        const i =
          this.#devices.push({
            agentId,
            device,
            simulated,
            stale: true,
            ...(claim && { claim, claimed: true }),
          }) - 1
        this.#name(i, device.deviceId)
      }
      const group = { agent, begin, end: this.#devices.length }
      this.#groups.push(group)
      this.#groupOf.set(agent, group)
    }
    this.#columns = new ReadingColumns(this.#devices)
    this.#plane.reset(this.#devices)
    this.#receivedAtMs = new Float64Array(this.#devices.length).fill(Number.NaN)
    this.#readAtMs = new Float64Array(this.#devices.length).fill(Number.NaN)
    this.#isStale = new Uint8Array(this.#devices.length).fill(1)
    this.#changed = this.#devices.map((_, i) => i)
    this.#isChanged = new Uint8Array(this.#devices.length).fill(1)
    for (const group of this.#groups)
      for (const reading of group.agent.lastReadings.values()) this.#hear(group, reading)
  }

  #name(i: number, deviceId: string): void {
    const first = this.#places.get(deviceId)
    if (first === undefined) this.#places.set(deviceId, i)
    else this.#namesakes.set(deviceId, [...(this.#namesakes.get(deviceId) ?? [first]), i])
  }

  #hear({ begin }: Group, reading: LastReading): void {
    reading.isPending = false
    const { index, sample, receivedAtMs } = reading
    if (!sample || receivedAtMs === undefined) return
    const d = this.#devices[begin + index] as SiteDevice
    d.sample = sample
    d.receivedAtMs = receivedAtMs
    this.#receivedAtMs[begin + index] = receivedAtMs
    this.#readAtMs[begin + index] =
      sample.state === 'unreachable' ? Number.NaN : (reading.readAtMs ?? receivedAtMs)
    this.#renew(begin + index)
  }

  /** Marks the devices that were last heard before `sinceMs` as stale, and the others as fresh. @returns when the oldest figure of those was read */
  #age({ begin, end }: Group, sinceMs: number): number {
    let oldestReadMs = Number.POSITIVE_INFINITY
    const receivedAtMs = this.#receivedAtMs
    const wasStale = this.#isStale
    for (let i = begin; i < end; i++) {
      const isStale = floatAt(receivedAtMs, i) >= sinceMs ? 0 : 1
      const readAtMs = floatAt(this.#readAtMs, i)
      if (isStale === 0 && readAtMs < oldestReadMs) oldestReadMs = readAtMs
      if (isStale === wasStale[i]) continue
      wasStale[i] = isStale
      this.#staleVersion++
      const d = this.#devices[i] as SiteDevice
      d.stale = isStale === 1
      this.#renew(i)
    }
    return oldestReadMs
  }

  #renew(i: number): void {
    this.#columns.renew(i)
    this.#plane.renew(i)
    this.#noteChange(i)
  }

  #noteChange(i: number): void {
    if (this.#isChanged[i]) return
    this.#isChanged[i] = 1
    this.#changed.push(i)
  }
}
