import type { Prices } from '../../protocol/quote.ts'
import type { LiveContext } from '../economics/live/live-device.ts'
import { LivePlane } from '../economics/live/live-plane.ts'
import { ReadingColumns, type SiteDevice } from './reading-columns.ts'
import { agentView, type LiveSnapshot } from './snapshot.ts'
import { type AgentState, type LastReading, pollMs, type SiteState, STALE_POLLS } from './state.ts'

/** An agent's devices stand side by side in the table. */
interface Group {
  agent: AgentState
  begin: number
  end: number
}

/**
 * The live plane as one table of devices, kept from look to look: what is not heard of stays as it was found. A device's own figures
 * are as new as its last message, sums as the last look.
 */
export class LiveTable {
  readonly #state: SiteState
  readonly #plane: LivePlane
  #groups: Group[] = []
  readonly #groupOf = new Map<AgentState, Group>()
  /** of the state that the table was made of */
  #version = -1
  #devices: SiteDevice[] = []
  #gauges = new ReadingColumns([])
  /** by device; NaN: never heard */
  #receivedAtMs = new Float64Array(0)
  #isStale = new Uint8Array(0)
  /** by device, 1: the alert rules have not judged it since it was renewed */
  #isNews = new Uint8Array(0)
  #news: number[] = []
  /** by name: the first device of it, and all where more than one agent reads it */
  #places = new Map<string, number>()
  readonly #namesakes = new Map<string, number[]>()

  constructor(state: SiteState, context: LiveContext) {
    this.#state = state
    this.#plane = new LivePlane(context)
    state.onLive((agent, atMs) => this.#absorb(agent, atMs))
  }

  /** Takes in what an agent says when it says it, so that a look has only sums to make. */
  #absorb(agent: AgentState, atMs: number): void {
    const group = this.#groupOf.get(agent)
    // other devices than the table has: the next look makes it anew
    if (!group || this.#version !== this.#state.version) return
    this.#hearAll(group)
    this.#plane.takeIn(atMs)
  }

  #hearAll(group: Group): void {
    for (const seen of group.agent.renewed) this.#hear(group, seen)
    group.agent.renewed = []
  }

  look(atMs: number, prices: Prices): LiveSnapshot {
    if (this.#version !== this.#state.version) this.#rebuild()
    const agents = this.#groups.map((group) => {
      const staleMs = STALE_POLLS * pollMs(group.agent)
      this.#hearAll(group)
      this.#age(group, atMs - staleMs)
      return agentView(group.agent, atMs, staleMs)
    })
    return {
      atMs,
      agents,
      devices: this.#devices,
      figures: this.#plane.figures(prices, atMs),
      gauges: this.#gauges,
      prices,
    }
  }

  /** Indexes of the devices of these names. */
  placesOf(deviceIds: Iterable<string>): Set<number> {
    const places = new Set<number>()
    for (const deviceId of deviceIds) this.#eachOf(deviceId, (i) => places.add(i))
    return places
  }

  /**
   * Indexes of the devices that were heard, went stale or are new since this was asked last, and of those of these names, in their
   * order. One of several agents' devices of one name brings the others.
   */
  takeNews(watched: Iterable<string>): Int32Array {
    for (const deviceId of watched) this.#eachOf(deviceId, (i) => this.#note(i))
    if (this.#namesakes.size > 0)
      for (const i of this.#news.slice())
        this.#eachOf(this.#devices[i]?.device.deviceId ?? '', (k) => this.#note(k))
    const news = Int32Array.from(this.#news).sort()
    this.#news = []
    this.#isNews.fill(0)
    return news
  }

  #eachOf(deviceId: string, visit: (i: number) => void): void {
    const first = this.#places.get(deviceId)
    if (first !== undefined) visit(first)
    for (const i of this.#namesakes.get(deviceId) ?? []) visit(i)
  }

  #rebuild(): void {
    this.#version = this.#state.version
    this.#groups = []
    this.#groupOf.clear()
    this.#devices = []
    this.#places = new Map()
    this.#namesakes.clear()
    for (const agent of this.#state.agents()) {
      const { agentId, simulated } = agent
      const begin = this.#devices.length
      for (const device of agent.devices.values()) {
        const i = this.#devices.push({ agentId, device, simulated, stale: true }) - 1
        this.#name(i, device.deviceId)
      }
      const group = { agent, begin, end: this.#devices.length }
      this.#groups.push(group)
      this.#groupOf.set(agent, group)
    }
    this.#gauges = new ReadingColumns(this.#devices)
    this.#plane.reset(this.#devices)
    this.#receivedAtMs = new Float64Array(this.#devices.length).fill(Number.NaN)
    this.#isStale = new Uint8Array(this.#devices.length).fill(1)
    this.#news = this.#devices.map((_, i) => i)
    this.#isNews = new Uint8Array(this.#devices.length).fill(1)
    for (const group of this.#groups) for (const seen of group.agent.seen.values()) this.#hear(group, seen)
  }

  #name(i: number, deviceId: string): void {
    const first = this.#places.get(deviceId)
    if (first === undefined) this.#places.set(deviceId, i)
    else this.#namesakes.set(deviceId, [...(this.#namesakes.get(deviceId) ?? [first]), i])
  }

  #hear({ begin }: Group, seen: LastReading): void {
    seen.isRenewed = false
    const { index, sample, receivedAtMs } = seen
    if (!sample || receivedAtMs === undefined) return
    const d = this.#devices[begin + index] as SiteDevice
    d.sample = sample
    d.receivedAtMs = receivedAtMs
    this.#receivedAtMs[begin + index] = receivedAtMs
    this.#renew(begin + index)
  }

  /** What was last heard before `sinceMs` is stale. */
  #age({ begin, end }: Group, sinceMs: number): void {
    const receivedAtMs = this.#receivedAtMs
    const wasStale = this.#isStale
    for (let i = begin; i < end; i++) {
      const isStale = (receivedAtMs[i] as number) >= sinceMs ? 0 : 1
      if (isStale === wasStale[i]) continue
      wasStale[i] = isStale
      const d = this.#devices[i] as SiteDevice
      d.stale = isStale === 1
      this.#renew(i)
    }
  }

  #renew(i: number): void {
    this.#gauges.renew(i)
    this.#plane.renew(i)
    this.#note(i)
  }

  #note(i: number): void {
    if (this.#isNews[i]) return
    this.#isNews[i] = 1
    this.#news.push(i)
  }
}
