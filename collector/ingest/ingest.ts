import mqtt, { type MqttClient } from 'mqtt'
import { decode, encode } from '../../protocol/codec.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { backoffMs } from '../../protocol/kit/retry.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
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
import type { Quarantined } from '../plugin/store.ts'
import type { InventoryBook } from './inventory.ts'

/** Bytes of an unusable message that go to quarantine. */
const PAYLOAD_KEPT_BYTES = 2_000

export interface IngestOptions {
  url: string
  username?: string | undefined
  password?: Secret | undefined
  site: string
  version: string
  /** whether emulated machines may count in this site's figures */
  acceptSimulated: boolean
  state: SiteState
  receiver: BatchReceiver
  inventory: InventoryBook
  nowMs: () => number
  log: Log
  quarantine(entry: Quarantined): void
}

/** Everything that comes over MQTT, validated and routed. A message that can't be used is counted, kept for a look, and harms nothing. */
export class Ingest {
  readonly #o: IngestOptions
  #client: MqttClient | undefined
  #timer: NodeJS.Timeout | undefined
  #attempt = 0
  #ended = false
  /** agents that read emulated machines though this site takes none; said once each */
  readonly #refused = new Set<string>()
  /** what the collector says of itself, by topic: said again at every connect, since a broker that restarts forgets */
  readonly #retained = new Map<string, string>()

  constructor(options: IngestOptions) {
    this.#o = options
  }

  get connected(): boolean {
    return this.#client?.connected ?? false
  }

  start(): void {
    const { url, username, password, site, version, log, nowMs } = this.#o
    const client = mqtt.connect(url, {
      protocolVersion: 4,
      clientId: clientIdOf(site, COLLECTOR_NAME),
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: 10_000,
      keepalive: 15,
      queueQoSZero: false,
      resubscribe: false,
      messageIdProvider: new mqtt.UniqueMessageIdProvider(),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: password.reveal() }),
    })
    this.#client = client
    client.on('connect', () => {
      this.#attempt = 0
      for (const [name, text] of this.#retained) client.publish(name, text, { qos: 1, retain: true })
      client.subscribe(agentTopics(site), { qos: 1 }, (error, granted) => {
        const refused = granted?.filter((g) => g.qos === 128) ?? []
        // a connection that closes meanwhile is no refusal: the next one subscribes again
        if (error && !client.connected) return
        if (error || refused.length > 0) {
          log.error('the broker refuses the subscription', {
            reason: error ? reasonOf(error) : 'not allowed',
          })
          return
        }
        log.info('listening to the agents', { url, site })
        const hello: HelloMessage = { v: 1, atMs: nowMs(), version }
        client.publish(helloTopic(site), encode(hello), { qos: 1 })
      })
    })
    client.on('message', (name, payload, packet) => this.#received(name, payload, packet.retain))
    client.on('error', (error) => {
      if (this.#attempt === 0) log.warn('broker not reached', { url, reason: reasonOf(error) })
    })
    client.on('close', () => this.#closed())
  }

  /** Publishes a retained message: now, and whenever the broker is reached again. */
  retain(name: string, text: string): void {
    this.#retained.set(name, text)
    if (this.#ended || !this.#client?.connected) return
    this.#client.publish(name, text, { qos: 1, retain: true })
  }

  async stop(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    await this.#client?.endAsync(true).catch(() => undefined)
  }

  #closed(): void {
    if (this.#ended) return
    if (this.#attempt === 0) this.#o.log.warn('connection to the broker lost; will come back')
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#client?.reconnect(), backoffMs(this.#attempt++, 500, 15_000))
  }

  #received(name: string, payload: Buffer, retained: boolean): void {
    const parsed = parseTopic(name)
    const own = parsed?.site === this.#o.site ? parsed : undefined
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
          state.inventory(agent, m.value)
          inventory.put(agent, m.value)
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

  /** What can't be said now is said when the agent sends its records again. */
  #acknowledge(agent: string, ack: AckMessage): void {
    // a store may answer after the client was ended, and an ended mqtt.js throws
    if (this.#ended || !this.#client?.connected) return
    this.#client.publish(topic(this.#o.site, agent, 'ack'), encode(ack), { qos: 1 })
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
