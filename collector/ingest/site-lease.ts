import { decode, encode } from '../../protocol/codec.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { MqttLink, type MqttLinkOptions } from '../../protocol/kit/mqtt/mqtt-link.ts'
import { after, every, type Timer } from '../../protocol/kit/timers.ts'
import {
  type PresenceMessage,
  PresenceMessageSchema,
  type Program,
  placeText,
} from '../../protocol/program.ts'
import { COLLECTOR_NAME, presenceTopic, standbyTopic } from '../../protocol/topics.ts'
import { clientIdOf } from '../broker/embedded.ts'

/** The broker sends what it has retained right after the subscription. */
const LOOK_MS = 1_000
/** The collector that has the site says so this often. */
export const PRESENCE_MS = 10_000
/** What is retained may be of a collector that ended without the broker noticing: one that runs is heard within this. */
const HEARD_WITHIN_MS = 2.5 * PRESENCE_MS
/** A collector that stands by takes over this long after the first was last heard: a restart or an update takes less. */
const GONE_MS = 5 * 60_000
const RECONNECT_MS = { base: 500, cap: 15_000 }

export interface SiteLeaseOptions extends Pick<MqttLinkOptions, 'url' | 'user'> {
  site: string
  program: Program
  version: string
  nowMs: () => number
  log: Log
  /** whether it would take records at once: it has the store */
  serves?(): boolean
  /** the site is this collector's: it may connect as the collector and take records. Called once for each time that it gets it */
  onHeld(): void
  /** a collector of another computer, or one that this one stood by for, had the site before: called before `onHeld` */
  onBefore?: ((other: Program) => void) | undefined
  /** tests turn these */
  waits?: { lookMs: number; heardMs: number; goneMs: number }
}

/**
 * Lets one collector of a site at a time connect as the collector. Two would end each other's connection for ever, and each would
 * acknowledge a part of the records: one ledger torn in two. So a collector looks under a name of its own first; where another is heard, it
 * stands by and says so, and takes over when that one is gone for good.
 */
export class SiteLease {
  readonly #o: SiteLeaseOptions
  readonly #waits: Required<SiteLeaseOptions>['waits']
  #look: MqttLink | undefined
  #timer: Timer | undefined
  #beat: Timer | undefined
  #first: Program | undefined
  /** the other collector that had the site last, as far as this one heard */
  #before: Program | undefined

  constructor(options: SiteLeaseOptions) {
    this.#o = options
    this.#waits = options.waits ?? { lookMs: LOOK_MS, heardMs: HEARD_WITHIN_MS, goneMs: GONE_MS }
  }

  /** The collector that has the site while this one stands by. */
  get first(): Program | undefined {
    return this.#first
  }

  /** Looks for another collector, and goes on until the site is this one's. */
  start(): void {
    const { url, user, site, program, log } = this.#o
    this.#look = new MqttLink({
      url,
      user,
      clientId: `${clientIdOf(site, COLLECTOR_NAME)}-${program.instance}`,
      topics: [presenceTopic(site)],
      reconnectMs: RECONNECT_MS,
      log,
      // also where the broker refuses the subscription: then no other collector can be heard, and this one serves the site
      onConnected: () => this.#in(this.#first ? this.#waits.goneMs : this.#waits.lookMs),
      onSubscribed: () => {},
      onMessage: (_, payload, retained) => this.#heard(payload, retained),
      // without the broker nobody is heard, and none is gone
      onClosed: () => clearTimeout(this.#timer),
    })
    this.#look.start()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    clearInterval(this.#beat)
    const look = this.#look
    this.#look = undefined
    await look?.stop()
  }

  /** Another collector took the site, and came first: this one stands by for it. */
  yieldTo(other: Program): void {
    this.#standBy(other)
    this.start()
  }

  #heard(payload: Uint8Array, retained: boolean): void {
    const message = decode(PresenceMessageSchema, payload)
    if (!message.ok || message.value.program.instance === this.#o.program.instance) return
    const { state, program } = message.value
    // on this computer it may be an earlier run of this one
    if (program.host !== this.#o.program.host) this.#before = program
    if (state === 'offline') {
      // a look finds it gone; one that stands by waits whether it comes back
      if (!this.#first) this.#in(this.#waits.lookMs)
      return
    }
    if (retained) {
      if (!this.#first) this.#in(this.#waits.heardMs)
      return
    }
    this.#standBy(program)
    this.#in(this.#waits.goneMs)
  }

  #standBy(other: Program): void {
    if (this.#first?.instance === other.instance) return
    const { site, log } = this.#o
    this.#first = this.#before = other
    log.error(
      'another collector has this site; this one stands by. Stop one of the two, or give it a site.id of its own',
      { site, other: placeText(other) },
    )
    clearInterval(this.#beat)
    this.#tell()
    this.#beat = every(PRESENCE_MS, () => this.#tell())
  }

  /** Says to the first collector that this one stands by. */
  #tell(): void {
    const { site, program, version, nowMs, serves } = this.#o
    const message: PresenceMessage = {
      ...{ v: 1, state: 'online', atMs: nowMs(), version, program },
      ...(serves && { serves: serves() }),
    }
    this.#look?.publish({ topic: standbyTopic(site), payload: encode(message), qos: 1 })
  }

  #in(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = after(ms, () => void this.#take())
  }

  async #take(): Promise<void> {
    const { site, log, onHeld } = this.#o
    const first = this.#first
    await this.stop()
    this.#first = undefined
    if (first) log.warn('the other collector is gone; this one takes over', { site, other: placeText(first) })
    if (this.#before) this.#o.onBefore?.(this.#before)
    this.#before = undefined
    onHeld()
  }
}
