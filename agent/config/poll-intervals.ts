import { z } from 'zod'
import { DEVICE_KINDS, type DeviceKind } from '../../protocol/device.ts'
import { durationMs } from '../../protocol/kit/fields.ts'
import type { Driver } from '../plugin/driver.ts'
import { AUTO, type DeviceConfig } from './device-config.ts'

/** How often a device is read where nothing is configured, ms. A driver may need longer. */
const POLL_MS: Readonly<Record<DeviceKind, number>> = {
  // a miner's own averages move in 5 s steps at best, and control boards are slow computers
  asic: 10_000,
  gpu: 1_000,
  host: 1_000,
  meter: 1_000,
  service: 1_000,
}

export const PollIntervalSchema = durationMs('1s', '60s')

/** `pollIntervals:` by kind of device, or by driver, which counts more. */
export const pollIntervalsSchema = (drivers: readonly Driver[]) =>
  z
    .partialRecord(z.enum([...DEVICE_KINDS, AUTO, ...drivers.map(({ name }) => name)]), PollIntervalSchema)
    .default({})

interface Configured {
  pollInterval?: number | undefined
  pollIntervals: Partial<Record<string, number>>
}

/** How often a device is read, ms: by its own setting, its driver's, its kind's, the agent's, and else by what its driver stands. */
export function pollMsOf(device: DeviceConfig, config: Configured, drivers: readonly Driver[]): number {
  const driver = drivers.find(({ name }) => name === device.driver)
  const kind = driver?.kind ?? 'asic'
  const { pollInterval, pollIntervals } = config
  return (
    device.pollInterval ??
    pollIntervals[device.driver] ??
    pollIntervals[kind] ??
    pollInterval ??
    driver?.pollMs ??
    POLL_MS[kind]
  )
}
