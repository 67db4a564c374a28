import { z } from 'zod'
import { DeviceIdSchema, type Location, LocationSchema } from '../../protocol/device.ts'
import { HostSchema, PortSchema } from '../../protocol/kit/fields.ts'
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
    .describe('name plate power, W; used only where the device reports no power, and marked as rated'),
  expectedHashrateHs: z
    .number()
    .positive()
    .optional()
    .describe('hashrate that it should reach, H/s; overrides the value that the machine reports'),
  meteredBy: DeviceIdSchema.optional().describe('id of the meter that this device is behind'),
  hardwareId: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('MAC or serial number that is expected at its address; scan follows it to a new lease'),
  tags: z.record(z.string(), z.string()).optional().describe('free labels for the collector’s rules'),
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
  meteredBy?: string
  hardwareId?: string
  tags?: Record<string, string>
  [setting: string]: unknown
}

const autoSchema = z.strictObject({
  ...commonSettings,
  driver: z.literal(AUTO),
  host,
  port: PortSchema.default(4028).describe('TCP port of the miner’s API'),
  webPort: PortSchema.default(80).describe('port of its web interface'),
  web: WebAccessSchema.optional().describe(
    'user and password of its web interface, for values that only it shows; without them no login is tried',
  ),
})

/** One entry of `devices:`: `driver: auto`, or one of these drivers with its own settings. */
export function deviceSchema(drivers: readonly Driver[]): z.ZodType<DeviceConfig> {
  const named = drivers.map((d) => {
    const device = z.strictObject({
      ...commonSettings,
      driver: z.literal(d.name).describe(d.summary),
      ...(d.needsHost === true ? { host } : { host: host.optional() }),
      ...d.settings.shape,
    })
    if (d.needsHost !== 'or-url') return device
    return device.refine((settings) => 'host' in settings || 'url' in settings, {
      path: ['host'],
      error: 'is missing; set host or url',
    })
  })
  const names = [AUTO, ...drivers.map((d) => d.name)].join(', ')
  const union = z.discriminatedUnion('driver', [autoSchema, ...named], {
    error: `expected one of ${names}`,
  })
  // the types of the drivers' own settings are lost in the list of drivers, so the compiler can't see that each branch fits
  return union as unknown as z.ZodType<DeviceConfig>
}
