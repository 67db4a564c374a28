import { decode, encode } from '../../protocol/codec.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { MqttLink, type MqttLinkOptions, type MqttMessage } from '../../protocol/kit/mqtt/mqtt-link.ts'
import { every, type Timer } from '../../protocol/kit/timers.ts'
import { isLater, type PresenceMessage, PresenceMessageSchema, type Program } from '../../protocol/program.ts'
import { decodeLive, LiveMessageSchema } from '../../protocol/sample.ts'
import {
  type AckMessage,
  type HelloMessage,
  InventoryMessageSchema,
  type StatusMessage,
  StatusMessageSchema,
} from '../../protocol/status.ts'
import {
  agentTopics,
  type Channel,
  COLLECTOR_NAME,
  helloTopic,
  parseTopic,
  presenceTopic,
  standbyTopic,
  topic,
} from '../../protocol/topics.ts'
import { clientIdOf } from '../broker/embedded.ts'
import type { BatchReceiver } from '../intake/batch-receiver.ts'
import type { SiteState } from '../live/state.ts'
import type { ClaimKeeper } from '../ownership/claim-keeper.ts'
import type { LeaseStore } from '../plugin/lease-store.ts'
import type { TwinSituation } from '../plugin/situation.ts'
import type { Quarantined } from '../plugin/store.ts'
import { Forgetting } from './forgetting.ts'
import type { InventoryBook } from './inventory.ts'
import { PRESENCE_MS, SiteLease, type SiteLeaseOptions } from './site-lease.ts'
import { StoreLease } from './store-lease.ts'
import { Twins } from './twins.ts'

/** Bytes of an unusable message that go to quarantine. */
const PAYLOAD_KEPT_BYTES = 2_000
const RECONNECT_MS = { base: 500, cap: 15_000 }
/** How often agents that never were are looked for. */
const LOOK_EVERY_MS = 10 * 60_000

export interface IngestOptions {
  url: string
  user?: MqttLinkOptions['user']
  site: string
  version: string
  program: Program
  /** whether the broker is this collector's own: then no other one can have the site */
  ownBroker: boolean
  waits?: SiteLeaseOptions['waits']
  /** whether emulated machines may count in this site's figures */
  acceptSimulated: boolean
  state: SiteState
  receiver: Pick<BatchReceiver, 'receive'>
  inventory: InventoryBook
  claims: Pick<ClaimKeeper, 'hear'>
  /** whether the agent has ever sent records */
  hasRecords(agentId: string): boolean
  /** the store, where several collectors can open it, and how a person calls it */
  shared?: { store: LeaseStore; name: string } | undefined
  nowMs: () => number
  log: Log
  quarantine(entry: Quarantined): void
}

/** Validates and routes every MQTT message. A message that can't be used is counted and put into quarantine, and changes nothing. */
export class Ingest {
  readonly #o: IngestOptions
  readonly #lease: SiteLease
  readonly #twins = new Twins()
  readonly #forgetting: Forgetting
  /** absent where no other collector can open the store */
  readonly #storeLease: StoreLease | undefined
  #looking: Timer | undefined
  #stopped = false
  /** absent while the site is not this collector's */
  #link: MqttLink | undefined
  #beat: Timer | undefined
  /** agents that read emulated machines though this site refuses them; each is logged once */
  readonly #refused = new Set<string>()
  /** the collector's own retained messages, by topic: published again at every connect, because a broker that restarts forgets them */
  readonly #retained = new Map<string, string>()

  constructor(options: IngestOptions) {
    this.#o = options
    const { waits, shared, program, log, nowMs, ...others } = options
    const rest = { ...others, program, log, nowMs }
    this.#storeLease =
      shared &&
      new StoreLease({
        store: shared.store,
        program,
        log,
        onOther: (other) =>
          this.#twins.note({ kind: 'store', name: shared.name, programs: [program, other] }, nowMs()),
        onFirst: (first) => void (first ? this.#standBy() : this.#serve()),
      })
    this.#forgetting = new Forgetting({
      ...rest,
      steadyMs: () => performance.now(),
      clear: (agent) => this.#clear(agent),
    })
    this.#lease = new SiteLease({ ...rest, ...(waits && { waits }), onHeld: () => this.#connect() })
  }

  get connected(): boolean {
    return this.#link?.connected ?? false
  }

  start(): void {
    this.#looking = every(LOOK_EVERY_MS, () => this.#forgetting.look())
    if (!this.#storeLease) this.#serve()
    else void this.#storeLease.start().then(() => this.#serve())
  }

  /** Takes the site, where neither its store nor its broker has another collector. */
  #serve(): void {
    if (this.#stopped || this.#link || this.#storeLease?.first) return
    if (this.#o.ownBroker) this.#connect()
    else this.#lease.start()
  }

  /** Names that two programs have, for the alert rules. */
  twins(): TwinSituation[] {
    const { site, program, nowMs } = this.#o
    const { first } = this.#lease
    if (first) this.#twins.note({ kind: 'site', name: site, programs: [first, program] }, nowMs())
    return this.#twins.situations(nowMs())
  }

  /** Asks the agents to say again who they are and to send what waits. */
  hello(): void {
    const { site, nowMs, version } = this.#o
    const hello: HelloMessage = { v: 1, atMs: nowMs(), version }
    this.#link?.publish({ topic: helloTopic(site), payload: encode(hello), qos: 1 })
  }

  /** Publishes a retained message: now, and whenever the broker is reached again. */
  retain(name: string, text: string): void {
    this.#retained.set(name, text)
    this.#publishRetained(name, text)
  }

  /** Closes the connection within a second. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#looking)
    await Promise.all([this.#disconnect(), this.#lease.stop(), this.#storeLease?.stop()])
  }

  async #standBy(): Promise<void> {
    await Promise.all([this.#disconnect(), this.#lease.stop()])
  }

  /** Connects as the collector: the site is this one's. */
  #connect(): void {
    const { url, user, site, log } = this.#o
    const link = new MqttLink({
      url,
      user,
      clientId: clientIdOf(site, COLLECTOR_NAME),
      topics: agentTopics(site),
      extraTopics: [presenceTopic(site), standbyTopic(site)],
      lastWill: this.#presence('offline'),
      reconnectMs: RECONNECT_MS,
      log,
      onConnected: () => {
        for (const [name, text] of this.#retained) this.#publishRetained(name, text)
      },
      onSubscribed: () => {
        log.info('listening to the agents', { site })
        link.publish(this.#presence('online'))
        this.hello()
      },
      onMessage: (name, payload, retained) => this.#received(name, payload, retained),
    })
    this.#link = link
    this.#beat = every(PRESENCE_MS, () => void link.publish(this.#presence('online')))
    link.start()
  }

  async #disconnect(): Promise<void> {
    clearInterval(this.#beat)
    const link = this.#link
    this.#link = undefined
    await link?.stop(this.#presence('offline'))
  }

  #presence(state: PresenceMessage['state']): MqttMessage {
    const { site, version, program, nowMs } = this.#o
    const message: PresenceMessage = { v: 1, state, atMs: nowMs(), version, program }
    return { topic: presenceTopic(site), payload: encode(message), qos: 1, retain: true }
  }

  /** An empty message removes what the broker has kept of the agent. */
  #clear(agent: string): void {
    for (const channel of ['status', 'inventory'] as const)
      this.#publishRetained(topic(this.#o.site, agent, channel), '')
  }

  #publishRetained(name: string, text: string): void {
    this.#link?.publish({ topic: name, payload: text, qos: 1, retain: true })
  }

  /** Another collector is there: it stands by, or it has taken the site too, and the later one of the two yields. */
  #heardCollector(payload: Uint8Array, isStandby: boolean): void {
    const { program, site, ownBroker, nowMs } = this.#o
    const message = decode(PresenceMessageSchema, payload)
    if (!message.ok || message.value.program.instance === program.instance) return
    const { program: other, state } = message.value
    if (state === 'offline') return
    this.#twins.note({ kind: 'site', name: site, programs: [program, other] }, nowMs())
    if (isStandby) return
    if (ownBroker || !isLater(program, other)) this.#link?.publish(this.#presence('online'))
    else void this.#disconnect().then(() => this.#lease.yieldTo(other))
  }

  #received(name: string, payload: Buffer, retained: boolean): void {
    const { site } = this.#o
    if (name === presenceTopic(site) || name === standbyTopic(site)) {
      this.#heardCollector(payload, name === standbyTopic(site))
      return
    }
    const parsed = parseTopic(name)
    const own = parsed?.site === site ? parsed : undefined
    // what was kept of an agent was removed
    if (own && payload.length === 0) return
    if (own && !retained) this.#forgetting.heard(own.agent)
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
        if (m.ok && this.#admits(agent, m.value.simulated)) {
          state.status(agent, m.value)
          this.#noteProgram(agent, m.value)
        }
        return m.ok ? undefined : m.reason
      }
      case 'inventory': {
        const m = decode(InventoryMessageSchema, payload)
        if (m.ok && this.#admits(agent, m.value.simulated)) {
          state.inventory(agent, m.value)
          inventory.put(agent, m.value)
          this.#o.claims.hear(agent, m.value.devices)
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

  #noteProgram(agent: string, { program, namesake, state }: StatusMessage): void {
    const nowMs = this.#o.nowMs()
    // a last will may come late, and of a program that has ended
    if (program && state === 'online') this.#twins.hear(agent, program, nowMs)
    if (program && namesake)
      this.#twins.note({ kind: 'agent', name: agent, programs: [program, namesake] }, nowMs)
  }

  /** An acknowledgement that can't be sent is not repeated: the agent sends the records again, and is answered then. */
  #acknowledge(agent: string, ack: AckMessage): void {
    this.#link?.publish({ topic: topic(this.#o.site, agent, 'ack'), payload: encode(ack), qos: 1 })
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
