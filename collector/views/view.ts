import { z } from 'zod'
import { DEVICE_KINDS, LocationSchema } from '../../protocol/device.ts'
import { POWER_BASES, QUANTITIES, type Quantity, STATES } from '../../protocol/sample.ts'
import { QuoteSchema } from '../prices/quote-book.ts'

/**
 * What the collector shows of itself: the API's answers and the screens' stream, in one place. Times are Unix ms, numbers in
 * base units, money in USD; absent is unknown. Everything here is live unless it says minute or ledger.
 */

const unix = z.number().int().describe('Unix time, ms')
const usdPerH = z.number().describe('USD per hour, live')
const usdPerKwh = z.number().describe('USD per kWh; absent at zero energy')

/** Money and power of something now. `netUsdPerH` is revenue less energy cost and demand charge. */
const EarningSchema = z.object({
  powerW: z.number().describe('W now'),
  revenueUsdPerH: usdPerH,
  energyCostUsdPerH: usdPerH,
  demandUsdPerH: usdPerH.describe('its part of the demand charge'),
  feesUsdPerH: usdPerH.describe(
    'what pools and firmwares keep of what the work is worth; not in the revenue',
  ),
  netUsdPerH: usdPerH,
  revenueUsdPerKwh: usdPerKwh.optional(),
})

export const WORKLOAD_KINDS = [
  'mining',
  'gpu-hour',
  'reserved',
  'tokens',
  'colocation',
  'fixed',
  'idle',
  'overhead',
  'unaccounted',
] as const
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number]

/** A group's sums over a time, from the ledger: exact. */
export const LedgerFigureSchema = z.object({
  group: z.string().describe('workload, customer, kind, device, agent, container, rack or site, as asked'),
  start: z.iso.datetime().describe('begin of the bucket, ISO 8601 UTC'),
  end: z.iso.datetime(),
  energyJ: z.number().describe('J'),
  revenueUsd: z.number().describe('USD'),
  feesUsd: z.number().describe('USD that pools and firmwares kept; not in the revenue'),
  costUsd: z.number().describe('USD, energy'),
  demandUsd: z.number().describe('USD, its part of the demand charge'),
  netUsd: z.number().describe('USD, revenue less energy cost and demand charge'),
  depreciationUsd: z.number().describe('USD, capital written off; not in the net'),
  revenueUsdPerKwh: usdPerKwh.optional(),
  costUsdPerKwh: usdPerKwh.optional(),
  netUsdPerKwh: usdPerKwh.optional(),
  revenueUsdPerWattYear: z.number().optional().describe('USD per watt and year: USD/kWh x 8.766'),
  minedSat: z.number().describe('satoshis that mining earned, each minute at its own price'),
  minedSatPerKwh: z.number().optional().describe('of what mined'),
  coveredS: z.number().describe('device-seconds observed'),
  workDiff1: z.number().describe('accepted difficulty-1 shares (2^32 hashes each)'),
  gpuS: z.number().describe('GPU-seconds held'),
  busyGpuS: z.number().describe('GPU-seconds busy (held x utilisation)'),
  tokensIn: z.number(),
  tokensInCached: z.number().describe('of tokensIn what came from a cache'),
  tokensOut: z.number(),
  revision: z
    .number()
    .int()
    .optional()
    .describe('how often a minute in it was settled, 2 or more; absent where none was restated'),
  restatedAt: z.iso
    .datetime()
    .optional()
    .describe('when it was last restated, by a late record or a repricing'),
})
export type LedgerFigure = z.infer<typeof LedgerFigureSchema>

export const WorkloadViewSchema = EarningSchema.extend({
  workload: z.string(),
  kind: z.enum(WORKLOAD_KINDS),
  devices: z.number().int().describe('devices that work for it now, at least in part'),
  hashrateHs: z.number().optional(),
  gpusHeld: z.number().optional(),
  tokensInPerS: z.number().optional(),
  tokensOutPerS: z.number().optional(),
  lastMinute: LedgerFigureSchema.optional().describe('the newest settled minute, from the ledger'),
})
export type WorkloadView = z.infer<typeof WorkloadViewSchema>

export const AgentViewSchema = z.object({
  agentId: z.string(),
  state: z.enum(['online', 'stale', 'offline']).describe('stale: online, but no live message for 3 polls'),
  lastSeenMs: unix.optional().describe('last live message, by the collector’s clock'),
  pollS: z.number(),
  devices: z.number().int(),
  simulated: z.boolean(),
  version: z.string(),
  clockOffsetMs: z.number().optional().describe('collector’s clock minus the agent’s'),
  spoolRecords: z.number().int().optional().describe('records that wait at the agent'),
  spoolOldestMs: unix.optional().describe('about the start of the oldest of them'),
  spoolDisk: z
    .enum(['ok', 'full', 'read-only', 'failed'])
    .optional()
    .describe('anything but ok: its records wait in memory only'),
})
export type AgentView = z.infer<typeof AgentViewSchema>

const LossViewSchema = z.object({
  agentId: z.string(),
  records: z.number().int(),
  atMs: unix.describe('when the agent told'),
  fromMs: unix.optional().describe('about the time of the lost records'),
  toMs: unix.optional(),
})

export const PriceViewSchema = QuoteSchema.extend({ stale: z.boolean() })

export const SiteViewSchema = EarningSchema.extend({
  site: z.string(),
  name: z.string(),
  timeZone: z.string(),
  atMs: unix,
  simulated: z.boolean().describe('true where emulated machines are in these figures'),
  meterPowerW: z
    .number()
    .optional()
    .describe('W at the site meter; powerW is this, or the devices’ sum without a meter'),
  devicesPowerW: z.number().describe('W, sum of the devices below the meter'),
  powerLimitW: z.number().optional().describe('W, contract limit'),
  hashrateHs: z.number(),
  expectedHashrateHs: z.number().optional(),
  efficiencyJPerTh: z.number().optional().describe('J/TH of the machines that hash'),
  gpus: z.number().int(),
  gpusHeld: z.number().describe('GPUs that somebody holds (shares added up)'),
  gpuUtilizationRatio: z.number().optional(),
  devices: z.number().int(),
  devicesReporting: z.number().int().describe('devices with a sample younger than 3 polls and an answer'),
  dataAgeS: z.number().optional().describe('s since the agents were heard, the slowest one that is online'),
  ledgerThroughMs: unix.optional().describe('end of the newest settled minute'),
  ledgerBehind: z
    .object({
      sinceMs: unix.describe('before this the ledger is complete, as far as the agents that are heard know'),
      records: z.number().int().describe('records that wait at agents'),
      minutes: z.number().int().describe('minutes that are over and wait to be settled, or settled again'),
    })
    .optional()
    .describe('present while an outage’s records are on their way'),
  ledgerRestatedMinutes: z.number().int().optional().describe('minutes restated within the last hour'),
  ledgerLosses: z
    .array(LossViewSchema)
    .optional()
    .describe('records lost at agents within the last 12 hours, newest first'),
  hashpriceUsdPerPhDay: z.number().optional(),
  miningBreakEvenUsdPerKwh: z
    .number()
    .optional()
    .describe('hashprice / (24 x J/TH): energy price at which mining earns nothing'),
  prices: z.array(PriceViewSchema),
  displayCurrency: z
    .object({
      code: z.string(),
      perUsd: z.number().describe('how much of it a USD buys'),
      stale: z.boolean(),
    })
    .optional()
    .describe('the currency to show money in; USD where absent. Every figure here is in USD'),
  agents: z.array(AgentViewSchema),
})
export type SiteView = z.infer<typeof SiteViewSchema>

const RACK_CONDITIONS = ['normal', 'idle', 'stale', 'degraded', 'down'] as const
export const RackViewSchema = z.object({
  container: z.string(),
  rack: z.string(),
  devices: z.number().int(),
  /** devices that need a visit: faulty, unreachable, board lost, too hot */
  needHands: z.number().int(),
  condition: z
    .enum(RACK_CONDITIONS)
    .describe('degraded: some need hands; down: 25 % or more do; stale: no data; idle: nothing runs'),
  powerW: z.number(),
})
export type RackView = z.infer<typeof RackViewSchema>

const quantities = Object.fromEntries(QUANTITIES.map((q) => [q, z.number().optional()])) as Record<
  Quantity,
  z.ZodOptional<z.ZodNumber>
>
export const DeviceViewSchema = z.object({
  deviceId: z.string(),
  agentId: z.string(),
  kind: z.enum(DEVICE_KINDS),
  driver: z.string(),
  model: z.string().optional(),
  firmware: z.string().optional(),
  hardwareId: z.string().optional(),
  location: LocationSchema.optional(),
  expectedHashrateHs: z.number().optional(),
  ratedPowerW: z.number().optional(),
  meteredBy: z.string().optional(),
  simulated: z.boolean(),
  state: z.enum(STATES),
  stale: z
    .boolean()
    .describe('no sample for 3 polls of its agent: figures are the last known, and not in the totals'),
  ageS: z.number().optional().describe('s since the sample, by the collector’s clock'),
  powerBasis: z.enum(POWER_BASES).optional(),
  ...quantities,
  faults: z.array(z.string()).optional(),
  workloads: z
    .array(z.object({ workload: z.string(), share: z.number() }))
    .describe('whom it works for, parts of 1'),
  revenueUsdPerH: usdPerH,
  energyCostUsdPerH: usdPerH,
  netUsdPerH: usdPerH,
  revenueUsdPerKwh: usdPerKwh.optional(),
  efficiencyJPerTh: z.number().optional(),
})
export type DeviceView = z.infer<typeof DeviceViewSchema>

export const SEVERITIES = ['critical', 'warning', 'info'] as const
export const AlertViewSchema = z.object({
  id: z.string().describe('stays the same from firing to resolved'),
  rule: z.string(),
  severity: z.enum(SEVERITIES),
  summary: z.string().describe('what is wrong, in one line'),
  subject: z.object({
    agentId: z.string().optional(),
    deviceId: z.string().optional(),
    container: z.string().optional(),
    rack: z.string().optional(),
    workload: z.string().optional(),
    quote: z.string().optional().describe('name of a price or network figure'),
  }),
  sinceMs: unix,
  lossUsdPerHour: z.number(),
})
export type AlertView = z.infer<typeof AlertViewSchema>

/** Revenue per kWh of each workload in one bucket of the ledger; null where it used no energy. */
export const TrendSchema = z.object({
  startMs: z.array(unix),
  revenueUsdPerKwh: z.record(z.string(), z.array(z.number().nullable())),
  energyUsdPerKwh: z.array(z.number().nullable()),
})
export type Trend = z.infer<typeof TrendSchema>

/** One frame of the stream: everything the wall shows but the trend, which comes as its own event when a minute is settled. */
export const FrameSchema = z.object({
  site: SiteViewSchema,
  workloads: z.array(WorkloadViewSchema),
  racks: z.array(RackViewSchema),
  alerts: z.array(AlertViewSchema).describe('firing, dearest first'),
  worst: z.array(DeviceViewSchema).describe('devices that lose most now'),
})
export type Frame = z.infer<typeof FrameSchema>

/** What the screens and the API may ask the collector. */
export interface Views {
  site(): SiteView
  workloads(): WorkloadView[]
  devices(): DeviceView[]
  alerts(): AlertView[]
  /** one device, its history for a sparkline, or undefined where there is none of that name */
  frame(): Frame
  trend(): Trend
  /** what each group takes and earns now */
  liveGroups(
    groupBy: import('./figures.ts').FigureGroup,
  ): Map<string, import('./figures.ts').LiveGroup>
  /** owners that hold machines now and that no rule knows */
  unmatched(): import('./figures.ts').Unmatched[]
  /** what the site is and earns, for what could be */
  economy(): import('../live/economy.ts').Economy
  /** every miner and GPU that is heard, with what it earns and costs */
  machines(): import('../economics/break-even.ts').Machine[]
}
