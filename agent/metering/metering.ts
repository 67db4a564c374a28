import type { Interval } from '../../protocol/interval.ts'
import type { Instant } from '../../protocol/kit/clock.ts'
import { relabelled } from '../../protocol/relabel.ts'
import type { Reading } from '../plugin/reading.ts'
import type { SessionMemories } from '../plugin/session-memories.ts'
import type { Spool } from '../uplink/spool/spool.ts'
import { type AccumulatorState, DeviceAccumulator } from './accumulator.ts'

/** What the meter asks of the agent's clock. */
export interface MeterClock {
  /** stretch of the wall clock that is now, in which it was not set */
  readonly stretch: number
  /** by how much the wall clock was set since a stretch, ms */
  stepsSince(stretch: number): number
  /** whether the computer was started since a stretch, so that its steps are not all known */
  bootedSince(stretch: number): boolean
  /** right time minus the time that records of a stretch say, ms; undefined: not known yet */
  shiftOf(stretch: number): number | undefined
  /** kept with the open records */
  readonly state: unknown
}

/** The open records and counters of every device. Kept on disk as JSON in the spool's checkpoint. */
interface MeteringState {
  v: 1
  devices: [string, AccumulatorState][]
  /** what sessions have learnt of their machines; absent in states that an older version of the agent wrote */
  sessions?: unknown
  /** stretch of the agent's clock that the devices' times are of; absent in states that an older version wrote, as is `clock` */
  stretch?: number
  clock?: unknown
}

/** A checkpoint is written at least this often. A kill loses the energy that was integrated from power since the last one. */
const CHECKPOINT_EVERY_MS = 5_000
/** Records that one beat closes at most: the end of a long gap of many devices is spread over several beats. */
const RECORDS_PER_BEAT = 20_000

/** What a meter kept of the agent's clock; undefined where there is nothing. @param committed the spool's `lastCommitted` */
export const clockStateOf = (committed: unknown): unknown =>
  (committed as Partial<MeteringState> | undefined)?.clock

/** The accumulator of every device. It moves their closed records into the spool, in one step with their open ones. */
export class Metering {
  readonly #spool: Spool
  readonly #maxGapMs: number
  readonly #clock: MeterClock | undefined
  readonly #devices = new Map<string, DeviceAccumulator>()
  readonly #memories: SessionMemories | undefined
  #stretch: number | undefined
  #committedSteadyMs = Number.NEGATIVE_INFINITY

  /**
   * @param spool an opened spool; the accumulators go on from the state that it last committed
   * @param maxGapMs a longer time between two readings is a gap
   * @param memories what the devices' sessions learn, kept beside the records; it is filled with what an earlier run has kept
   * @param deviceIds the configured devices
   * @param clock absent: the wall clock is taken as right
   */
  constructor(
    spool: Spool,
    maxGapMs: number,
    memories?: SessionMemories,
    deviceIds: readonly string[] = [],
    clock?: MeterClock,
  ) {
    this.#spool = spool
    this.#memories = memories
    this.#maxGapMs = maxGapMs
    this.#clock = clock
    const before = spool.lastCommitted as MeteringState | undefined
    this.#stretch = before?.stretch ?? clock?.stretch
    if (before?.v === 1)
      for (const [id, state] of before.devices)
        this.#devices.set(id, new DeviceAccumulator(id, maxGapMs, state, this.#stretch))
    if (before?.v === 1) memories?.load(before.sessions, deviceIds)
    this.#followClock()
  }

  observe(deviceId: string, reading: Reading, at: Instant): void {
    this.#followClock()
    let device = this.#devices.get(deviceId)
    if (!device) {
      device = new DeviceAccumulator(deviceId, this.#maxGapMs, undefined, this.#stretch)
      this.#devices.set(deviceId, device)
    }
    device.observe(reading, at)
  }

  /** Closes the minutes that are over. Resolves when their records are safe in the spool, or at once if nothing is due. */
  async beat(now: Instant): Promise<void> {
    this.#followClock()
    let closed = 0
    for (const [id, device] of this.#devices) {
      if (closed >= RECORDS_PER_BEAT) break
      closed += this.#give(device, (clocks) => device.close(now.wallMs, RECORDS_PER_BEAT - closed, clocks))
      if (!device.lives(now.wallMs)) this.#devices.delete(id)
    }
    if (closed === 0 && now.steadyMs - this.#committedSteadyMs < CHECKPOINT_EVERY_MS) return
    this.#committedSteadyMs = now.steadyMs
    await this.#spool.commit(this.#state())
  }

  /** Closes every record, the running minute's too: the agent stops. */
  async close(): Promise<void> {
    this.#followClock()
    for (const device of this.#devices.values()) this.#give(device, (clocks) => device.closeAll(clocks))
    await this.#spool.commit(this.#state())
  }

  /** The agent's clock is right at `wallMs`. */
  trustClock(wallMs: number): void {
    const shiftOf = (clock: number) => this.#clock?.shiftOf(clock)
    for (const device of this.#devices.values()) device.trustClock(wallMs, this.#clock && shiftOf)
  }

  /** Gives the spool what a device closes, each record with the time that is right where it is known. @returns how many were closed */
  #give(device: DeviceAccumulator, close: (clocks: ReadonlySet<number | undefined>) => Interval[]): number {
    let closed = 0
    for (const stretch of device.clocks) {
      const records = close(new Set([stretch]))
      closed += records.length
      const shiftMs = stretch === undefined ? 0 : this.#clock?.shiftOf(stretch)
      if (shiftMs === undefined) this.#spool.append(records, stretch)
      else this.#spool.append(shiftMs === 0 ? records : records.flatMap((r) => relabelled(r, shiftMs)))
    }
    return closed
  }

  /** Where the wall clock was set, the devices' open records are of the time before. */
  #followClock(): void {
    const { stretch } = this.#clock ?? {}
    if (this.#clock === undefined || stretch === undefined || stretch === this.#stretch) return
    const stepMs = this.#stretch === undefined ? 0 : this.#clock.stepsSince(this.#stretch)
    const isKnown = this.#stretch !== undefined && !this.#clock.bootedSince(this.#stretch)
    this.#stretch = stretch
    for (const device of this.#devices.values()) device.clockSet(stepMs, stretch, isKnown)
  }

  #state(): MeteringState {
    const sessions = this.#memories?.state ?? []
    return {
      v: 1,
      devices: [...this.#devices].map(([id, device]) => [id, device.state]),
      ...(sessions.length > 0 && { sessions }),
      ...(this.#clock && this.#stretch !== undefined
        ? { stretch: this.#stretch, clock: this.#clock.state }
        : {}),
    }
  }
}
