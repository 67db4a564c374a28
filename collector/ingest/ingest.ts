import { decode, encode } from '../../protocol/codec.ts'
import { systemClock } from '../../protocol/kit/clock.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import { MqttLink, type MqttLinkOptions, type MqttMessage } from '../../protocol/kit/mqtt/mqtt-link.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { every, type Timer } from '../../protocol/kit/timers.ts'
import {
  givesWay,
  type PresenceMessage,
  PresenceMessageSchema,
  type Program,
  placeText,
} from '../../protocol/program.ts'
import type { HelloMessage } from '../../protocol/status.ts'
import {
  agentTopics,
  COLLECTOR_NAME,
  helloTopic,
  parseTopic,
  presenceTopic,
  standbyTopic,
  topic,
} from '../../protocol/topics.ts'
import { clientIdOf } from '../broker/embedded.ts'
import type { TwinSituation } from '../plugin/situation.ts'
import { AgentMessages, type AgentMessagesOptions } from './agent-messages.ts'
import { AwayWatch } from './away-watch.ts'
import { Forgetting } from './forgetting.ts'
import { PRESENCE_MS, SiteLease, type SiteLeaseOptions } from './site-lease.ts'
import type { StoreLease } from './store-lease.ts'
import { Twins } from './twins.ts'

const RESUME_AGAIN_MS = 5_000
const RECONNECT_MS = { base: 500, cap: 15_000 }
/** How often agents that never were are looked for. */
const LOOK_EVERY_MS = 10 * 60_000

export interface IngestOptions extends Omit<AgentMessagesOptions, 'twins' | 'publish'> {
  url: string
  user?: MqttLinkOptions['user']
  version: string
  program: Program
  /** whether the broker is this collector's own: then no other one can have the site */
  ownBroker: boolean
  waits?: SiteLeaseOptions['waits']
  onBefore?: SiteLeaseOptions['onBefore']
  /** whether the agent has ever sent records */
  hasRecords(agentId: string): boolean
  /** where several collectors can open the store: who has it, how a person calls it, and what reads it again after another has used it */
  shared?: { lease: StoreLease; name: string; resume(): Promise<void> } | undefined
}

/** The collector's MQTT client. It serves a site that no other collector has. */
export class Ingest {
  readonly #o: IngestOptions
  readonly #lease: SiteLease
  readonly #twins = new Twins()
  readonly #forgetting: Forgetting
  /** absent where no other collector can open the store */
  readonly #storeLease: StoreLease | undefined
  #looking: Timer | undefined
  readonly #away: AwayWatch
  /** it was without the broker, and has to look for another collector first */
  #wasAway = false
  #reading = false
  #stopped = false
  /** absent while the site is not this collector's */
  #link: MqttLink | undefined
  #beat: Timer | undefined
  readonly #messages: AgentMessages
  #heard = 0
  /** the collector's own retained messages, by topic: published again at every connect, because a broker that restarts forgets them */
  readonly #retained = new Map<string, string>()

  constructor(options: IngestOptions) {
    this.#o = options
    const { waits, shared, program, log, nowMs, ...others } = options
    this.#away = new AwayWatch({
      steadyMs: () => systemClock.now().steadyMs,
      isReached: () => this.#link?.connected,
      onAway: () => this.#lookAgain(),
    })
    const rest = { ...others, program, log, nowMs }
    this.#storeLease = shared?.lease
    this.#messages = new AgentMessages({
      ...rest,
      twins: this.#twins,
      publish: (message) => void this.#link?.publish(message),
    })
    this.#forgetting = new Forgetting({
      ...rest,
      steadyMs: () => performance.now(),
      clear: (agent) => this.#clear(agent),
    })
    this.#lease = new SiteLease({
      ...rest,
      ...(waits && { waits }),
      serves: () => this.#serves,
      onHeld: () => this.#connect(),
    })
    shared?.lease.listen({
      onOther: (other) =>
        this.#twins.note({ kind: 'store', name: shared.name, programs: [program, other] }, nowMs()),
      onFirst: (first) => void (first ? this.#standBy() : this.#takeOver()),
    })
  }

  get connected(): boolean {
    return this.#link?.connected ?? false
  }

  /** Why nothing can be heard; undefined while the broker has granted the subscriptions. */
  get trouble(): string | undefined {
    return this.#link ? this.#link.trouble : 'it was not reached yet'
  }

  /** The collector that has the site or its store, while this one stands by; for a person. */
  get first(): string | undefined {
    const first = this.#lease.first ?? this.#storeLease?.first
    return first && placeText(first)
  }

  /** Messages of this site's agents since the start, but for those that the broker had kept. */
  get heard(): number {
    return this.#heard
  }

  /** When a message of the agent came last, but for what the broker had kept, steady ms; undefined: none since the start. */
  heardMs(agentId: string): number | undefined {
    return this.#forgetting.heardMs(agentId)
  }

  start(): void {
    this.#looking = every(LOOK_EVERY_MS, () => this.#forgetting.look())
    if (!this.#o.ownBroker) this.#away.start()
    if (!this.#storeLease) this.#serve()
    else void this.#storeLease.start().then(() => this.#serve())
  }

  /** Takes the site, where neither its store nor its broker has another collector. */
  #serve(): void {
    if (this.#stopped || this.#link || this.#storeLease?.first) return
    if (this.#o.ownBroker) this.#connect()
    else this.#lease.start()
  }

  /** No other collector has the store, or has it any more: what it stored is read again before anything is taken. */
  async #takeOver(): Promise<void> {
    const { shared, log } = this.#o
    if (!shared || this.#reading) return
    this.#reading = true
    try {
      while (!this.#stopped && !shared.lease.first)
        try {
          if (!(await shared.lease.readAgain(() => shared.resume()))) return
          this.#serve()
          // agents that were heard meanwhile send now what waits
          return this.hello()
        } catch (error) {
          log.warn('the store is not read again; will try on', { reason: reasonOf(error) })
          await pause(RESUME_AGAIN_MS)
        }
    } finally {
      this.#reading = false
    }
  }

  /**
   * One that was cut off from the broker, or halted, for as long as others wait looks for another collector before it connects as the
   * collector: that would end the other's connection.
   */
  #lookAgain(): void {
    this.#wasAway = true
    this.#o.log.warn('this collector was without the broker; it looks for another one before it goes on')
    void this.#disconnect().then(() => this.#serve())
  }

  /** Whether it takes records, or would as soon as it is connected. */
  get #serves(): boolean {
    return !this.#wasAway && this.#storeLease?.serves !== false
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
    this.#away.stop()
    await Promise.all([this.#disconnect(), this.#lease.stop(), this.#storeLease?.stop()])
  }

  async #standBy(): Promise<void> {
    await Promise.all([this.#disconnect(), this.#lease.stop()])
  }

  /** Connects as the collector: the site is this one's. */
  #connect(): void {
    if (this.#stopped || this.#link) return
    this.#wasAway = false
    this.#away.begin()
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
    const message: PresenceMessage = { v: 1, state, atMs: nowMs(), version, program, serves: this.#serves }
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
    const own = { program, serves: this.#serves }
    // one that has the store can't take the site while this one, which has lost it, is heard
    if (isStandby && (own.serves || message.value.serves !== true)) return
    if (ownBroker || !givesWay(own, message.value)) this.#link?.publish(this.#presence('online'))
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
    if (own && !retained) this.#heard++
    if (own) this.#messages.take(own, name, payload, retained)
    else this.#messages.aside('', name, 'not a topic of this site’s agents', payload)
  }
}
