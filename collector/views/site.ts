import { z } from 'zod'
import { QuoteNameSchema, QuoteSchema } from '../../protocol/quote.ts'
import { EarningSchema, stale, unix } from './fields.ts'
import { StandstillSchema } from './standing.ts'

/** An agent with its connection, clock and spool. */
export const AgentViewSchema = z.object({
  agentId: z.string(),
  state: z
    .enum(['online', 'stale', 'offline'])
    .describe('stale: connected, but without a live message for 3 polls'),
  lastSeenMs: unix.optional().describe('time of the last live message by the collector’s clock, Unix ms'),
  pollS: z.number(),
  devices: z.number().int(),
  simulated: z.boolean(),
  version: z.string(),
  clockOffsetMs: z.number().optional().describe('collector’s clock - agent’s clock, ms'),
  spoolRecords: z.number().int().optional().describe('records that wait in the agent’s spool'),
  spoolOldestMs: unix.optional().describe('approximate start of the oldest of them, Unix ms'),
  spoolDisk: z
    .enum(['ok', 'full', 'read-only', 'failed'])
    .optional()
    .describe('state of the spool’s disk; if not ok, records are kept in memory only'),
  unansweredS: z
    .number()
    .optional()
    .describe('how long the agent sent records and heard no acknowledgement, s, by its last status'),
  messageLimit: z
    .object({ arrivedBytes: z.number().int(), lostBytes: z.number().int() })
    .optional()
    .describe(
      'the broker drops larger messages of this agent: one that arrived and one that was lost, bytes',
    ),
})
export type AgentView = z.infer<typeof AgentViewSchema>

const LossViewSchema = z.object({
  agentId: z.string(),
  records: z.number().int(),
  atMs: unix.describe('time of the agent’s report, Unix ms'),
  fromMs: unix.optional().describe('approximate start of the lost records, Unix ms'),
  toMs: unix.optional(),
})

/** A price in force; stale if its source should have replaced it by now. */
export const PriceViewSchema = QuoteSchema.extend({ stale: z.boolean() })

/** The totals of the site now, and the state of its ledger. */
export const SiteViewSchema = EarningSchema.extend({
  site: z.string(),
  name: z.string(),
  timeZone: z.string(),
  atMs: unix,
  simulated: z.boolean().describe('true if these figures include emulated machines'),
  meterPowerW: z
    .number()
    .optional()
    .describe('W at the site meter; powerW equals it, or without a site meter the sum of the workloads'),
  estimatedPowerW: z
    .number()
    .optional()
    .describe('W of powerW that nothing measured; absent: none, or the site meter measures all of it'),
  devicesPowerW: z.number().describe('W of all devices except meters'),
  powerLimitW: z.number().optional().describe('W, configured power limit of the site'),
  hashrateHs: z.number(),
  expectedHashrateHs: z.number().optional(),
  efficiencyJPerTh: z.number().optional().describe('J/TH of the machines that hash and report power'),
  gpus: z.number().int(),
  gpusHeld: z.number().describe('GPUs held; shares of a GPU add up'),
  gpuUtilizationRatio: z.number().optional(),
  devices: z.number().int(),
  devicesReporting: z.number().int().describe('devices that are neither stale nor unreachable'),
  oldestReadingS: z
    .number()
    .optional()
    .describe(
      'age of the oldest reading among the figures, s: a machine that is read every 10 s shows what was read so long ago',
    ),
  dataAgeS: z.number().optional().describe('age of the oldest last live message of the online agents, s'),
  ledgerThroughMs: unix.optional().describe('end of the newest settled minute'),
  ledgerBehind: z
    .object({
      sinceMs: unix.describe('the ledger is complete up to this time, except for agents that are not heard'),
      records: z.number().int().describe('records that wait in agents’ spools'),
      minutes: z.number().int().describe('past minutes that must be settled, or settled again'),
    })
    .optional()
    .describe('present while agents deliver the records of an outage'),
  ledgerRestatedMinutes: z.number().int().optional().describe('minutes restated within the last hour'),
  ledgerLosses: z
    .array(LossViewSchema)
    .optional()
    .describe('records lost at agents within the last 12 hours, newest first'),
  ledgerUnpriced: z
    .array(z.object({ name: QuoteNameSchema, minutes: z.number().int() }))
    .optional()
    .describe('prices that settled minutes lack, and how many minutes; see /api/v1/unpriced'),
  ledgerHeld: z
    .object({
      records: z.number().int(),
      devices: z.number().int(),
      revenueUsd: z.number().describe('what their work would earn'),
    })
    .optional()
    .describe('records that count for nothing until a person decides: /api/v1/doubts'),
  ledgerUnknown: z
    .array(z.object({ agentId: z.string(), quantities: z.array(z.string()), records: z.number().int() }))
    .optional()
    .describe(
      'what newer agents send and this version does not know: it is kept beside the records and is in no sum. Update the collector',
    ),
  putAside: z
    .array(z.object({ agentId: z.string(), ownerAgentId: z.string(), devices: z.number().int() }))
    .optional()
    .describe(
      'devices that an agent reads though they belong to another, or twice: they count in no total; see /api/v1/devices/claims',
    ),
  hashpriceUsdPerPhDay: z.number().optional(),
  miningBreakEvenUsdPerKwh: z
    .number()
    .optional()
    .describe('break-even energy price of mining: hashprice / (24 x J/TH)'),
  prices: z.array(PriceViewSchema),
  displayCurrency: z
    .object({
      code: z.string(),
      perUsd: z.number().describe('units of the currency per USD'),
      stale: z.boolean(),
    })
    .optional()
    .describe('currency for showing money, USD if absent. All figures of this answer are in USD'),
  agents: z.array(AgentViewSchema),
  stale,
  standing: z
    .array(StandstillSchema)
    .optional()
    .describe('what stands still, the first cause first; absent: everything moves'),
})
export type SiteView = z.infer<typeof SiteViewSchema>
