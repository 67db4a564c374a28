import { z } from 'zod'
import { DeviceIdSchema, NameSchema } from '../../protocol/device.ts'
import {
  durationMs,
  HostSchema,
  MqttPasswordSchema,
  MqttUrlSchema,
  MqttUsernameSchema,
  PortSchema,
} from '../../protocol/kit/fields.ts'
import { LEVELS } from '../../protocol/kit/log.ts'
import { beyondLoopback } from '../../protocol/kit/loopback.ts'
import { entrySchema } from '../../protocol/kit/plugin.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import { CurrencySchema } from '../../protocol/quote.ts'
import { MAX_INVENTORY_DEVICES } from '../../protocol/status.ts'
import { alertsSchema } from '../alerts/config.ts'
import { CHANNELS } from '../channels/index.ts'
import { AttributionSchema, CostsSchema } from '../economics/site-settings.ts'
import { workloadFaults } from '../economics/workload-faults.ts'
import { WorkloadSchema } from '../economics/workloads.ts'
import fixed from '../feeds/fixed.ts'
import { FEEDS } from '../feeds/index.ts'
import { MetricsSchema } from '../metrics/config.ts'
import { poolFaults, poolsSchema } from '../pool-watch/pool-config.ts'
import { POOLS } from '../pools/index.ts'
import { feedsSchema } from '../prices/feed-config.ts'
import { TimeZoneSchema } from '../prices/time-zone.ts'
import { RULES } from '../rules/index.ts'
import { STORES } from '../stores/index.ts'

/** Why a listener without a secret is refused. @param can what anybody could do who reaches it */
const unguarded = (host: string, secret: string, can: string): string =>
  `expected a ${secret}, because ${host} can be reached from other machines, and without one anybody there ${can}; set one, or host: 127.0.0.1`

/** Whether two listeners want the same port of the same address. A wildcard is every address; port 0 is any that is free. */
function listenTwice(a: { host: string; port: number }, b: { host: string; port: number }): boolean {
  const same = a.host.toLowerCase() === b.host.toLowerCase()
  return (
    a.port !== 0 &&
    a.port === b.port &&
    (same || [a, b].some(({ host }) => /^(0\.0\.0\.0|\[?::\]?)$/.test(host)))
  )
}

const SiteSchema = z.strictObject({
  id: NameSchema.describe('name of the site in topics; the same in every agent'),
  name: z.string().min(1).max(64).optional().describe('name of the site on the screens; its id where absent'),
  timeZone: TimeZoneSchema.default('UTC').describe('the site’s time zone, for the screens'),
  currency: CurrencySchema.default('USD').describe(
    'the currency that screens show money in, by the quote fx.<code>; the books are in USD',
  ),
  meter: DeviceIdSchema.optional().describe(
    'deviceId of the meter of all the site’s power; without one the site’s energy is the sum of its devices',
  ),
  powerLimitW: z
    .number()
    .positive()
    .optional()
    .describe('limit of the site’s power contract, at the meter, W'),
  simulated: z
    .boolean()
    .default(false)
    .describe(
      'true accepts agents with emulated machines, and marks them on every screen; false refuses them',
    ),
})

/** Several times of what an agent of 1,000 devices takes that are read every second. */
const AgentBudgetSchema = z.strictObject({
  cpuMsPerS: z
    .number()
    .positive()
    .max(1000)
    .default(250)
    .describe('CPU time for its live messages, ms a second'),
  messagesPerS: z.number().positive().default(100).describe('live messages a second'),
  kilobytesPerS: z
    .number()
    .positive()
    .default(4000)
    .describe('kB of live messages a second; of records eight times that'),
  devices: z
    .number()
    .int()
    .positive()
    .max(MAX_INVENTORY_DEVICES)
    .default(MAX_INVENTORY_DEVICES)
    .describe('devices, and different ones in an hour'),
  owners: z.number().int().positive().default(50_000).describe('different owners in an hour'),
  labels: z
    .number()
    .int()
    .positive()
    .default(256)
    .describe('different names of tags and owners’ facts in an hour'),
})

const MqttSchema = z
  .strictObject({
    embedded: z
      .strictObject({
        host: HostSchema.default('127.0.0.1').describe(
          'address to listen on; 0.0.0.0 for agents on other machines',
        ),
        port: PortSchema.default(1883).describe('TCP port to listen on'),
        password: MqttPasswordSchema.optional().describe(
          'password that every agent must send as its mqtt.password; required where host is beyond loopback',
        ),
      })
      .optional()
      .describe('a broker inside the collector'),
    url: MqttUrlSchema.optional().describe('a broker of your own instead: Mosquitto, RabbitMQ, ...'),
    username: MqttUsernameSchema.optional().describe(
      'user at your own broker; with a password alone, collector',
    ),
    password: MqttPasswordSchema.optional().describe(
      'its password at your own broker: the text, { file: ... } or { env: ... }',
    ),
    agentBudget: AgentBudgetSchema.prefault({}).describe(
      'the most that one agent may take; beyond it live figures lag, records wait at the agent, and an alert names it',
    ),
  })
  .superRefine(({ embedded, url, username, password }, ctx) => {
    const refuse = (path: string[], message: string) => ctx.addIssue({ code: 'custom', path, message })
    if (embedded && url) refuse([], 'expected embedded or url, not both; leave one out')
    if (embedded && !embedded.password && beyondLoopback(embedded.host))
      refuse(
        ['embedded', 'password'],
        unguarded(embedded.host, 'password', 'could send records in an agent’s name'),
      )
    if (!embedded && !url) refuse([], 'expected a broker: embedded: {}, or url: mqtt://broker.site:1883')
    if (url) return
    if (username !== undefined)
      refuse(['username'], 'is a user at a broker of your own; name it in url, or leave username out')
    if (password !== undefined)
      refuse(
        ['password'],
        'is the password at a broker of your own; name that in url, or set embedded.password for the embedded broker',
      )
  })

const StoreSchema = entrySchema('store', STORES, () => ({}))

/** The collector's configuration; the settings of its plug-ins are part of it. */
export const CollectorConfigSchema = z
  .strictObject({
    site: SiteSchema,
    dataFolder: z
      .string()
      .min(1)
      .default('/var/lib/perwatt')
      .describe('folder of the embedded store, the outbox and the inventories'),
    mqtt: MqttSchema.prefault({ embedded: {} }).describe('the broker of the agents'),
    http: z
      .strictObject({
        host: HostSchema.default('127.0.0.1').describe(
          'address of the screens and the API; 0.0.0.0 for the control room',
        ),
        port: PortSchema.default(8080).describe('TCP port of the screens and the API'),
        token: SecretSchema.optional().describe(
          'token that a browser or an API client must send; required where host is beyond loopback',
        ),
      })
      .superRefine(({ host, token }, ctx) => {
        if (!token && beyondLoopback(host))
          ctx.addIssue({
            code: 'custom',
            path: ['token'],
            message: unguarded(host, 'token', 'could read the books and push prices'),
          })
      })
      .prefault({}),
    store: StoreSchema.prefault({ store: 'duckdb' }).describe('where the ledger is kept'),
    ledger: z
      .strictObject({
        settleDelay: durationMs('0s', '1h')
          .default(20_000)
          .describe(
            'how long a minute waits for its records before it is settled; a later record restates it',
          ),
        retention: durationMs('1d', '36500d')
          .default(400 * 86_400_000)
          .describe('records older than this are quarantined, not stored'),
        sampleRetention: durationMs('1h', '36500d')
          .default(30 * 86_400_000)
          .describe('how long samples for charts are kept'),
      })
      .prefault({}),
    prices: fixed.settings
      .prefault({})
      .describe(
        'typed prices; each holds from an hour before the collector first reads it, until a feed or a person gives another',
      ),
    feeds: feedsSchema(FEEDS)
      .default([])
      .describe('where prices come from; of several with the same price the first that is fresh counts'),
    workloads: z
      .array(WorkloadSchema)
      .max(200)
      .default([])
      .describe('what earns; the first workload that matches an owner takes it'),
    attribution: AttributionSchema.prefault({}).describe('who pays for the watts that no machine reports'),
    costs: CostsSchema.prefault({}).describe('costs of energy besides its price'),
    pools: poolsSchema(POOLS).describe('mining pools, read to compare their credits with the ledger'),
    alerts: alertsSchema(CHANNELS, RULES).prefault({}),
    metrics: MetricsSchema.prefault({}),
    log: z.strictObject({ level: z.enum(LEVELS).default('info') }).prefault({}),
  })
  .superRefine((config, ctx) => {
    const { embedded } = config.mqtt
    if (embedded && listenTwice(embedded, config.http))
      ctx.addIssue({
        code: 'custom',
        path: ['mqtt', 'embedded', 'port'],
        message: `is http.port too: the broker and the screens can’t both listen on ${embedded.port}; give one of them another, such as 1883 for the broker and 8080 for the screens`,
      })
    for (const { path, message } of workloadFaults(config.workloads))
      ctx.addIssue({ code: 'custom', path: ['workloads', ...path], message })
    for (const [i, message] of poolFaults(config.pools, config.workloads))
      ctx.addIssue({ code: 'custom', path: ['pools', i, 'workload'], message })
  })
export type CollectorConfig = z.output<typeof CollectorConfigSchema>
