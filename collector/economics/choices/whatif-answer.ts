import { z } from 'zod'
import { ScenarioSchema } from './scenario.ts'

/**
 * The API's answer to a what-if question. All figures are live and advisory; none is from the ledger. Money is in USD, power in W,
 * times in Unix ms; a field is absent if its value is unknown or never reached.
 */

const usdPerH = z.number().describe('USD per hour')
const usdPerKwh = z.number().describe('USD per kWh')
const unix = z.number().int().describe('Unix time, ms')

const RatesSchema = z.object({
  powerW: z.number().describe('W'),
  revenueUsdPerH: usdPerH,
  energyCostUsdPerH: usdPerH,
  otherCostUsdPerH: usdPerH.describe('USD per hour, all costs except energy at its price'),
  netUsdPerH: usdPerH.describe('revenue less all costs'),
  revenueUsdPerMwh: z.number().optional().describe('revenue / energy; absent at zero power'),
  breakEvenUsdPerKwh: usdPerKwh
    .optional()
    .describe('energy price at which the net is 0: (revenue - other costs) / energy'),
})
export type RatesView = z.infer<typeof RatesSchema>

const MilestoneSchema = z.object({
  height: z.number().int(),
  blocksLeft: z.number().int(),
  atMs: unix.describe('estimated time, Unix ms'),
})

const NetworkSchema = z.object({
  hashrateHs: z.number().describe('network hashrate that the difficulty implies, before the scenario, H/s'),
  retargets: z
    .array(MilestoneSchema.extend({ difficulty: z.number() }))
    .describe(
      'the next retarget; after a change of the hashrate, all retargets until the difficulty fits it',
    ),
  halving: MilestoneSchema.extend({ subsidyBtc: z.number().describe('BTC, the subsidy after the halving') }),
})

const ConversionViewSchema = z.object({
  from: z.string().optional().describe('workload that is replaced; absent for new power'),
  powerW: z.number().describe('W at the site meter'),
  itPowerW: z.number().describe('W of IT, without cooling'),
  gpus: z.number().int().optional(),
  opensAtMs: unix,
  capexUsd: z.number(),
  buildLossUsd: z.number().describe('net revenue that the replaced workload loses during the build'),
  investmentUsd: z.number().describe('capexUsd + buildLossUsd'),
  revenueUsdPerH: usdPerH,
  energyCostUsdPerH: usdPerH,
  netUsdPerH: usdPerH,
  givenUpUsdPerH: usdPerH.describe('net revenue of the replaced workload'),
  gainUsdPerH: usdPerH.describe('netUsdPerH - givenUpUsdPerH'),
  revenueUsdPerMwh: z.number(),
  paybackMonths: z
    .number()
    .optional()
    .describe('months from the opening: investment / monthly gain; absent if never'),
  paybackMonthsFromStart: z.number().optional().describe('months from the start of the build'),
  breakEvenOccupancy: z.number().optional().describe('occupancy at which the gain is 0; above 1 means never'),
  breakEvenOccupancyWithCapital: z
    .number()
    .optional()
    .describe('occupancy at which the gain covers the investment, spread evenly over the life'),
  npvUsd: z
    .number()
    .optional()
    .describe('net present value compared with no conversion; absent without a discount rate'),
})
export type ConversionView = z.infer<typeof ConversionViewSchema>

const SensitivitySchema = z.object({
  input: z.string(),
  unit: z.string(),
  value: z.number().describe('under the scenario'),
  netUsdPerHPerPercent: z
    .number()
    .optional()
    .describe('change of the site’s net for +1 % of the input, USD/h'),
  low: z.number().describe('input at -10 %, or its lower limit'),
  high: z.number().describe('input at +10 %, or its upper limit'),
  netAtLowUsdPerH: usdPerH.optional(),
  netAtHighUsdPerH: usdPerH.optional(),
  paybackMonthsAtLow: z
    .number()
    .optional()
    .describe('payback of the conversion; absent if never, or without a conversion'),
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
    .describe(
      'unknown prices: revenue that depends on them stays as observed, and energy without a price counts as free',
    ),
  prices: both(PricesSchema),
  site: both(RatesSchema),
  workloads: z.array(z.object({ workload: z.string(), kind: z.string(), ...both(RatesSchema).shape })),
  network: NetworkSchema.optional(),
  conversion: ConversionViewSchema.optional(),
  sensitivities: z
    .array(SensitivitySchema)
    .describe('sensitivities of the scenario, the input with the largest effect on the site’s net first'),
})
export type WhatIf = z.infer<typeof WhatIfSchema>
