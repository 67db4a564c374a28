import { join } from 'node:path'
import { z } from 'zod'
import { DeviceIdSchema, type Location, LocationSchema, NameSchema } from '../../protocol/device.ts'
import {
  ByteSizeSchema,
  DurationMsSchema,
  HostSchema,
  MqttUrlSchema,
  PortSchema,
} from '../../protocol/kit/fields.ts'
import { LEVELS } from '../../protocol/kit/log.ts'
import { entrySchema, type Plugin } from '../../protocol/kit/plugin.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import { COLLECTOR_NAME } from '../../protocol/topics.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { Driver } from '../plugin/driver.ts'
import { WebAccessSchema } from '../wire/web-auth.ts'

const SPOOL_ROOT = '/var/lib/perwatt-agent'
const MIN_SPOOL_BYTES = 2 ** 20

/** `driver: auto`: asks the machine what it is. */
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
  hardwareId: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('MAC or serial number that is expected at its address; scan follows it to a new lease'),
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
  hardwareId?: string
  tags?: Record<string, string>
  [setting: string]: unknown
}

/** `auto` in the form of a driver; its settings are a superset of what the drivers that it can find take. */
const auto = {
  name: AUTO,
  summary: 'any of the miners: the agent asks the machine what it is, and again when it was flashed',
  needsHost: true,
  settings: z.strictObject({
    port: PortSchema.default(4028).describe('TCP port of the miner’s API'),
    webPort: PortSchema.default(80).describe('port of its web interface'),
    web: WebAccessSchema.optional().describe(
      'user and password of its web interface, for what is told only there; no default password is tried unasked',
    ),
  }),
}

function deviceSchema(drivers: readonly Driver[]): z.ZodType<DeviceConfig> {
  const needsUrl = new Set(drivers.filter((d) => d.needsHost === 'or-url').map((d) => d.name))
  const entry = entrySchema(
    'driver',
    [auto, ...drivers],
    ({ needsHost }: Pick<Driver, keyof Plugin | 'needsHost'>) => ({
      ...commonDevice,
      host: needsHost === true ? host : host.optional(),
    }),
  ) as z.ZodType as z.ZodType<DeviceConfig>
  return entry.superRefine((device, ctx) => {
    if (needsUrl.has(device.driver) && !('host' in device) && !('url' in device))
      ctx.addIssue({ code: 'custom', path: ['host'], message: 'is missing; set host or url' })
  })
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
      shareTimeout: DurationMsSchema.default(10 * MINUTE_MS).describe(
        'a miner that shows a hashrate is faulty when its pool accepts no share for so long, or for ten times what a share takes it on average',
      ),
      spool: z
        .strictObject({
          folder: z
            .string()
            .min(1)
            .optional()
            .describe(
              `where interval records wait until the collector has them, a folder of this agent's own; default ${SPOOL_ROOT}/<agent>`,
            ),
          maxBytes: ByteSizeSchema.default(2 ** 30).describe(
            'what they may take on disk, such as 1GiB; then the oldest go. 500 devices fill it in more than the 7 days',
          ),
          maxAge: DurationMsSchema.default(7 * 24 * HOUR_MS).describe('older ones go too'),
        })
        .prefault({}),
      log: z.strictObject({ level: z.enum(LEVELS).default('info') }).prefault({}),
      devices: z.array(deviceSchema(drivers)).min(1).max(5000).describe('what this agent reads'),
    })
    .superRefine((config, ctx) => {
      if (config.pollInterval < 1000 || config.pollInterval > 60_000)
        ctx.addIssue({ code: 'custom', path: ['pollInterval'], message: 'expected 1s to 60s' })
      if (config.shareTimeout < config.pollInterval)
        ctx.addIssue({
          code: 'custom',
          path: ['shareTimeout'],
          message: 'expected at least one pollInterval',
        })
      if (config.spool.maxBytes < MIN_SPOOL_BYTES)
        ctx.addIssue({ code: 'custom', path: ['spool', 'maxBytes'], message: 'expected at least 1MiB' })
      if (config.spool.maxAge < HOUR_MS)
        ctx.addIssue({ code: 'custom', path: ['spool', 'maxAge'], message: 'expected at least 1h' })
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

/** The spool's folder, named or by default the agent's own below where packages keep their data. */
export const spoolFolderOf = (config: Pick<AgentConfig, 'agent' | 'spool'>): string =>
  config.spool.folder ?? join(SPOOL_ROOT, config.agent)

export type AgentConfig = z.output<ReturnType<typeof agentConfigSchema>>
