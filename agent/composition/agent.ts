import { type Clock, systemClock } from '../../protocol/kit/clock.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { type RunningProgram, thisProgram } from '../../protocol/kit/this-program.ts'
import { every } from '../../protocol/kit/timers.ts'
import { encodeLive, MAX_SAMPLES_PER_MESSAGE } from '../../protocol/sample.ts'
import type { AckMessage, InventoryMessage, StatusMessage } from '../../protocol/status.ts'
import { type AgentConfig, spoolFolderOf } from '../config/config.ts'
import type { DeviceConfig } from '../config/device-config.ts'
import { Metering } from '../metering/metering.ts'
import type { Driver } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'
import { SessionMemories } from '../plugin/session-memories.ts'
import { withConfiguredLimits } from '../polling/configured-limits.ts'
import { DevicePlaces } from '../polling/device-places.ts'
import { DeviceRegistry } from '../polling/device-registry.ts'
import { HardwareWatch } from '../polling/hardware-watch.ts'
import { pollTarget } from '../polling/poll-target.ts'
import { Poller } from '../polling/poller.ts'
import { ShareWatch } from '../polling/share-watch.ts'
import { Delivery } from '../uplink/delivery.ts'
import { Publisher } from '../uplink/publisher.ts'
import { homeOf } from '../uplink/spool/home.ts'
import { Spool } from '../uplink/spool/spool.ts'

export interface AgentOptions {
  config: AgentConfig
  drivers: readonly Driver[]
  log: Log
  version: string
  clock?: Clock
  /** spool of a stopped agent that this one replaces at a reload: it holds that agent's waiting records and counter states */
  spool?: Spool
}

/** How long each step of a stop may take, and how long a stop waits for the collector's acknowledgement. */
const STOP_STEP_MS = 900
const STOP_DELIVERY_MS = 2_800
/** A change of the clock offset by this much is published at once. Smaller changes are differences between round trips. */
const OFFSET_CHANGE_MS = 250

/** Composition root of the agent: pollers -> registry and accumulators -> live messages and spool -> broker. */
export class Agent {
  readonly #config: AgentConfig
  readonly #log: Log
  readonly #version: string
  readonly #clock: Clock
  readonly #registry: DeviceRegistry
  readonly #drivers: readonly Driver[]
  /** absent until the computer's own id is read */
  #places: DevicePlaces | undefined
  readonly #shareWatch: ShareWatch
  readonly #memories = new SessionMemories()
  readonly #program: RunningProgram
  readonly spool: Spool
  readonly #delivery: Delivery
  readonly #publisher: Publisher
  readonly #pollers: Poller[]
  /** absent until the spool is open */
  #metering: Metering | undefined
  #starting: Promise<void> = Promise.resolve()
  #stopped = false
  #timers: NodeJS.Timeout[] = []
  #publishedInventory = -1
  #clockOffsetMs: number | undefined
  #publishedOffsetMs: number | undefined
  #publishedDisk: string | undefined

  constructor(options: AgentOptions) {
    const { config, drivers, log, version, clock = systemClock } = options
    this.#config = config
    this.#log = log
    this.#version = version
    this.#clock = clock
    this.#drivers = drivers
    this.#registry = new DeviceRegistry(config.devices, drivers)
    this.#shareWatch = new ShareWatch({ timeoutMs: config.shareTimeout, maxGapMs: maxGapMs(config), log })
    const { maxBytes, maxAge: maxAgeMs } = config.spool
    const settings = { folder: spoolFolderOf(config), maxBytes, maxAgeMs }
    this.spool = options.spool?.serves(settings)
      ? options.spool
      : new Spool({
          ...settings,
          home: homeOf(config.site, config.agent, settings.folder),
          nowMs: () => this.#wallMs(),
          log,
        })
    this.#program = thisProgram(this.#wallMs())
    this.#publisher = new Publisher({
      ...config.mqtt,
      program: this.#program,
      site: config.site,
      agent: config.agent,
      lastWill: this.#status('offline', undefined),
      log,
      onIntroduce: () => this.#introduce(),
      onConnection: (connected) => this.#delivery.connected(connected),
      onAck: (ack) => this.#acknowledged(ack),
    })
    this.#delivery = new Delivery({
      spool: this.spool,
      send: (message) => this.#publisher.publish('intervals', message, { qos: 1 }),
      clock,
      log,
    })
    const watch = new HardwareWatch(config.devices, log)
    this.#pollers = config.devices.map(
      (device, i) =>
        new Poller(pollTarget(device, drivers, watch, this.#memories), {
          intervalMs: config.pollInterval,
          timeoutMs: config.timeout,
          phase: i / config.devices.length,
          log,
          onReadings: (driver, readings) => this.#observed(device, driver, readings),
          onFailure: (error) => this.#registry.fail(device, error.message, this.#wallMs()),
        }),
    )
  }

  /** Opens the spool, then starts to read and to send. Resolves when they run; never rejects. */
  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    const config = this.#config
    await this.spool.open()
    this.#places = await DevicePlaces.here({
      drivers: this.#drivers,
      network: config.network,
      nowMs: () => this.#clock.now().steadyMs,
    })
    this.#log.info('agent starts', {
      site: config.site,
      agent: config.agent,
      devices: config.devices.length,
      simulated: config.simulated,
      recordsWaiting: this.spool.state().records,
    })
    if (this.#stopped) return
    const ids = config.devices.map(({ id }) => id)
    this.#metering = new Metering(this.spool, maxGapMs(config), this.#memories, ids)
    this.#publisher.start()
    for (const poller of this.#pollers) poller.start()
    this.#timers = [
      every(config.pollInterval, () => this.#publishLive()),
      every(1000, () => void this.#beat()),
      every(60_000, () => this.#publishStatus()),
    ]
  }

  /** Stops within 4 s: closes the running minute's records, makes them safe, and sends them if the collector answers. */
  async stop(): Promise<void> {
    this.#stopped = true
    const until = performance.now() + STOP_DELIVERY_MS
    for (const timer of this.#timers) clearInterval(timer)
    await atMost(this.#starting, STOP_STEP_MS)
    await atMost(Promise.all(this.#pollers.map((p) => p.stop())), STOP_STEP_MS)
    if (this.#metering) await atMost(this.#metering.close(), STOP_STEP_MS)
    void this.#delivery.hurry()
    while (this.#publisher.connected && this.#waiting > 0 && performance.now() < until) await pause(50)
    await Promise.all([
      this.#publisher.stop(this.#status('offline', undefined)),
      // the last commit stores the latest acknowledgement
      atMost(this.spool.close(), STOP_STEP_MS),
    ])
    const { records, disk } = this.spool.state()
    if (records > 0 && disk !== 'ok')
      this.#log.warn(
        'records that wait in memory are lost when the program ends; make room on the disk of spool.folder, or repair it',
        { records, disk },
      )
    this.#log.info('agent stopped', { recordsWaiting: records })
  }

  get #waiting(): number {
    return this.spool.nextSeq - this.spool.oldestSeq
  }

  #wallMs(): number {
    return this.#clock.now().wallMs
  }

  #observed(device: DeviceConfig, driver: string, readings: readonly Reading[]): void {
    const now = this.#clock.now()
    const judged = readings.map((r) =>
      this.#shareWatch.check(device.id, withConfiguredLimits(r, device), now.steadyMs),
    )
    for (const { deviceId, reading } of this.#registry.update(
      device,
      driver,
      judged,
      now.wallMs,
      this.#places?.of(device),
    ))
      this.#metering?.observe(deviceId, reading, now)
  }

  async #beat(): Promise<void> {
    await this.#metering?.beat(this.#clock.now())
    void this.#delivery.pump()
    if (this.spool.state().disk !== this.#publishedDisk) this.#publishStatus()
  }

  #publishLive(): void {
    if (!this.#publisher.connected) return
    if (this.#publishedInventory !== this.#registry.version) this.#publishInventory()
    const samples = this.#registry.samples()
    for (let i = 0; i < samples.length; i += MAX_SAMPLES_PER_MESSAGE)
      this.#publisher.publish(
        'live',
        encodeLive(samples.slice(i, i + MAX_SAMPLES_PER_MESSAGE), this.#wallMs()),
        { qos: 0 },
      )
  }

  #introduce(): void {
    this.#publishStatus()
    this.#publishInventory()
    this.#publishLive()
  }

  #publishStatus(): void {
    const status = this.#status('online', this.#publisher.namesake)
    this.#publishedDisk = status.spool?.disk
    this.#publishedOffsetMs = status.clockOffsetMs
    this.#publisher.publish('status', status, { qos: 1, retain: true })
  }

  #publishInventory(): void {
    this.#publishedInventory = this.#registry.version
    const message: InventoryMessage = {
      v: 1,
      atMs: this.#wallMs(),
      simulated: this.#config.simulated,
      devices: this.#registry.devices(),
    }
    this.#publisher.publish('inventory', message, { qos: 1, retain: true })
  }

  #acknowledged(ack: AckMessage): void {
    // as NTP (RFC 5905): the collector's clock minus the middle of the round trip by the agent's clock
    if (ack.echoSentAtMs !== undefined)
      this.#clockOffsetMs = Math.round(ack.atMs - (ack.echoSentAtMs + this.#wallMs()) / 2)
    this.#delivery.acknowledged(ack)
    const offsetMs = this.#clockOffsetMs
    const publishedMs = this.#publishedOffsetMs ?? Number.POSITIVE_INFINITY
    if (offsetMs !== undefined && Math.abs(offsetMs - publishedMs) >= OFFSET_CHANGE_MS) this.#publishStatus()
  }

  #status(state: StatusMessage['state'], namesake: RunningProgram | undefined): StatusMessage {
    return {
      v: 1,
      state,
      atMs: this.#wallMs(),
      version: this.#version,
      simulated: this.#config.simulated,
      pollS: this.#config.pollInterval / 1000,
      spool: this.spool.state(),
      ...(this.#clockOffsetMs === undefined ? {} : { clockOffsetMs: this.#clockOffsetMs }),
      program: this.#program,
      ...(namesake && { namesake }),
    }
  }
}

/** A longer time between two readings is a gap. Two polls in a row may fail without one. */
const maxGapMs = ({ pollInterval }: AgentConfig): number => 3 * pollInterval

/** Waits until the work is done, but at most `ms`. */
async function atMost(work: Promise<unknown>, ms: number): Promise<void> {
  const late = new AbortController()
  await Promise.race([work, pause(ms, late.signal)])
  late.abort()
}
