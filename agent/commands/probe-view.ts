import type { Device } from '../../protocol/device.ts'
import type { Sample } from '../../protocol/sample.ts'
import type { Reading } from '../plugin/reading.ts'
import type { DeviceRegistry } from '../polling/device-registry.ts'

/** What one device said, all of it: what it is, its figures now, and the counters from which the ledger is made. Base units. */
export type ProbedDevice = Device &
  Partial<Sample> & {
    /** energy, and by owner the work that the pool accepted (difficulty-1 shares) and the tokens served; since the device's start */
    counters?: Reading['counters']
    shares?: Reading['shares']
    /** true: its API counts no accepted work, so the ledger estimates it by `hashrateHs` x `paidRatio` */
    uncountedWork?: boolean
  }

/** What `probe --json` prints. */
export interface ProbeView {
  v: 1
  /** Unix ms */
  atMs: number
  devices: ProbedDevice[]
  /** one line for each device that was not read */
  failures: readonly string[]
}

/** Joins the inventory and the reading of each device. @param readings the newest reading of each device, by its id */
export function probedDevices(
  registry: DeviceRegistry,
  readings: ReadonlyMap<string, Reading>,
): ProbedDevice[] {
  const samples = new Map(registry.samples().map((sample) => [sample.deviceId, sample]))
  return registry.devices().map((device) => {
    const { counters, shares, uncountedWork } = readings.get(device.deviceId) ?? {}
    return {
      ...device,
      ...samples.get(device.deviceId),
      ...(counters && { counters }),
      ...(shares && { shares }),
      ...(uncountedWork && { uncountedWork }),
    }
  })
}
