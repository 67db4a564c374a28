import type { Interval } from '../../protocol/interval.ts'
import type { Instant } from '../../protocol/kit/clock.ts'
import type { Reading } from '../plugin/reading.ts'
import type { Spool } from '../uplink/spool/spool.ts'
import { type AccumulatorState, DeviceAccumulator } from './accumulator.ts'

/** The open minutes and counters of every device, as they are kept on disk. */
interface MeteringState {
  v: 1
  devices: [string, AccumulatorState][]
}

/** A checkpoint without anything closed is written this often: what a kill then costs is what power drew since. */
const CHECKPOINT_EVERY_MS = 5_000
/** Records that one beat closes: a long gap of many devices comes in parts */
const RECORDS_PER_BEAT = 20_000

/** Every device's accumulator, and how what they close gets into the spool: records and open minutes in one step. */
export class Metering {
  readonly #spool: Spool
  readonly #maxGapMs: number
  readonly #devices = new Map<string, DeviceAccumulator>()
  #committedSteadyMs = Number.NEGATIVE_INFINITY

  /**
   * @param spool opened: what it last committed is gone on from
   * @param maxGapMs readings further apart are a gap
   */
  constructor(spool: Spool, maxGapMs: number) {
    this.#spool = spool
    this.#maxGapMs = maxGapMs
    const before = spool.lastCommitted as MeteringState | undefined
    if (before?.v === 1)
      for (const [id, state] of before.devices)
        this.#devices.set(id, new DeviceAccumulator(id, maxGapMs, state))
  }

  observe(deviceId: string, reading: Reading, at: Instant): void {
    let device = this.#devices.get(deviceId)
    if (!device) {
      device = new DeviceAccumulator(deviceId, this.#maxGapMs)
      this.#devices.set(deviceId, device)
    }
    device.observe(reading, at)
  }

  /** Closes the minutes that are over. Resolves when they are safe in the spool, or at once where there is nothing to do. */
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

  /** Closes the running minute too: the agent stops. */
  async close(): Promise<void> {
    this.#spool.append([...this.#devices.values()].flatMap((d) => d.closeAll()))
    await this.#spool.commit(this.#state())
  }

  #state(): MeteringState {
    return { v: 1, devices: [...this.#devices].map(([id, device]) => [id, device.state]) }
  }
}
