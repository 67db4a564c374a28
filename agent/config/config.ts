import { join } from 'node:path'
import { z } from 'zod'
import { NameSchema } from '../../protocol/device.ts'
import {
  ByteSizeSchema,
  durationMs,
  MqttPasswordSchema,
  MqttUrlSchema,
  MqttUsernameSchema,
} from '../../protocol/kit/fields.ts'
import { LEVELS } from '../../protocol/kit/log.ts'
import { COLLECTOR_NAME } from '../../protocol/topics.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import type { Driver } from '../plugin/driver.ts'
import { type DeviceConfig, deviceSchema } from './device-config.ts'
import { repeatedMachines } from './device-place.ts'
import { MetricsSchema } from './metrics-config.ts'
import { PollIntervalSchema, pollIntervalsSchema, pollMsOf } from './poll-intervals.ts'
import { wiringFaults } from './wiring-faults.ts'

const SPOOL_ROOT = '/var/lib/perwatt-agent'
const MIN_SPOOL_BYTES = 2 ** 20

/** The agent's configuration; the settings of these drivers are part of it. */
export const agentConfigSchema = (drivers: readonly Driver[]) =>
  z
    .strictObject({
      site: NameSchema.describe('name of the site; the same in the collector'),
      agent: NameSchema.refine(
        (name) => name !== COLLECTOR_NAME,
        `expected another name: "${COLLECTOR_NAME}" is reserved for the collector`,
      ).describe('name of this agent, unique within the site'),
      simulated: z
        .boolean()
        .default(false)
        .describe(
          'true where the devices are emulated: every screen then marks this agent’s data as simulated',
        ),
      mqtt: z
        .strictObject({
          url: MqttUrlSchema.default('mqtt://127.0.0.1:1883').describe('the broker'),
          username: MqttUsernameSchema.optional().describe(
            'user at the broker; with a password alone, the name of this agent',
          ),
          password: MqttPasswordSchema.optional().describe('the text, { file: ... } or { env: ... }'),
        })
        .prefault({})
        .describe('where the readings go'),
      network: NameSchema.optional().describe(
        'name of the private network of this agent’s devices; set it where the networks of several agents use the same addresses for different machines',
      ),
      pollInterval: PollIntervalSchema.optional().describe(
        'how often every device is read that has no interval of its own, by its kind or by its driver: 1s to 60s; absent: miners, BMCs and GPUs that are read by a program each 10s, all else each second',
      ),
      pollIntervals: pollIntervalsSchema(drivers).describe(
        'how often devices are read by their kind or their driver, such as { asic: 10s, modbus-meter: 2s }: 1s to 60s',
      ),
      timeout: durationMs('1ms', '60s').default(5_000).describe('how long a device may take to answer'),
      shareTimeout: durationMs('1s', '7d')
        .default(10 * MINUTE_MS)
        .describe(
          'a miner that shows a hashrate is marked faulty when its pool accepts no share for this long, or for ten times the average time of one share, whichever is longer',
        ),
      spool: z
        .strictObject({
          folder: z
            .string()
            .min(1)
            .optional()
            .describe(
              `folder where interval records wait until the collector has them; each agent needs its own; default ${SPOOL_ROOT}/<agent>`,
            ),
          maxBytes: ByteSizeSchema.default(2 ** 30).describe(
            'space that waiting records may take on disk, such as 1GiB; then the oldest are deleted. 500 devices need more than 7 days to fill 1GiB',
          ),
          maxAge: durationMs('1h', '400d')
            .default(7 * 24 * HOUR_MS)
            .describe('records older than this are deleted too'),
        })
        .prefault({}),
      metrics: MetricsSchema.optional().describe(
        'a page /metrics for Prometheus, of the agent’s own health; absent: no port is opened',
      ),
      log: z.strictObject({ level: z.enum(LEVELS).default('info') }).prefault({}),
      devices: z.array(deviceSchema(drivers)).min(1).max(5000).describe('the devices that this agent reads'),
    })
    .superRefine((config, ctx) => {
      const refuse = (path: (string | number)[], message: string) =>
        ctx.addIssue({ code: 'custom', path, message })
      const longestMs = Math.max(...config.devices.map((device) => pollMsOf(device, config, drivers)))
      if (config.shareTimeout < longestMs) refuse(['shareTimeout'], 'expected at least one pollInterval')
      if (config.spool.maxBytes < MIN_SPOOL_BYTES) refuse(['spool', 'maxBytes'], 'expected at least 1MiB')
      for (const [i, first] of repeatedIds(config.devices)) {
        const { id } = config.devices[i] as DeviceConfig
        const other = (config.devices[first] as DeviceConfig).id
        const as = other === id ? '' : `, ${other}, but for capitals`
        refuse(
          ['devices', i, 'id'],
          `${id} is the id of devices[${first}] already${as}; give each device its own`,
        )
      }
      const kinds = new Map(drivers.map(({ name, kind }) => [name, kind]))
      for (const { index, setting, problem } of wiringFaults(config.devices, kinds))
        refuse(['devices', index, setting], problem)
      for (const [i, first, where] of repeatedMachines(config.devices, drivers)) {
        const { id } = config.devices[first] as DeviceConfig
        refuse(
          ['devices', i],
          `${where} is read as ${id} (devices[${first}]) already, and would count twice; remove one of them`,
        )
      }
    })

export type AgentConfig = z.output<ReturnType<typeof agentConfigSchema>>

/**
 * A longer time between two readings is a gap, ms. Two polls in a row may fail without one, and each of them may last as long as the
 * time-out. @param pollsMs the intervals of the devices
 */
export const maxGapMs = ({ timeout }: Pick<AgentConfig, 'timeout'>, pollsMs: readonly number[]): number =>
  3 * Math.max(timeout, ...pollsMs)

/** The spool's folder: the configured one, or the agent's own below the folder where Debian packages keep their data. */
export const spoolFolderOf = (config: Pick<AgentConfig, 'agent' | 'spool'>): string =>
  config.spool.folder ?? join(SPOOL_ROOT, config.agent)

/** Index of each device whose id an earlier one has, in whatever capitals, with the index of that one. The collector takes both as one machine. */
function* repeatedIds(devices: readonly DeviceConfig[]): Generator<[number, number]> {
  const firstIndex = new Map<string, number>()
  for (const [i, { id }] of devices.entries()) {
    const first = firstIndex.get(id.toLowerCase())
    if (first === undefined) firstIndex.set(id.toLowerCase(), i)
    else yield [i, first]
  }
}
