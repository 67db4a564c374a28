import type { Interval } from '../protocol/interval.ts'
import type { Log } from '../protocol/kit/log.ts'
import { encodeLive, MAX_SAMPLES_PER_MESSAGE } from '../protocol/sample.ts'
import type { AckMessage, InventoryMessage, StatusMessage } from '../protocol/status.ts'
import { DeviceAccumulator } from './accumulator.ts'
import { type Clock, systemClock } from './clock.ts'
import type { AgentConfig, DeviceConfig } from './config.ts'
import { Delivery } from './delivery.ts'
import type { Driver, Reading } from './driver.ts'
import { Poller } from './poller.ts'
import { Publisher } from './publisher.ts'
import { DeviceRegistry } from './registry.ts'
import { MemorySpool } from './spool.ts'
import { pollTarget } from './target.ts'

export interface AgentOptions {
  config: AgentConfig
  drivers: readonly Driver[]
  log: Log
  version: string
  clock?: Clock
  /** of the agent that this one replaces: its records go on waiting */
  spool?: MemorySpool
}

/** Composition root of the agent: pollers -> registry and accumulators -> live messages and spool -> broker. */
export class Agent {
  readonly #config: AgentConfig
  readonly #log: Log
  readonly #version: string
  readonly #clock: Clock
  readonly #registry: DeviceRegistry
  readonly spool: MemorySpool
  readonly #delivery: Delivery
  readonly #publisher: Publisher
  readonly #pollers: Poller[]
  readonly #accumulators = new Map<string, DeviceAccumulator>()
  #timers: NodeJS.Timeout[] = []
  #saidInventory = -1
  #clockOffsetMs: number | undefined

  constructor(options: AgentOptions) {
    const { config, drivers, log, version, clock = systemClock } = options
    this.#config = config
    this.#log = log
    this.#version = version
    this.#clock = clock
    this.#registry = new DeviceRegistry(config.devices, drivers, this.#wallMs())
    this.spool =
      options.spool ?? new MemorySpool({ epoch: this.#wallMs(), maxRecords: config.spool.maxRecords })
    this.#publisher = new Publisher({
      ...config.mqtt,
      site: config.site,
      agent: config.agent,
      lastWill: this.#status('offline'),
      log,
      onIntroduce: () => this.#introduce(),
      onConnection: (connected) => this.#delivery.connected(connected),
      onAck: (ack) => this.#acknowledged(ack),
    })
    this.#delivery = new Delivery({
      spool: this.spool,
      send: (message) => this.#publisher.publish('intervals', message, { qos: 1 }),
      nowMs: () => this.#wallMs(),
      log,
    })
    this.#pollers = config.devices.map(
      (device, i) =>
        new Poller(pollTarget(device, drivers), {
          intervalMs: config.pollInterval,
          timeoutMs: config.timeout,
          phase: i / config.devices.length,
          log,
          onReadings: (driver, readings) => this.#observed(device, driver, readings),
          onFailure: (error) => this.#registry.fail(device, error.message, this.#wallMs()),
        }),
    )
  }

  start(): void {
    const config = this.#config
    this.#log.info('agent starts', {
      site: config.site,
      agent: config.agent,
      devices: config.devices.length,
      simulated: config.simulated,
    })
    this.#publisher.start()
    for (const poller of this.#pollers) poller.start()
    this.#timers = [
      setInterval(() => this.#publishLive(), config.pollInterval),
      setInterval(() => this.#closeMinutes(), 1000),
      setInterval(
        () => this.#publisher.publish('status', this.#status('online'), { qos: 1, retain: true }),
        60_000,
      ),
    ]
  }

  /** Stops within a few seconds: what the running minute holds is closed and sent if the broker is there. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.all(this.#pollers.map((p) => p.stop()))
    this.#spoolRecords([...this.#accumulators.values()].flatMap((a) => a.closeAll()))
    // the last part of a minute is only in memory: give the collector a moment to take it
    for (let waits = 0; waits < 20 && this.#publisher.connected && this.spool.state().records > 0; waits++)
      await new Promise((resolve) => setTimeout(resolve, 100))
    await this.#publisher.stop(this.#status('offline'))
    const left = this.spool.state().records
    if (left > 0)
      this.#log.warn('records not delivered at the stop are lost with this spool in memory', {
        records: left,
      })
    this.#log.info('agent stopped')
  }

  #wallMs(): number {
    return this.#clock.now().wallMs
  }

  #observed(device: DeviceConfig, driver: string, readings: readonly Reading[]): void {
    const now = this.#clock.now()
    for (const { deviceId, reading } of this.#registry.update(device, driver, readings, now.wallMs)) {
      let accumulator = this.#accumulators.get(deviceId)
      if (!accumulator) {
        accumulator = new DeviceAccumulator(deviceId, 3 * this.#config.pollInterval)
        this.#accumulators.set(deviceId, accumulator)
      }
      accumulator.observe(reading, now)
    }
  }

  #closeMinutes(): void {
    const wallMs = this.#wallMs()
    this.#spoolRecords([...this.#accumulators.values()].flatMap((a) => a.close(wallMs)))
    this.#delivery.pump()
  }

  #spoolRecords(records: Interval[]): void {
    if (records.length === 0) return
    const lost = this.spool.append(records)
    if (lost > 0)
      this.#log.error('spool is full: the oldest records are lost', {
        lost,
        maxRecords: this.#config.spool.maxRecords,
      })
    this.#delivery.pump()
  }

  #publishLive(): void {
    if (!this.#publisher.connected) return
    if (this.#saidInventory !== this.#registry.version) this.#publishInventory()
    const samples = this.#registry.samples()
    for (let i = 0; i < samples.length; i += MAX_SAMPLES_PER_MESSAGE)
      this.#publisher.publish(
        'live',
        encodeLive(samples.slice(i, i + MAX_SAMPLES_PER_MESSAGE), this.#wallMs()),
        { qos: 0 },
      )
  }

  #introduce(): void {
    this.#publisher.publish('status', this.#status('online'), { qos: 1, retain: true })
    this.#publishInventory()
    this.#publishLive()
  }

  #publishInventory(): void {
    this.#saidInventory = this.#registry.version
    const message: InventoryMessage = {
      v: 1,
      atMs: this.#wallMs(),
      simulated: this.#config.simulated,
      devices: this.#registry.devices(),
    }
    this.#publisher.publish('inventory', message, { qos: 1, retain: true })
  }

  #acknowledged(ack: AckMessage): void {
    // as NTP: the collector's clock against the middle of our round trip
    if (ack.echoSentAtMs !== undefined)
      this.#clockOffsetMs = Math.round(ack.atMs - (ack.echoSentAtMs + this.#wallMs()) / 2)
    this.#delivery.acknowledged(ack)
  }

  #status(state: StatusMessage['state']): StatusMessage {
    return {
      v: 1,
      state,
      atMs: this.#wallMs(),
      version: this.#version,
      simulated: this.#config.simulated,
      pollS: this.#config.pollInterval / 1000,
      spool: this.spool.state(),
      ...(this.#clockOffsetMs === undefined ? {} : { clockOffsetMs: this.#clockOffsetMs }),
    }
  }
}
