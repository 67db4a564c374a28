import mqtt, { type MqttClient } from 'mqtt'
import { writeToStream } from 'mqtt-packet'
import { decode, encode } from '../../protocol/codec.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { backoffMs } from '../../protocol/kit/retry.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import { type AckMessage, AckMessageSchema, type StatusMessage } from '../../protocol/status.ts'
import { type Channel, helloTopic, topic } from '../../protocol/topics.ts'

const RECONNECT_BASE_MS = 1_000
const RECONNECT_CAP_MS = 30_000
const CONNECT_TIMEOUT_MS = 10_000

// mqtt.js would keep a buffer for each of 65,536 numbers, 6 MB of an agent's memory, to write a few packets a second faster
writeToStream.cacheNumbers = false

export interface PublisherOptions {
  url: string
  username?: string | undefined
  password?: Secret | undefined
  site: string
  agent: string
  /** status that the broker publishes when this connection is lost */
  lastWill: StatusMessage
  log: Log
  /** Publish all retained messages again: after a reconnect, or because a collector starts and asks for them. */
  onIntroduce(): void
  onConnection(connected: boolean): void
  onAck(ack: AckMessage): void
}

/**
 * The agent's MQTT connection. It queues nothing: a message that can't be sent now is dropped, and the spool is the queue. The
 * queue of mqtt.js would drop messages silently beyond 65,535.
 */
export class Publisher {
  readonly #options: PublisherOptions
  #client: MqttClient | undefined
  #timer: NodeJS.Timeout | undefined
  #attempt = 0
  #ended = false

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  get connected(): boolean {
    return this.#client?.connected ?? false
  }

  start(): void {
    const { url, username, password, site, agent, lastWill, log } = this.#options
    const client = mqtt.connect(url, {
      protocolVersion: 4,
      clientId: `perwatt-${site}-${agent}`,
      clean: true,
      // reconnecting is ours: mqtt.js would come back in step with every other agent
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: 15,
      queueQoSZero: false,
      resubscribe: false,
      messageIdProvider: new mqtt.UniqueMessageIdProvider(),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: password.reveal() }),
      will: {
        topic: topic(site, agent, 'status'),
        payload: Buffer.from(encode(lastWill)),
        qos: 1,
        retain: true,
      },
    })
    this.#client = client
    client.on('connect', () => {
      this.#attempt = 0
      log.info('connected to the broker', { url })
      client.subscribe([topic(site, agent, 'ack'), helloTopic(site)], { qos: 1 }, (error) => {
        // a connection that closes meanwhile is no refusal: the next one subscribes again
        if (error && !client.connected) return
        if (error) return log.error('the broker refuses the subscription', { reason: reasonOf(error) })
        this.#options.onIntroduce()
        this.#options.onConnection(true)
      })
    })
    client.on('message', (name, payload) => this.#received(name, payload))
    client.on('error', (error) => {
      if (this.#attempt === 0) log.warn('broker not reached', { url, reason: reasonOf(error) })
    })
    client.on('close', () => this.#closed())
  }

  /** Sends a message now or never. @returns whether it was handed to the connection */
  publish(channel: Channel, message: unknown, options: { qos: 0 | 1; retain?: boolean }): boolean {
    const { site, agent, log } = this.#options
    const client = this.#client
    if (!client?.connected) return false
    client.publish(
      topic(site, agent, channel),
      encode(message),
      { qos: options.qos, retain: options.retain ?? false },
      (error) => {
        if (error && !this.#ended) log.debug('message not sent', { channel, reason: reasonOf(error) })
      },
    )
    return true
  }

  /** Publishes the last status itself, because a regular disconnect publishes no last will, and closes. Takes at most a second. */
  async stop(goodbye: StatusMessage): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    const client = this.#client
    if (!client) return
    const { site, agent } = this.#options
    const late = new Promise<void>((resolve) => setTimeout(resolve, 1000).unref())
    if (client.connected) {
      const published = client.publishAsync(topic(site, agent, 'status'), encode(goodbye), {
        qos: 1,
        retain: true,
      })
      await Promise.race([published.catch(() => undefined), late])
    }
    await Promise.race([client.endAsync(true).catch(() => undefined), late])
  }

  #closed(): void {
    const { log, onConnection } = this.#options
    onConnection(false)
    if (this.#ended) return
    const delayMs = backoffMs(this.#attempt, RECONNECT_BASE_MS, RECONNECT_CAP_MS)
    if (this.#attempt === 0)
      log.warn('connection to the broker lost; will come back', { inMs: Math.round(delayMs) })
    this.#attempt++
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#client?.reconnect(), delayMs)
  }

  #received(name: string, payload: Buffer): void {
    const { site, log } = this.#options
    if (name === helloTopic(site)) {
      this.#options.onIntroduce()
      return
    }
    const ack = decode(AckMessageSchema, payload)
    if (ack.ok) this.#options.onAck(ack.value)
    else log.warn('acknowledgement not understood', { reason: ack.reason })
  }
}
