import mqtt, { type MqttClient } from 'mqtt'
import { writeToStream } from 'mqtt-packet'
import { reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { backoffMs } from '../retry.ts'
import type { Secret } from '../secret.ts'
import { shownUrl } from '../shown-url.ts'
import { after } from '../timers.ts'

const CONNECT_TIMEOUT_MS = 10_000
const KEEPALIVE_S = 15
const STOP_WITHIN_MS = 1_000
/** A connection that ends earlier counts as a failed try: something ends each one, as a second program with the same client id does. */
const LASTING_MS = 10_000
/** Bytes that may wait in the connection to a broker that has stopped reading; more is refused, not kept in memory. */
const MAX_WAITING_BYTES = 16 * 2 ** 20

// mqtt.js would otherwise keep a buffer for each of 65,536 packet numbers: 6 MB of memory for a few packets a second
writeToStream.cacheNumbers = false

export interface MqttMessage {
  topic: string
  payload: string
  qos: 0 | 1
  retain?: boolean
}

export interface MqttLinkOptions {
  /** `mqtt://broker.site:1883`; also mqtts, ws and wss */
  url: string
  /** MQTT 3.1.1 has no password without a user name (3.1.2.9) */
  user?: { name: string; password?: Secret | undefined } | undefined
  clientId: string
  /** subscribed with QoS 1 at every connect */
  topics: readonly string[]
  /** subscribed before them; the broker may refuse these without harm */
  extraTopics?: readonly string[]
  /** the broker publishes this when the connection is lost without a goodbye */
  lastWill?: MqttMessage
  /** wait before the first repeat and the longest wait, ms; both are upper bounds, because the wait is random (full jitter) */
  reconnectMs: { base: number; cap: number }
  log: Log
  /** the broker has accepted the connection; the subscriptions are under way */
  onConnected?(): void
  /** the broker has granted every subscription */
  onSubscribed(): void
  onMessage(topic: string, payload: Buffer, retained: boolean): void
  onClosed?(): void
}

/** What to do about each return code of CONNACK (MQTT 3.1.1, table 3.1). */
const REFUSALS: Readonly<Record<number, string>> = {
  1: '; it must speak MQTT 3.1.1',
  2: '; let this client id connect',
  3: ', because it is not available now; look at its log',
  4: '; check mqtt.username and mqtt.password here, and the password at the broker',
  // Mosquitto answers this too where the last will is above its message_size_limit
  5: '; check mqtt.username and mqtt.password here, and at the broker that this user may connect, and that messages of some kB are allowed (Mosquitto: message_size_limit)',
}

/**
 * One MQTT 3.1.1 connection with a clean session. It reconnects with back-off and jitter, and subscribes again each time.
 * It queues nothing while it is not connected: a message is handed to the connection now, or the caller keeps it.
 */
export class MqttLink {
  readonly #options: MqttLinkOptions
  #client: MqttClient | undefined
  #timer: NodeJS.Timeout | undefined
  /** failed tries since the last connection */
  #attempt = 0
  /** the last failure that was logged; another one is logged too */
  #logged = ''
  /** whether the broker has accepted the present connection, or it has failed with an error */
  #accepted = false
  #failed = false
  #stopped = false
  /** when the present connection was accepted, ms of `performance.now()` */
  #acceptedAtMs = 0
  /** the next wait, where it is not the back-off's */
  #restMs: number | undefined
  #trouble: string | undefined = 'it was not reached yet'

  constructor(options: MqttLinkOptions) {
    this.#options = options
  }

  get connected(): boolean {
    return !this.#stopped && (this.#client?.connected ?? false)
  }

  /** Why no message can come; undefined while the broker has granted every subscription. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Connects, and goes on trying until `stop`. Never throws. */
  start(): void {
    const { url, user, clientId, lastWill } = this.#options
    const client = mqtt.connect(url, {
      protocolVersion: 4,
      clientId,
      clean: true,
      // mqtt.js reconnects at a fixed period, so a thousand agents would come back at the same moment
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: KEEPALIVE_S,
      // mqtt.js drops what it queues past 65,535 messages without an error
      queueQoSZero: false,
      resubscribe: false,
      messageIdProvider: new mqtt.UniqueMessageIdProvider(),
      ...(user && { username: user.name }),
      ...(user?.password && { password: user.password.reveal() }),
      ...(lastWill && {
        will: {
          topic: lastWill.topic,
          payload: Buffer.from(lastWill.payload),
          qos: lastWill.qos,
          retain: lastWill.retain ?? false,
        },
      }),
    })
    this.#client = client
    client.on('connect', () => this.#connected(client))
    client.on('message', (topic, payload, packet) => this.#options.onMessage(topic, payload, packet.retain))
    client.on('error', (error) => {
      this.#failed = true
      this.#failure(error)
    })
    client.on('close', () => this.#closed())
  }

  /**
   * Hands a message to the connection. It never throws and never waits.
   * @returns false where there is no connection, or where the broker has stopped reading
   */
  publish({ topic, payload, qos, retain = false }: MqttMessage): boolean {
    const client = this.#client
    if (!client || !this.connected || client.stream.writableLength > MAX_WAITING_BYTES) return false
    client.publish(topic, payload, { qos, retain }, (error) => {
      if (error && !this.#stopped)
        this.#options.log.debug('message not sent', { topic, reason: reasonOf(error) })
    })
    return true
  }

  /** Waits so long before it connects again, in place of the back-off. Call it in `onClosed`. */
  rest(ms: number): void {
    this.#restMs = ms
  }

  /**
   * Closes the connection within a second, and stays closed.
   * @param goodbye published first; the broker then sends no last will
   */
  async stop(goodbye?: MqttMessage): Promise<void> {
    const wasConnected = this.connected
    this.#stopped = true
    clearTimeout(this.#timer)
    const client = this.#client
    if (!client) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = after(STOP_WITHIN_MS, resolve)
    })
    if (goodbye && wasConnected) {
      const { topic, payload, qos, retain = false } = goodbye
      const sent = client.publishAsync(topic, payload, { qos, retain })
      await Promise.race([sent.catch(() => undefined), late])
    }
    // a forced end skips DISCONNECT, and the broker would publish the last will after the goodbye
    const ended = client.endAsync(!wasConnected).catch(() => undefined)
    await Promise.race([ended, late])
    client.stream.destroy()
    clearTimeout(timer)
  }

  /** Logs why there is no connection; a reason that was already logged since the last connection is not repeated. */
  #failure(error: unknown): void {
    // a connection that is ended before it stood fails, as it was told to
    if (this.#stopped) return
    const { url, user, log } = this.#options
    const reason = reasonOf(error)
    this.#trouble = reason
    if (reason === this.#logged) return
    this.#logged = reason
    const refused = (error as { code?: unknown }).code
    const advice = typeof refused === 'number' ? (REFUSALS[refused] ?? '') : undefined
    log.warn(
      advice === undefined
        ? 'broker not reached; check its address, and that it runs'
        : `the broker refuses the connection${advice}`,
      {
        url: shownUrl(url),
        ...(user && { user: user.name }),
        sent: user?.password
          ? 'user and password'
          : user
            ? 'user without a password'
            : 'no user and no password',
        reason,
      },
    )
  }

  #connected(client: MqttClient): void {
    const { url, topics, extraTopics = [], log, onConnected, onSubscribed } = this.#options
    this.#acceptedAtMs = performance.now()
    this.#logged = ''
    this.#accepted = true
    log.info('connected to the broker', { url: shownUrl(url) })
    onConnected?.()
    if (extraTopics.length > 0) client.subscribe([...extraTopics], { qos: 1 }, () => {})
    client.subscribe([...topics], { qos: 1 }, (error) => {
      if (!error) {
        this.#trouble = undefined
        return onSubscribed()
      }
      this.#trouble = `it refuses the subscription (${reasonOf(error)})`
      // where the connection closed meanwhile, the next one subscribes again
      if (client.connected)
        log.error('the broker refuses the subscription; let this user read these topics', {
          topics,
          reason: reasonOf(error),
        })
    })
  }

  #closed(): void {
    const { log, reconnectMs, onClosed } = this.#options
    onClosed?.()
    if (this.#stopped) return
    this.#trouble ??= 'the connection was lost'
    if (!this.#accepted && !this.#failed)
      this.#failure(new Error('it closed the connection without an answer to CONNECT'))
    const wasAccepted = this.#accepted
    this.#accepted = this.#failed = false
    if (wasAccepted && performance.now() - this.#acceptedAtMs > LASTING_MS) this.#attempt = 0
    const delayMs = this.#restMs ?? backoffMs(this.#attempt, reconnectMs.base, reconnectMs.cap)
    this.#restMs = undefined
    if (wasAccepted)
      log.warn('connection to the broker lost; it is tried again', { inMs: Math.round(delayMs) })
    this.#attempt++
    clearTimeout(this.#timer)
    this.#timer = after(delayMs, () => this.#client?.reconnect())
  }
}
