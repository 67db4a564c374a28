import type { Interval } from '../../protocol/interval.ts'
import type { Instant } from '../../protocol/kit/clock.ts'
import type { Reading } from '../plugin/reading.ts'
import type { SessionMemories } from '../plugin/session-memories.ts'
import type { Spool } from '../uplink/spool/spool.ts'
import { type AccumulatorState, DeviceAccumulator } from './accumulator.ts'

/** The open records and counters of every device. Kept on disk as JSON in the spool's checkpoint. */
interface MeteringState {
  v: 1
  devices: [string, AccumulatorState][]
  /** what sessions have learnt of their machines; absent in states that an older version of the agent wrote */
  sessions?: unknown
}

/** A checkpoint is written at least this often. A kill loses the energy that was integrated from power since the last one. */
const CHECKPOINT_EVERY_MS = 5_000
/** Records that one beat closes at most: the end of a long gap of many devices is spread over several beats. */
const RECORDS_PER_BEAT = 20_000

/** The accumulator of every device. It moves their closed records into the spool, in one step with their open ones. */
export class Metering {
  readonly #spool: Spool
  readonly #maxGapMs: number
  readonly #devices = new Map<string, DeviceAccumulator>()
  readonly #memories: SessionMemories | undefined
  #committedSteadyMs = Number.NEGATIVE_INFINITY

  /**
   * @param spool an opened spool; the accumulators go on from the state that it last committed
   * @param maxGapMs a longer time between two readings is a gap
   * @param memories what the devices' sessions learn, kept beside the records; it is filled with what an earlier run has kept
   * @param deviceIds the configured devices
   */
  constructor(spool: Spool, maxGapMs: number, memories?: SessionMemories, deviceIds: readonly string[] = []) {
    this.#spool = spool
    this.#memories = memories
    this.#maxGapMs = maxGapMs
    const before = spool.lastCommitted as MeteringState | undefined
    if (before?.v === 1)
      for (const [id, state] of before.devices)
        this.#devices.set(id, new DeviceAccumulator(id, maxGapMs, state))
    if (before?.v === 1) memories?.load(before.sessions, deviceIds)
  }

  observe(deviceId: string, reading: Reading, at: Instant): void {
    let device = this.#devices.get(deviceId)
    if (!device) {
      device = new DeviceAccumulator(deviceId, this.#maxGapMs)
      this.#devices.set(deviceId, device)
    }
    device.observe(reading, at)
  }

  /** Closes the minutes that are over. Resolves when their records are safe in the spool, or at once if nothing is due. */
  async beat(now: Instant): Promise<void> {
    const records: Interval[] = []
    for (const [id, device] of this.#devices) {
      if (records.length >= RECORDS_PER_BEAT) break
      for (const r of device.close(now.wallMs, RECORDS_PER_BEAT - records.length)) records.push(r)
      if (!device.lives(now.wallMs)) this.#devices.delete(id)
    }
    if (records.length === 0 && now.steadyMs - this.#committedSteadyMs < CHECKPOINT_EVERY_MS) return
    this.#committedSteadyMs = now.steadyMs
    this.#spool.append(records)
    await this.#spool.commit(this.#state())
  }

  /** Closes every record, the running minute's too: the agent stops. */
  async close(): Promise<void> {
    this.#spool.append([...this.#devices.values()].flatMap((d) => d.closeAll()))
    await this.#spool.commit(this.#state())
  }

  #state(): MeteringState {
    const sessions = this.#memories?.state ?? []
    return {
      v: 1,
      devices: [...this.#devices].map(([id, device]) => [id, device.state]),
      ...(sessions.length > 0 && { sessions }),
    }
  }
}
