import { createServer, type Server } from 'node:net'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { MAX_MESSAGE_BYTES } from '../../protocol/codec.ts'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import { COLLECTOR_NAME, helloTopic, parseTopic, standbyTopic, topic } from '../../protocol/topics.ts'
import { type ConnectionBounds, Connections } from './connections.ts'
import { limitPackets } from './packet-limit.ts'
import { type RetainedBounds, RetainedBudget } from './retained-budget.ts'
import { isTooSlow, neverWaitFor } from './slow-readers.ts'

export interface EmbeddedBrokerOptions {
  host: string
  port: number
  site: string
  /** one password for all agents; without it, anybody who reaches the port may connect */
  password?: Secret | undefined
  log: Log
  /** in place of BROKER_BOUNDS */
  bounds?: Partial<BrokerBounds>
}

/** What clients can make the broker hold. */
export interface BrokerBounds {
  connections: ConnectionBounds
  /** bytes of a packet of a client that is not accepted yet: CONNECT holds names, a password and a last will */
  firstPacketBytes: number
  /** bytes of any later packet; a message beyond MAX_MESSAGE_BYTES is refused by whoever reads it, who says why */
  packetBytes: number
  /** packets a second of one client, on average; it is read no faster */
  packetsPerS: number
  /** retained messages of agents and collectors */
  retained: RetainedBounds
  /** retained messages on all other topics */
  otherRetained: RetainedBounds
  /** topics that one client subscribes */
  subscriptions: number
}

/** Ten thousand agents have two retained messages each. */
const BROKER_BOUNDS: BrokerBounds = {
  connections: { all: 12_000, waiting: 1_000, ofAddress: 2_000 },
  firstPacketBytes: 2 ** 16,
  packetBytes: 2 * MAX_MESSAGE_BYTES,
  packetsPerS: 2_000,
  retained: { topics: 25_000, bytes: 2 ** 28 },
  otherRetained: { topics: 1_000, bytes: 2 ** 24 },
  subscriptions: 100,
}
/** More than a connection can have. */
const OWN_PACKETS_PER_S = 1e9
/** A message of QoS 2 stays in memory until the sender lets it go; perwatt sends none. */
const MAX_HALF_SENT = 10
/** Kinds of refusal that are logged, each once. */
const MAX_BOUNDS_LOGGED = 1_000

/** A user as a client sends it: MQTT 3.1.1 has no password without a name. */
export interface MqttUser {
  name: string
  password?: Secret | undefined
}

export interface EmbeddedBroker {
  port: number
  /** the user as which the collector itself connects; always accepted */
  collector: MqttUser
  close(): Promise<void>
}

/** Refused clients that are kept, so that each is logged once; client ids are chosen by the clients. */
const MAX_REFUSED = 1_000
const SHOWN_CHARACTERS = 100

/** MQTT client id of a perwatt program. The broker decides by the agent's name in it what the client may publish. */
export const clientIdOf = (site: string, name: string): string => `perwatt-${site}-${name}`

/**
 * The embedded MQTT broker, for a site without a broker of its own. An agent may publish under its own name only, and only the
 * collector may publish as the collector.
 * @throws PerwattError `port-taken` where the port is in use
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const { host, port, site, password, log } = options
  const bounds = { ...BROKER_BOUNDS, ...options.bounds }
  const broker = await Aedes.createBroker({
    heartbeatInterval: 30_000,
    connectTimeout: 10_000,
    maxInflightInbound: MAX_HALF_SENT,
    // a hundred messages at once that wait for slow subscribers would hold up all others
    concurrency: 0,
  })
  const refusals = new RefusalLog(log)
  const connections = new Connections(bounds.connections)
  const retained = new RetainedBudget(bounds.retained)
  const otherRetained = new RetainedBudget(bounds.otherRetained)
  const overBound = boundLog(log)
  let own: unknown
  broker.preConnect = (_client, packet, done) => {
    // a session that outlives its connection would collect messages without end while its client is away
    packet.clean = true
    done(null, true)
  }
  broker.authenticate = (client, username, given, done) => {
    const accepted = password === undefined || given?.toString() === password.reveal()
    refusals.note(client.id, username, accepted ? undefined : given ? 'wrong password' : 'no password')
    done(
      accepted ? null : (Object.assign(new Error('wrong password'), { returnCode: 4 }) as AuthenticateError),
      accepted,
    )
  }
  broker.authorizePublish = (client, packet, done) => {
    const may = mayPublish(site, client, packet.topic)
    if (may && packet.retain) {
      const budget = parseTopic(packet.topic) ? retained : otherRetained
      const isOwn = client?.id === clientIdOf(site, COLLECTOR_NAME)
      if (!isOwn && !budget.admits(packet.topic, packet.payload.length)) {
        // it goes to those who listen now
        packet.retain = false
        overBound('no room for another retained message; it is passed on, and not kept', client?.id)
      }
    }
    done(may ? null : new Error('this client may not publish on this topic'))
  }
  broker.authorizeSubscribe = (client, subscription, done) => {
    const has = Object.keys((client as unknown as { subscriptions: object }).subscriptions).length
    if (has < bounds.subscriptions) return done(null, subscription)
    overBound(`a client has ${bounds.subscriptions} subscriptions, and gets no more`, client.id)
    done(null, null)
  }
  broker.authorizeForward = (client, packet) => {
    if (client.id === clientIdOf(site, COLLECTOR_NAME) || !isTooSlow(client, packet)) return packet
    overBound('a subscriber reads slower than messages come, and loses some', client.id)
    return null
  }
  broker.on('client', (client) => {
    connections.accepted(client.conn)
    if (client.id === clientIdOf(site, COLLECTOR_NAME)) own = client.conn
    else neverWaitFor(client)
  })
  broker.on('clientError', (client, error) =>
    log.debug('broker client error', { client: client.id, reason: reasonOf(error) }),
  )
  broker.on('connectionError', (_client, error) =>
    log.debug('broker connection error', { reason: reasonOf(error) }),
  )

  const server = createServer((socket) => {
    const full = connections.open(socket)
    if (full !== undefined) {
      overBound(`a connection was refused: ${full}`, socket.remoteAddress)
      socket.destroy()
      return
    }
    limitPackets(socket, {
      mostBytes: () => (connections.isAccepted(socket) ? bounds.packetBytes : bounds.firstPacketBytes),
      // the collector's own connection answers all agents
      perS: () => (socket === own ? OWN_PACKETS_PER_S : bounds.packetsPerS),
      onRefused: (bytes) =>
        overBound(`a connection was ended: its packet has ${bytes} bytes`, socket.remoteAddress),
    })
    broker.handle(socket)
  })
  await listen(server, host, port)
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    collector: { name: COLLECTOR_NAME, password },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await new Promise<void>((resolve) => broker.close(() => resolve()))
      connections.destroyAll()
      await closed
    },
  }
}

/** Logs what goes beyond a bound, once for each kind and client. */
function boundLog(log: Log): (what: string, client: string | undefined) => void {
  const logged = new Set<string>()
  return (what, client = '') => {
    const kind = `${what.replace(/\d+/g, '#')}|${client}`
    if (logged.has(kind) || logged.size >= MAX_BOUNDS_LOGGED) return
    logged.add(kind)
    log.warn(`broker: ${what}`, { client: client.slice(0, SHOWN_CHARACTERS) })
  }
}

/** Clients that were refused, each logged once until it is accepted. */
class RefusalLog {
  readonly #log: Log
  readonly #refused = new Set<string>()

  constructor(log: Log) {
    this.#log = log
  }

  note(client: string, user: string | undefined, reason: string | undefined): void {
    if (reason === undefined) {
      this.#refused.delete(client)
      return
    }
    const isNew = this.#refused.size < MAX_REFUSED && !this.#refused.has(client)
    if (isNew) this.#refused.add(client)
    this.#log[isNew ? 'warn' : 'debug'](
      'broker: a client was refused; set its mqtt.password to mqtt.embedded.password of the collector',
      {
        client: client.slice(0, SHOWN_CHARACTERS),
        ...(user === undefined ? {} : { user: user.slice(0, SHOWN_CHARACTERS) }),
        reason,
      },
    )
  }
}

/** A client with another id, such as a dashboard or mosquitto_pub, may subscribe to perwatt's topics and publish elsewhere. */
function mayPublish(site: string, client: Client | null, name: string): boolean {
  const id = client?.id ?? ''
  if (id === clientIdOf(site, COLLECTOR_NAME)) return true
  if (name === standbyTopic(site)) return id.startsWith(`${clientIdOf(site, COLLECTOR_NAME)}-`)
  if (name === helloTopic(site)) return false
  const parsed = parseTopic(name)
  if (!parsed) return !name.startsWith('perwatt/') && !name.startsWith('$SYS/')
  return (
    parsed.channel !== 'ack' &&
    id === clientIdOf(parsed.site, parsed.agent) &&
    name === topic(parsed.site, parsed.agent, parsed.channel)
  )
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new PerwattError(
              'port-taken',
              `broker: port ${port} on ${host} is taken; set another mqtt.embedded.port, or stop the program that uses it`,
              { cause: error },
            )
          : new PerwattError(
              'broker',
              `broker: cannot listen on ${host}:${port}: ${error.message}; check mqtt.embedded.host`,
              {
                cause: error,
              },
            ),
      ),
    )
    server.listen(port, host, resolve)
  })
}
