import { z } from 'zod'
import { QuoteSchema } from '../../protocol/quote.ts'
import { EarningSchema, unix } from './fields.ts'

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
