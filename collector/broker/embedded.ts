import { createServer, type Server, type Socket } from 'node:net'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import { COLLECTOR_NAME, helloTopic, parseTopic, standbyTopic, topic } from '../../protocol/topics.ts'

export interface EmbeddedBrokerOptions {
  host: string
  port: number
  site: string
  /** one password for all agents; without it, anybody who reaches the port may connect */
  password?: Secret | undefined
  log: Log
}

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
  const broker = await Aedes.createBroker({ heartbeatInterval: 30_000, connectTimeout: 10_000 })
  const refusals = new RefusalLog(log)
  broker.authenticate = (client, username, given, done) => {
    const accepted = password === undefined || given?.toString() === password.reveal()
    refusals.note(client.id, username, accepted ? undefined : given ? 'wrong password' : 'no password')
    done(
      accepted ? null : (Object.assign(new Error('wrong password'), { returnCode: 4 }) as AuthenticateError),
      accepted,
    )
  }
  broker.authorizePublish = (client, packet, done) =>
    done(
      mayPublish(site, client, packet.topic) ? null : new Error('this client may not publish on this topic'),
    )
  broker.on('clientError', (client, error) =>
    log.debug('broker client error', { client: client.id, reason: reasonOf(error) }),
  )
  broker.on('connectionError', (_client, error) =>
    log.debug('broker connection error', { reason: reasonOf(error) }),
  )

  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
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
      for (const socket of sockets) socket.destroy()
      await closed
    },
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
