import { z } from 'zod'
import { DeviceIdSchema, type Location, LocationSchema, NameSchema } from '../protocol/device.ts'
import { DurationMsSchema, HostSchema, MqttUrlSchema, PortSchema } from '../protocol/kit/fields.ts'
import { LEVELS } from '../protocol/kit/log.ts'
import { SecretSchema } from '../protocol/kit/secret.ts'
import { COLLECTOR_NAME } from '../protocol/topics.ts'
import type { Driver } from './driver.ts'

/** `driver: auto`: asks the machine what it is. Only families on TCP port 4028 can be found so. */
export const AUTO = 'auto'

const commonDevice = {
  id: DeviceIdSchema.describe('name of the device, its own within the site'),
  location: LocationSchema.optional().describe('where it stands: container, rack, slot'),
  ratedPowerW: z
    .number()
    .positive()
    .optional()
    .describe('name plate power, W; used, and marked as rated, where nothing better is known'),
  expectedHashrateHs: z
    .number()
    .positive()
    .optional()
    .describe('what it should do, H/s; overrides what it says'),
  meteredBy: DeviceIdSchema.optional().describe('id of the meter that this device is behind'),
  tags: z.record(z.string(), z.string()).optional().describe('free labels for the collector’s rules'),
}
const host = HostSchema.describe('host name or address of the device')

/** One entry of `devices:`; a driver's own settings stand beside the common ones. */
export interface DeviceConfig {
  id: string
  driver: string
  host?: string
  port?: number
  location?: Location
  ratedPowerW?: number
  expectedHashrateHs?: number
  meteredBy?: string
  tags?: Record<string, string>
  [setting: string]: unknown
}

function deviceSchema(drivers: readonly Driver[]): z.ZodType<DeviceConfig> {
  const auto = z.strictObject({
    ...commonDevice,
    driver: z.literal(AUTO),
    host,
    port: PortSchema.default(4028).describe('TCP port of the miner’s API'),
  })
  const named = drivers.map((d) =>
    z.strictObject({
      ...commonDevice,
      driver: z.literal(d.name).describe(d.summary),
      ...(d.needsHost ? { host } : { host: host.optional() }),
      ...d.settings.shape,
    }),
  )
  const names = [AUTO, ...drivers.map((d) => d.name)].join(', ')
  const union = z.discriminatedUnion('driver', [auto, ...named], {
    error: `expected a mapping with a driver of: ${names}`,
  })
  // each branch has the common settings; which others it has, only the drivers know
  return union as unknown as z.ZodType<DeviceConfig>
}

/** The agent's configuration; the drivers' settings are part of it. */
export const agentConfigSchema = (drivers: readonly Driver[]) =>
  z
    .strictObject({
      site: NameSchema.describe('name of the site; the same in the collector'),
      agent: NameSchema.refine(
        (name) => name !== COLLECTOR_NAME,
        `expected another name: "${COLLECTOR_NAME}" is the collector's`,
      ).describe('name of this agent, its own within the site'),
      simulated: z
        .boolean()
        .default(false)
        .describe(
          'true where the devices are emulated: everything from this agent is then marked as simulated on every screen',
        ),
      mqtt: z
        .strictObject({
          url: MqttUrlSchema.default('mqtt://127.0.0.1:1883').describe('the broker'),
          username: z.string().optional(),
          password: SecretSchema.optional().describe('the text, { file: ... } or { env: ... }'),
        })
        .prefault({})
        .describe('where the readings go'),
      pollInterval: DurationMsSchema.default(10_000).describe('how often each device is read: 1s to 60s'),
      timeout: DurationMsSchema.default(5_000).describe('how long a device may take to answer'),
      spool: z
        .strictObject({
          maxRecords: z
            .number()
            .int()
            .min(1_000)
            .default(250_000)
            .describe(
              'interval records kept (in memory) until the collector has them; 500 devices close 500 a minute',
            ),
        })
        .prefault({}),
      log: z.strictObject({ level: z.enum(LEVELS).default('info') }).prefault({}),
      devices: z.array(deviceSchema(drivers)).min(1).max(5000).describe('what this agent reads'),
    })
    .superRefine((config, ctx) => {
      if (config.pollInterval < 1000 || config.pollInterval > 60_000)
        ctx.addIssue({ code: 'custom', path: ['pollInterval'], message: 'expected 1s to 60s' })
      const seen = new Map<string, number>()
      for (const [i, device] of config.devices.entries()) {
        const first = seen.get(device.id)
        if (first === undefined) seen.set(device.id, i)
        else
          ctx.addIssue({
            code: 'custom',
            path: ['devices', i, 'id'],
            message: `${device.id} is the id of devices[${first}] already`,
          })
      }
    })

export type AgentConfig = z.output<ReturnType<typeof agentConfigSchema>>
