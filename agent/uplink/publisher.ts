import { decode, encode } from '../../protocol/codec.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { MqttLink, type MqttMessage } from '../../protocol/kit/mqtt/mqtt-link.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import type { Program } from '../../protocol/program.ts'
import { type AckMessage, AckMessageSchema, type StatusMessage } from '../../protocol/status.ts'
import { type Channel, helloTopic, topic } from '../../protocol/topics.ts'
import { Namesake } from './namesake.ts'

/** A broker that closes the connection at a message above its limit does so at once. */
const CUT_MS = 5_000
const NOTHING = { bytes: 0, atMs: Number.NEGATIVE_INFINITY }
const RECONNECT_MS = { base: 1_000, cap: 30_000 }

export interface PublisherOptions {
  url: string
  /** absent where there is a password: the agent's name, because MQTT 3.1.1 has no password without a user name */
  username?: string | undefined
  password?: Secret | undefined
  site: string
  agent: string
  /** which program this is, to notice another one of its name */
  program: Program
  /** the broker publishes this when it loses the agent */
  lastWill: StatusMessage
  log: Log
  /** connected, or a collector starts: publish every retained message again */
  onIntroduce(): void
  onConnection(connected: boolean): void
  onAck(ack: AckMessage): void
  /** told of each message, and whether the connection took it */
  onPublished?(channel: Channel, bytes: number, isTaken: boolean): void
}

/** The agent's topics over its MQTT connection. It queues nothing: the spool is the queue. */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #link: MqttLink
  readonly #namesake: Namesake
  #largest = NOTHING

  constructor(options: PublisherOptions) {
    const { url, username, password, site, agent, program, lastWill, log } = options
    this.#options = options
    this.#namesake = new Namesake({ program, agent, log, nowMs: () => performance.now() })
    this.#link = new MqttLink({
      url,
      user:
        username === undefined && password === undefined ? undefined : { name: username ?? agent, password },
      clientId: `perwatt-${site}-${agent}`,
      topics: [topic(site, agent, 'ack'), helloTopic(site)],
      extraTopics: [topic(site, agent, 'status')],
      lastWill: this.#status(lastWill),
      reconnectMs: RECONNECT_MS,
      log,
      onConnected: () => this.#namesake.connected(),
      onSubscribed: () => {
        options.onIntroduce()
        options.onConnection(true)
      },
      onMessage: (name, payload) => this.#received(name, payload),
      onClosed: () => {
        const restMs = this.#namesake.closed()
        if (restMs !== undefined) this.#link.rest(restMs)
        options.onConnection(false)
      },
    })
  }

  get connected(): boolean {
    return this.#link.connected
  }

  /** Another program that has this agent's name. */
  get namesake(): Program | undefined {
    return this.#namesake.other
  }

  /** The connection has ended. @returns the size of the largest message just before, which may be why; undefined: there was none */
  endedAfterBytes(): number | undefined {
    const { bytes, atMs } = this.#largest
    // the next end, such as that of a try to connect, has nothing to do with this message
    this.#largest = NOTHING
    return performance.now() - atMs <= CUT_MS ? bytes : undefined
  }

  /** Why no message can be sent; undefined while the broker has granted the subscriptions. */
  get trouble(): string | undefined {
    return this.#link.trouble
  }

  start(): void {
    this.#link.start()
  }

  /** Sends now, or not at all. @returns whether the connection took the message */
  publish(channel: Channel, message: unknown, options: { qos: 0 | 1; retain?: boolean }): boolean {
    return this.publishEncoded(channel, encode(message), options)
  }

  /** The same for a message that is encoded already. */
  publishEncoded(channel: Channel, payload: string, options: { qos: 0 | 1; retain?: boolean }): boolean {
    const { site, agent } = this.#options
    if (channel === 'status') this.#namesake.published()
    const isTaken = this.#link.publish({ topic: topic(site, agent, channel), payload, ...options })
    const bytes = Buffer.byteLength(payload)
    if (isTaken) this.#noteSize(bytes)
    this.#options.onPublished?.(channel, bytes, isTaken)
    return isTaken
  }

  #noteSize(bytes: number): void {
    const now = performance.now()
    if (bytes > this.#largest.bytes || now - this.#largest.atMs > CUT_MS) this.#largest = { bytes, atMs: now }
  }

  /** Publishes `goodbye` as the agent's status and closes, within a second. */
  stop(goodbye: StatusMessage): Promise<void> {
    return this.#link.stop(this.#status(goodbye))
  }

  #status(message: StatusMessage): MqttMessage {
    const { site, agent } = this.#options
    return { topic: topic(site, agent, 'status'), payload: encode(message), qos: 1, retain: true }
  }

  #received(name: string, payload: Buffer): void {
    const { site, agent, log, onIntroduce, onAck } = this.#options
    if (name === topic(site, agent, 'status')) {
      this.#namesake.heard(payload)
      return
    }
    if (name === helloTopic(site)) {
      onIntroduce()
      return
    }
    const ack = decode(AckMessageSchema, payload)
    if (ack.ok) onAck(ack.value)
    else
      log.warn('acknowledgement not understood; run the same release of agent and collector', {
        reason: ack.reason,
      })
  }
}
