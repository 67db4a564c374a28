import { z } from 'zod'
import { DeviceIdSchema, GENERATES, type Location, LocationSchema } from '../../protocol/device.ts'
import { durationMs, HostSchema, PortSchema } from '../../protocol/kit/fields.ts'
import { entrySchema, type Plugin } from '../../protocol/kit/plugin.ts'
import type { Driver } from '../plugin/driver.ts'
import { WebAccessSchema } from '../wire/web-auth.ts'

/** `driver: auto`: the agent finds out which driver reads the machine. */
export const AUTO = 'auto'

const commonSettings = {
  id: DeviceIdSchema.describe('name of the device, unique within the site'),
  location: LocationSchema.optional().describe('where it stands: container, rack, slot'),
  ratedPowerW: z
    .number()
    .positive()
    .optional()
    .describe(
      'name plate power, W; used where a machine reports no power, and marked as rated; a power of more than twice this is left out, of a meter too',
    ),
  expectedHashrateHs: z
    .number()
    .positive()
    .optional()
    .describe('hashrate that it should reach, H/s; overrides the value that the machine reports'),
  algorithm: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/i, { error: 'expected the name of an algorithm, such as sha256 or scrypt' })
    .optional()
    .describe(
      'what a miner hashes, where it does not show it: sha256 mines Bitcoin; without it a miner of an unknown algorithm earns nothing',
    ),
  meteredBy: DeviceIdSchema.optional().describe('id of the meter that this device is behind'),
  generates: z
    .enum(GENERATES)
    .optional()
    .describe(
      'for a meter of own generation: what it measures; its power is positive while that generates or discharges (modbus-meter has invert)',
    ),
  hardwareId: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('MAC or serial number that is expected at its address; scan follows it to a new lease'),
  tags: z.record(z.string(), z.string()).optional().describe('free labels for the collector’s rules'),
  pollInterval: durationMs('1s', '60s').optional().describe('how often this device is read: 1s to 60s'),
}
const host = HostSchema.describe('host name or address of the device')

/** One entry of `devices:`: the settings that every device has, and its driver's own beside them. */
export interface DeviceConfig {
  id: string
  driver: string
  host?: string
  port?: number
  location?: Location
  ratedPowerW?: number
  expectedHashrateHs?: number
  algorithm?: string
  meteredBy?: string
  generates?: (typeof GENERATES)[number]
  hardwareId?: string
  tags?: Record<string, string>
  /** ms */
  pollInterval?: number
  [setting: string]: unknown
}

/** `auto` in the form of a driver; its settings are a superset of those that the drivers it can choose declare. */
const auto = {
  name: AUTO,
  summary: 'any of the miners: the agent asks the machine what it is, and asks again when it was flashed',
  needsHost: true,
  settings: z.strictObject({
    port: PortSchema.default(4028).describe('TCP port of the miner’s API'),
    webPort: PortSchema.default(80).describe('port of its web interface'),
    web: WebAccessSchema.optional().describe(
      'user and password of its web interface, for values that only it shows; without them no login is tried',
    ),
  }),
}

/** One entry of `devices:`: `driver: auto`, or one of these drivers with its own settings. */
export function deviceSchema(drivers: readonly Driver[]): z.ZodType<DeviceConfig> {
  const needsUrl = new Set(drivers.filter((d) => d.needsHost === 'or-url').map((d) => d.name))
  const entry = entrySchema(
    'driver',
    [auto, ...drivers],
    ({ needsHost }: Pick<Driver, keyof Plugin | 'needsHost'>) => ({
      ...commonSettings,
      host: needsHost === true ? host : host.optional(),
    }),
  ) as z.ZodType as z.ZodType<DeviceConfig>
  return entry.superRefine((device, ctx) => {
    if (needsUrl.has(device.driver) && !('host' in device) && !('url' in device))
      ctx.addIssue({ code: 'custom', path: ['host'], message: 'is missing; set host or url' })
  })
}
