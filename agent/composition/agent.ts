import type { IntervalMessage } from '../../protocol/interval.ts'
import { type Clock, systemClock } from '../../protocol/kit/clock.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { pause } from '../../protocol/kit/retry.ts'
import { thisProgram } from '../../protocol/kit/this-program.ts'
import { every } from '../../protocol/kit/timers.ts'
import type { AckMessage } from '../../protocol/status.ts'
import { AgentClock, type AgentClockState } from '../clock/agent-clock.ts'
import { TimeQuestions } from '../clock/time-questions.ts'
import { type AgentConfig, maxGapMs } from '../config/config.ts'
import type { DeviceConfig } from '../config/device-config.ts'
import { connectionOf } from '../config/device-place.ts'
import { pollMsOf } from '../config/poll-intervals.ts'
import { clockStateOf, Metering } from '../metering/metering.ts'
import type { Driver } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'
import { SessionMemories } from '../plugin/session-memories.ts'
import { withConfiguredLimits } from '../polling/configured-limits.ts'
import { DevicePlaces } from '../polling/device-places.ts'
import { DeviceRegistry } from '../polling/device-registry.ts'
import { HardwareWatch } from '../polling/hardware-watch.ts'
import { type Lane, lanesOf } from '../polling/lanes.ts'
import { pollTarget } from '../polling/poll-target.ts'
import { Poller } from '../polling/poller.ts'
import { ShareWatch } from '../polling/share-watch.ts'
import { Delivery } from '../uplink/delivery.ts'
import { MessageSize } from '../uplink/message-size.ts'
import { Publisher } from '../uplink/publisher.ts'
import type { Spool } from '../uplink/spool/spool.ts'
import { atMost } from './at-most.ts'
import { LivePlane } from './live-plane.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { SelfReport } from './self-report.ts'
import { spoolOf } from './spool-of.ts'

export interface AgentOptions {
  config: AgentConfig
  drivers: readonly Driver[]
  log: Log
  version: string
  clock?: Clock
  /** spool of a stopped agent that this one replaces at a reload: it holds that agent's waiting records and counter states */
  spool?: Spool
}

/** How long each step of a stop may take, and for how long it waits for the acknowledgement. */
const STOP_STEP_MS = 900
const STOP_DELIVERY_MS = 2_800
/** How often `perwatt-agent status` gets news. */
const STATUS_FILE_MS = 10_000

/** Composition root of the agent: pollers -> registry and accumulators -> live messages and spool -> broker. */
export class Agent {
  readonly #config: AgentConfig
  readonly #log: Log
  readonly #clock: Clock
  readonly #registry: DeviceRegistry
  readonly #drivers: readonly Driver[]
  /** absent until the computer's own id is read */
  #places: DevicePlaces | undefined
  readonly #shareWatch: ShareWatch
  readonly #memories = new SessionMemories()
  readonly #report: SelfReport
  readonly metrics: Metrics | undefined
  readonly spool: Spool
  readonly #size: MessageSize
  readonly #delivery: Delivery
  readonly #live: LivePlane
  readonly #publisher: Publisher
  readonly #pollers: Poller[] = []
  readonly #maxGapMs: number
  /** both absent until the spool is open */
  #metering: Metering | undefined
  #time: AgentClock | undefined
  readonly #questions: TimeQuestions
  #starting: Promise<void> = Promise.resolve()
  #stopped = false
  #timers: NodeJS.Timeout[] = []

  constructor(options: AgentOptions) {
    const { config, drivers, log, version, clock = systemClock } = options
    this.#config = config
    this.#log = log
    this.#clock = clock
    this.#drivers = drivers
    this.#registry = new DeviceRegistry(config.devices, drivers)
    const pollsMs = config.devices.map((device) => pollMsOf(device, config, drivers))
    this.#maxGapMs = maxGapMs(config, pollsMs)
    this.#shareWatch = new ShareWatch({ timeoutMs: config.shareTimeout, maxGapMs: this.#maxGapMs, log })
    this.spool = spoolOf(config, options.spool, {
      nowMs: () => this.#wallMs(),
      clockHolds: () => this.#time?.holds ?? true,
      log,
    })
    const program = thisProgram(this.#wallMs())
    this.#report = new SelfReport({
      config,
      version,
      program,
      wallMs: () => this.#wallMs(),
      spool: this.spool,
      registry: this.#registry,
      pollMs: () => Math.max(...pollsMs, ...this.#pollers.map(({ intervalMs }) => intervalMs)),
      parts: () => ({ publisher: this.#publisher, delivery: this.#delivery, time: this.#time }),
      log,
    })
    this.metrics = createMetrics(config, this.#report)
    this.#publisher = new Publisher({
      ...config.mqtt,
      program,
      site: config.site,
      agent: config.agent,
      lastWill: this.#report.status('offline'),
      log,
      onIntroduce: () => this.#introduce(),
      onConnection: (yes) => {
        const bytes = yes ? undefined : this.#publisher.endedAfterBytes()
        if (bytes !== undefined) this.#size.cut(bytes, this.#clock.now().steadyMs)
        this.#delivery.connected(yes)
      },
      onAck: (ack) => this.#acknowledged(ack),
      onPublished: (channel, bytes, isTaken) => this.metrics?.health.published(channel, bytes, isTaken),
    })
    this.#size = new MessageSize(log)
    this.#delivery = new Delivery({
      spool: this.spool,
      send: (message) => this.#send(message),
      clock,
      log,
      holds: () => this.#time?.holds ?? true,
      size: this.#size,
    })
    this.#live = new LivePlane({
      registry: this.#registry,
      publisher: this.#publisher,
      size: this.#size,
      clock,
      nowMs: () => performance.now(),
      simulated: config.simulated,
      shortestPollMs: Math.min(...pollsMs),
    })
    this.#questions = new TimeQuestions({
      life: () => ({ epoch: this.spool.epoch, life: this.spool.life }),
      send: (message) => {
        this.#delivery.asks()
        return this.#send(message)
      },
      clock,
    })
    const watch = new HardwareWatch(config.devices, log)
    const lanes = lanesOf(config.devices.map((device) => connectionOf(device, drivers)))
    this.#pollers = config.devices.map(
      (device, index) =>
        new Poller(pollTarget(device, drivers, watch, this.#memories), {
          intervalMs: pollsMs[index] as number,
          timeoutMs: config.timeout,
          index,
          of: config.devices.length,
          lane: lanes[index] as Lane,
          log,
          onPolled: (polled) => this.metrics?.health.polled(polled, performance.now()),
          onReadings: (driver, readings) => this.#observed(device, driver, readings),
          onFailure: (error) => this.#failed(device, error),
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
    void this.metrics?.start()
    const clockState = clockStateOf(this.spool.lastCommitted) as AgentClockState | undefined
    const time = new AgentClock({ clock: this.#clock, log: this.#log, state: clockState })
    this.#time = time
    const ids = config.devices.map(({ id }) => id)
    this.#metering = new Metering(this.spool, this.#maxGapMs, this.#memories, ids, time)
    this.#publisher.start()
    void this.#publishStatus()
    for (const poller of this.#pollers) poller.start()
    this.#timers = [
      every(1000, () => void this.#beat()),
      every(60_000, () => void this.#publishStatus()),
      every(STATUS_FILE_MS, () => this.#report.note()),
    ]
  }

  /** Stops within 4 s: closes the running minute's records, makes them safe, and sends them if the collector answers. */
  async stop(): Promise<void> {
    this.#stopped = true
    const until = performance.now() + STOP_DELIVERY_MS
    for (const timer of this.#timers) clearInterval(timer)
    this.#live.stop()
    void this.metrics?.stop()
    await atMost(this.#starting, STOP_STEP_MS)
    await atMost(Promise.all(this.#pollers.map((p) => p.stop())), STOP_STEP_MS)
    if (this.#metering) await atMost(this.#metering.close(), STOP_STEP_MS)
    void this.#delivery.hurry()
    while (this.#canSend && performance.now() < until) await pause(50)
    await Promise.all([
      this.#publisher.stop(this.#report.status('offline')),
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

  get #canSend(): boolean {
    const { nextSeq, oldestSeq, held } = this.spool
    return this.#publisher.connected && !this.#time?.holds && nextSeq - oldestSeq > held
  }

  /** Sends a message of records, or one without any: the collector's answer to either tells its time. */
  #send(message: IntervalMessage): boolean {
    this.#time?.sent(message.sentAtMs)
    return this.#publisher.publish('intervals', message, { qos: 1 })
  }

  #wallMs(): number {
    return this.#clock.now().wallMs
  }

  #observed(device: DeviceConfig, driver: string, readings: readonly Reading[]): void {
    const now = this.#time?.now() ?? this.#clock.now()
    const judged = readings.map((r) =>
      this.#shareWatch.check(device.id, withConfiguredLimits(r, device), now.steadyMs),
    )
    const told = this.#registry.update(device, driver, judged, now.wallMs, this.#places?.of(device))
    for (const { deviceId, reading } of told) this.#metering?.observe(deviceId, reading, now)
    this.#live.noted()
  }

  #failed(device: DeviceConfig, error: Error): void {
    this.#registry.fail(device, error.message, this.#wallMs())
    this.#live.noted()
  }

  async #beat(): Promise<void> {
    const time = this.#time
    if (!time) return
    await this.#metering?.beat(time.now())
    await this.spool.giveRightTimes((stretch) => time.shiftOf(stretch))
    if (this.#publisher.connected) this.#questions.beat(time.holds)
    void this.#delivery.pump()
    this.#live.beat()
    this.#report.publishNews()
  }

  #introduce(): void {
    this.#report.publish()
    this.#live.introduce()
    // a collector that has just come has not heard an earlier question
    this.#questions.ask()
  }

  #acknowledged(ack: AckMessage): void {
    const time = this.#time
    if (time && ack.echoSentAtMs !== undefined) {
      time.answered(ack.echoSentAtMs, ack.atMs, ack.clockIsWrong)
      this.#questions.answered()
      if (!time.holds) this.#metering?.trustClock(time.now().wallMs)
    }
    this.#live.answered(ack)
    this.#delivery.acknowledged(ack)
    this.#report.publishNews()
  }

  async #publishStatus(): Promise<void> {
    await this.#report.askKernel()
    if (!this.#stopped) this.#report.publish()
  }
}
