import type { Device } from '../../protocol/device.ts'
import type { Interval } from '../../protocol/interval.ts'

/** A machine that does what it says, minute by minute. */
export interface HonestMachine {
  device: Device
  /** GPUs that are parts of it */
  gpus?: number
  /** the power limit that it shows, W */
  limitW?: number
  /** the power that it shows now, W; absent while it is out of reach */
  powerW?: number | undefined
  /** The records of the minute, and those of earlier minutes that come with it. */
  minute(startMs: number): Interval[]
}
