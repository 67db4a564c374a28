import { z } from 'zod'
import { DeviceIdSchema, NameSchema } from '../../protocol/device.ts'
import { DurationMsSchema, HostSchema, MqttUrlSchema, PortSchema } from '../../protocol/kit/fields.ts'
import { LEVELS } from '../../protocol/kit/log.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import { CurrencySchema } from '../../protocol/quote.ts'
import { alertsSchema } from '../alerts/config.ts'
import { AttributionSchema, CostsSchema } from '../economics/site-settings.ts'
import { workloadFaults } from '../economics/workload-faults.ts'
import { WorkloadSchema } from '../economics/workloads.ts'
import { FixedPricesSchema } from '../feeds/fixed.ts'
import { FEEDS } from '../feeds/index.ts'
import type { Channel } from '../plugin/channel.ts'
import { poolFaults, poolsSchema } from '../pool-watch/pool-config.ts'
import { POOLS } from '../pools/index.ts'
import { feedsSchema } from '../prices/feed-config.ts'
import { TimeZoneSchema } from '../prices/time-zone.ts'
import { RULES } from '../rules/index.ts'
import { StoreSchema } from '../stores/index.ts'

const SiteSchema = z.strictObject({
  id: NameSchema.describe('name of the site in topics; the same in every agent'),
  name: z.string().min(1).max(64).optional().describe('name of the site on the screens; the id where absent'),
  timeZone: TimeZoneSchema.default('UTC').describe('the site’s time zone, for the screens'),
  currency: CurrencySchema.default('USD').describe(
    'the currency that screens show money in, by the quote fx.<code>; the books are in USD',
  ),
  meter: DeviceIdSchema.optional().describe(
    'deviceId of the meter that all the site’s power goes through; without one the site’s energy is the sum of its devices',
  ),
  powerLimitW: z.number().positive().optional().describe('contract limit at the meter, W'),
  simulated: z
    .boolean()
    .default(false)
    .describe(
      'true takes agents with emulated machines into this site, marked on every screen; false refuses them',
    ),
})

const MqttSchema = z
  .strictObject({
    embedded: z
      .strictObject({
        host: HostSchema.default('127.0.0.1').describe(
          'address to listen on; 0.0.0.0 for agents on other machines',
        ),
        port: PortSchema.default(1883),
        password: SecretSchema.optional().describe(
          'what every agent must say; set it before you listen beyond loopback',
        ),
      })
      .optional()
      .describe('a broker inside the collector'),
    url: MqttUrlSchema.optional().describe('a broker of your own instead: Mosquitto, RabbitMQ, ...'),
    username: z.string().optional(),
    password: SecretSchema.optional(),
  })
  .refine((m) => !(m.embedded && m.url), 'expected either embedded or url, not both')

/** The collector's configuration; the channels' settings are part of it. */
export const collectorConfigSchema = (channels: readonly Channel[]) =>
  z
    .strictObject({
      site: SiteSchema,
      dataFolder: z
        .string()
        .min(1)
        .default('/var/lib/perwatt')
        .describe('where the embedded store, the outbox and the inventories are kept'),
      mqtt: MqttSchema.prefault({ embedded: {} }).describe('where the agents are heard'),
      http: z
        .strictObject({
          host: HostSchema.default('127.0.0.1').describe(
            'address of the screens and the API; 0.0.0.0 for the control room',
          ),
          port: PortSchema.default(8080),
          token: SecretSchema.optional().describe(
            'what a browser or an API client must show; set it before you listen beyond loopback',
          ),
        })
        .prefault({}),
      store: StoreSchema.prefault({ duckdb: {} }),
      ledger: z
        .strictObject({
          settleDelay: DurationMsSchema.default(20_000).describe(
            'how long a minute waits for its records; a later one restates it',
          ),
          retention: DurationMsSchema.default(400 * 86_400_000).describe(
            'older records are put aside, not taken',
          ),
          sampleRetention: DurationMsSchema.default(30 * 86_400_000).describe(
            'how long samples for charts are kept',
          ),
        })
        .prefault({}),
      prices: FixedPricesSchema.prefault({}).describe(
        'prices typed here; each holds from the moment it is first seen, and until a feed or a person has said another',
      ),
      feeds: feedsSchema(FEEDS)
        .default([])
        .describe('where prices come from; of several that say the same one, the first that is fresh counts'),
      workloads: z
        .array(WorkloadSchema)
        .max(200)
        .default([])
        .describe('what earns, in the order in which owners are matched'),
      attribution: AttributionSchema.prefault({}).describe('where the watts that no machine reports go'),
      costs: CostsSchema.prefault({}).describe('what a watt costs beside the energy price'),
      pools: poolsSchema(POOLS).describe(
        'mining pools that are asked what they credited and paid; they are only read',
      ),
      alerts: alertsSchema(channels, RULES).prefault({}),
      log: z.strictObject({ level: z.enum(LEVELS).default('info') }).prefault({}),
    })
    .superRefine((config, ctx) => {
      for (const { path, message } of workloadFaults(config.workloads))
        ctx.addIssue({ code: 'custom', path: ['workloads', ...path], message })
      for (const [i, message] of poolFaults(config.pools, config.workloads))
        ctx.addIssue({ code: 'custom', path: ['pools', i, 'workload'], message })
    })
export type CollectorConfig = z.output<ReturnType<typeof collectorConfigSchema>>
