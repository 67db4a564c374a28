import { z } from 'zod'
import { ScenarioSchema } from './scenario.ts'

/**
 * What the API says of what could be: what if, break-even, losses. Everything is live and nothing is the ledger's: it is
 * advice. Money in USD, power in W, times in Unix ms; absent is unknown, or never.
 */

const usdPerH = z.number().describe('USD per hour')
const usdPerKwh = z.number().describe('USD per kWh')
const unix = z.number().int().describe('Unix time, ms')

const RatesSchema = z.object({
  powerW: z.number().describe('W'),
  revenueUsdPerH: usdPerH,
  energyCostUsdPerH: usdPerH,
  otherCostUsdPerH: usdPerH.describe('USD per hour beside the energy at its price'),
  netUsdPerH: usdPerH.describe('revenue less all costs'),
  revenueUsdPerMwh: z.number().optional().describe('revenue / energy; absent at zero power'),
  breakEvenUsdPerKwh: usdPerKwh
    .optional()
    .describe('energy price at which the net is nothing: (revenue - other costs) / energy'),
})
export type RatesView = z.infer<typeof RatesSchema>

const MilestoneSchema = z.object({
  height: z.number().int(),
  blocksLeft: z.number().int(),
  atMs: unix.describe('about when, Unix ms'),
})

const NetworkSchema = z.object({
  hashrateHs: z.number().describe('of the network, that its difficulty stands for, before anything changes'),
  retargets: z
    .array(MilestoneSchema.extend({ difficulty: z.number() }))
    .describe('the next one; with a change of the hashrate all until the difficulty fits it'),
  halving: MilestoneSchema.extend({ subsidyBtc: z.number().describe('from then on') }),
})

const ConversionViewSchema = z.object({
  from: z.string().optional(),
  powerW: z.number(),
  itPowerW: z.number(),
  gpus: z.number().int().optional(),
  opensAtMs: unix,
  capexUsd: z.number(),
  buildLossUsd: z.number().describe('what the power would have earned while it is built'),
  investmentUsd: z.number().describe('both of them'),
  revenueUsdPerH: usdPerH,
  energyCostUsdPerH: usdPerH,
  netUsdPerH: usdPerH,
  givenUpUsdPerH: usdPerH.describe('net of what it replaces'),
  gainUsdPerH: usdPerH.describe('net less what is given up'),
  revenueUsdPerMwh: z.number(),
  paybackMonths: z
    .number()
    .optional()
    .describe('investment / gain of a month, from its opening; absent: never'),
  paybackMonthsFromStart: z.number().optional().describe('the same, from the begin of the build'),
  breakEvenOccupancy: z
    .number()
    .optional()
    .describe('occupancy at which it earns what it replaces; above 1: never'),
  breakEvenOccupancyWithCapital: z
    .number()
    .optional()
    .describe('the same with the investment, spread evenly over its life'),
  npvUsd: z.number().optional().describe('net present value against going on as before'),
})
export type ConversionView = z.infer<typeof ConversionViewSchema>

const SensitivitySchema = z.object({
  input: z.string(),
  unit: z.string(),
  value: z.number().describe('under the scenario'),
  netUsdPerHPerPercent: z.number().optional().describe('change of the site’s net for +1 %, USD/h'),
  low: z.number().describe('10 % less'),
  high: z.number().describe('10 % more, or as far as it can go'),
  netAtLowUsdPerH: usdPerH.optional(),
  netAtHighUsdPerH: usdPerH.optional(),
  paybackMonthsAtLow: z.number().optional().describe('of the conversion; absent: never, or none'),
  paybackMonthsAtHigh: z.number().optional(),
})
export type SensitivityView = z.infer<typeof SensitivitySchema>

const PricesSchema = z.object({
  btcUsd: z.number().optional(),
  difficulty: z.number().optional(),
  blockHeight: z.number().optional(),
  feesBtcPerBlock: z.number().optional(),
  energyUsdPerKwh: z.number().optional(),
  hashpriceUsdPerPhDay: z.number().optional(),
})
export type PricesNow = z.infer<typeof PricesSchema>

const both = <T extends z.ZodType>(schema: T) => z.object({ before: schema, after: schema })

export const WhatIfSchema = z.object({
  atMs: unix,
  scenario: ScenarioSchema,
  missing: z
    .array(z.string())
    .describe('prices that nobody knows: what hangs on them is as observed, energy as free'),
  prices: both(PricesSchema),
  site: both(RatesSchema),
  workloads: z.array(z.object({ workload: z.string(), kind: z.string(), ...both(RatesSchema).shape })),
  network: NetworkSchema.optional(),
  conversion: ConversionViewSchema.optional(),
  sensitivities: z
    .array(SensitivitySchema)
    .describe('around the scenario, the input that moves the site’s net most first'),
})
export type WhatIf = z.infer<typeof WhatIfSchema>

/** Machines of one model: what they earn, and at which prices they would earn nothing. */
export const ModelSchema = z.object({
  model: z.string().describe('unknown where the machines don’t say'),
  kind: z.enum(['asic', 'gpu']),
  devices: z.number().int(),
  powerW: z.number(),
  hashrateHs: z.number().optional().describe('of the machines that hash and say what they take'),
  efficiencyJPerTh: z.number().optional().describe('J/TH of those, as measured'),
  revenueUsdPerH: usdPerH,
  costUsdPerH: usdPerH,
  netUsdPerH: usdPerH,
  revenueUsdPerMwh: z.number().optional().describe('after pool fees'),
  breakEvenUsdPerKwh: usdPerKwh
    .optional()
    .describe('what a kWh may cost in all: hashprice / (24 x J/TH), before pool fees'),
  breakEvenHashpriceUsdPerPhDay: z
    .number()
    .optional()
    .describe('24 x J/TH x what a kWh costs, transmission included'),
})
export type ModelView = z.infer<typeof ModelSchema>

/** A machine that costs more than it earns now. */
export const LoserSchema = z.object({
  agentId: z.string(),
  deviceId: z.string(),
  kind: z.enum(['asic', 'gpu']),
  model: z.string().optional(),
  container: z.string().optional(),
  rack: z.string().optional(),
  state: z.string(),
  workloads: z.array(z.string()).describe('whom it works for'),
  powerW: z.number().optional(),
  revenueUsdPerH: usdPerH,
  costUsdPerH: usdPerH,
  lossUsdPerH: usdPerH,
  breakEvenUsdPerKwh: usdPerKwh.optional().describe('what a kWh may cost in all'),
})
export type LoserView = z.infer<typeof LoserSchema>
