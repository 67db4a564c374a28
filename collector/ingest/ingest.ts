import { decode, encode } from '../../protocol/codec.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { MqttLink, type MqttLinkOptions } from '../../protocol/kit/mqtt/mqtt-link.ts'
import { decodeLive, LiveMessageSchema } from '../../protocol/sample.ts'
import {
  type AckMessage,
  type HelloMessage,
  InventoryMessageSchema,
  StatusMessageSchema,
} from '../../protocol/status.ts'
import {
  agentTopics,
  type Channel,
  COLLECTOR_NAME,
  helloTopic,
  parseTopic,
  topic,
} from '../../protocol/topics.ts'
import { clientIdOf } from '../broker/embedded.ts'
import type { BatchReceiver } from '../intake/batch-receiver.ts'
import type { SiteState } from '../live/state.ts'
import type { ClaimKeeper } from '../ownership/claim-keeper.ts'
import type { Quarantined } from '../plugin/store.ts'
import type { InventoryBook } from './inventory.ts'
import { InventoryParts } from './inventory-parts.ts'

/** Bytes of an unusable message that go to quarantine. */
const PAYLOAD_KEPT_BYTES = 2_000
const RECONNECT_MS = { base: 500, cap: 15_000 }

export interface IngestOptions {
  url: string
  user?: MqttLinkOptions['user']
  site: string
  version: string
  /** whether emulated machines may count in this site's figures */
  acceptSimulated: boolean
  state: SiteState
  receiver: BatchReceiver
  inventory: InventoryBook
  claims: Pick<ClaimKeeper, 'hear'>
  nowMs: () => number
  log: Log
  quarantine(entry: Quarantined): void
}

/** Validates and routes every MQTT message. A message that can't be used is counted and put into quarantine, and changes nothing. */
export class Ingest {
  readonly #o: IngestOptions
  readonly #link: MqttLink
  /** agents that read emulated machines though this site refuses them; each is logged once */
  readonly #refused = new Set<string>()
  readonly #parts = new InventoryParts()
  #heard = 0
  /** the collector's own retained messages, by topic: published again at every connect, because a broker that restarts forgets them */
  readonly #retained = new Map<string, string>()

  constructor(options: IngestOptions) {
    const { url, user, site, version, log, nowMs } = options
    this.#o = options
    this.#link = new MqttLink({
      url,
      user,
      clientId: clientIdOf(site, COLLECTOR_NAME),
      topics: agentTopics(site),
      reconnectMs: RECONNECT_MS,
      log,
      onConnected: () => {
        for (const [name, text] of this.#retained) this.#publishRetained(name, text)
      },
      onSubscribed: () => {
        log.info('listening to the agents', { site })
        const hello: HelloMessage = { v: 1, atMs: nowMs(), version }
        this.#link.publish({ topic: helloTopic(site), payload: encode(hello), qos: 1 })
      },
      onMessage: (name, payload, retained) => this.#received(name, payload, retained),
    })
  }

  get connected(): boolean {
    return this.#link.connected
  }

  /** Why nothing can be heard; undefined while the broker has granted the subscriptions. */
  get trouble(): string | undefined {
    return this.#link.trouble
  }

  /** Messages of this site's agents since the start, but for those that the broker had kept. */
  get heard(): number {
    return this.#heard
  }

  start(): void {
    this.#link.start()
  }

  /** Publishes a retained message: now, and whenever the broker is reached again. */
  retain(name: string, text: string): void {
    this.#retained.set(name, text)
    this.#publishRetained(name, text)
  }

  /** Closes the connection within a second. */
  stop(): Promise<void> {
    return this.#link.stop()
  }

  #publishRetained(name: string, text: string): void {
    this.#link.publish({ topic: name, payload: text, qos: 1, retain: true })
  }

  #received(name: string, payload: Buffer, retained: boolean): void {
    const parsed = parseTopic(name)
    const own = parsed?.site === this.#o.site ? parsed : undefined
    if (own && !retained) this.#heard++
    const refused = own
      ? this.#take(own.channel, own.agent, payload, retained)
      : 'not a topic of this site’s agents'
    if (refused) this.#aside(own?.agent ?? '', name, refused, payload)
  }

  /** @returns why the message can't be used, or undefined */
  #take(channel: Channel, agent: string, payload: Buffer, retained: boolean): string | undefined {
    const { state, inventory, nowMs } = this.#o
    switch (channel) {
      case 'status': {
        const m = decode(StatusMessageSchema, payload)
        if (m.ok && this.#admits(agent, m.value.simulated)) state.status(agent, m.value)
        return m.ok ? undefined : m.reason
      }
      case 'inventory': {
        const m = decode(InventoryMessageSchema, payload)
        if (m.ok && this.#admits(agent, m.value.simulated)) {
          const whole = this.#parts.take(agent, m.value, retained)
          if (whole) {
            state.inventory(agent, whole)
            inventory.put(agent, whole)
            this.#o.claims.hear(agent, whole.devices)
          }
          // the agent sends in smaller parts what is not named here
          if (!retained) this.#acknowledge(agent, this.#o.receiver.present(agent))
        }
        return m.ok ? undefined : m.reason
      }
      case 'live': {
        const m = decode(LiveMessageSchema, payload)
        if (m.ok && !retained && !this.#refused.has(agent)) state.live(agent, decodeLive(m.value), nowMs())
        return m.ok ? undefined : m.reason
      }
      case 'intervals': {
        if (this.#refused.has(agent)) return undefined
        this.#o.receiver.receive(agent, payload, {
          reply: (ack) => this.#acknowledge(agent, ack),
          refuse: (reason, bytes) => this.#aside(agent, topic(this.#o.site, agent, channel), reason, bytes),
        })
        return undefined
      }
      default:
        return 'not a channel that agents publish on'
    }
  }

  /** An acknowledgement that can't be sent is not repeated: the agent sends the records again, and is answered then. */
  #acknowledge(agent: string, ack: AckMessage): void {
    const payload = encode({ ...ack, inventory: this.#parts.answer(agent) })
    this.#link.publish({ topic: topic(this.#o.site, agent, 'ack'), payload, qos: 1 })
  }

  #admits(agent: string, simulated: boolean): boolean {
    if (!simulated || this.#o.acceptSimulated) {
      this.#refused.delete(agent)
      return true
    }
    if (!this.#refused.has(agent)) {
      this.#refused.add(agent)
      this.#o.log.warn(
        'refused: this agent reads emulated machines; set site.simulated: true to try them here',
        { agent },
      )
    }
    return false
  }

  #aside(agentId: string, name: string, reason: string, payload: Uint8Array): void {
    this.#o.quarantine({
      atMs: this.#o.nowMs(),
      agentId,
      topic: name,
      reason,
      payload: Buffer.from(payload.subarray(0, PAYLOAD_KEPT_BYTES)).toString('latin1'),
    })
  }
}
