import { z } from 'zod'
import { type Baseline, type BaselinePrices, changed } from './baseline.ts'
import { nextHalving, retargetRatio } from './network.ts'

const usd = z.number().nonnegative().max(1e9)
const share = z.number().min(0).max(1)

/** A part of the site that is converted for AI, and sold as GPU-hours or as colocation. */
export const ConversionSchema = z
  .strictObject({
    from: z.string().optional().describe('workload whose power the conversion takes; new power if absent'),
    powerMw: z.number().positive().max(1e5).describe('MW at the site meter, cooling included'),
    capexUsdPerMw: usd.describe('capital cost, USD per MW'),
    months: z.number().nonnegative().max(120).describe('months to build; the power earns nothing meanwhile'),
    usdPerGpuHour: usd.optional().describe('if sold as GPU-hours: USD per GPU-hour'),
    gpusPerMw: z.number().positive().max(1e5).optional().describe('GPUs per MW, cooling included'),
    kwPerGpu: z
      .number()
      .positive()
      .max(1e3)
      .optional()
      .describe('instead of gpusPerMw: kW of a GPU with its share of the server, without cooling'),
    colocationUsdPerKwMonth: usd
      .optional()
      .describe('if sold as colocation: USD per kW of IT power and month'),
    tenantPaysEnergy: z.boolean().default(false).describe('colocation: the customer also pays the energy'),
    pue: z.number().min(1).max(3).default(1.25).describe('site power / IT power'),
    occupancy: share.default(0.85).describe('share of the capacity that is sold'),
    lifeYears: z.number().positive().max(40).default(5).describe('years of operation after the opening'),
    discountRate: z
      .number()
      .min(-0.5)
      .max(10)
      .optional()
      .describe('yearly discount rate for the net present value: 0.12 is 12 %'),
  })
  .refine((c) => (c.usdPerGpuHour === undefined) !== (c.colocationUsdPerKwMonth === undefined), {
    error: 'expected exactly one of usdPerGpuHour and colocationUsdPerKwMonth',
    path: ['usdPerGpuHour'],
  })
  .refine(
    (c) => c.usdPerGpuHour === undefined || (c.gpusPerMw === undefined) !== (c.kwPerGpu === undefined),
    {
      error: 'expected exactly one of gpusPerMw and kwPerGpu beside usdPerGpuHour',
      path: ['gpusPerMw'],
    },
  )
export type Conversion = z.output<typeof ConversionSchema>

/** A what-if scenario. Every field is optional; what is absent stays as it is now. */
export const ScenarioSchema = z.strictObject({
  btcUsd: usd.optional().describe('USD/BTC'),
  difficulty: z.number().positive().max(1e30).optional().describe('network difficulty'),
  feesBtcPerBlock: z
    .number()
    .nonnegative()
    .max(1e4)
    .optional()
    .describe('average transaction fees, BTC per block'),
  networkLeavesShare: z
    .number()
    .min(-3)
    .max(0.95)
    .optional()
    .describe(
      'share of the network’s hashrate that leaves: 0.2 is 20 %; negative: joins. The difficulty follows at the retarget, by a factor of 4 at most',
    ),
  halving: z.boolean().optional().describe('true: use the subsidy after the next halving'),
  energyUsdPerKwh: z.number().min(-100).max(100).optional().describe('energy price, USD/kWh'),
  usdPerGpuHour: z
    .union([usd, z.record(z.string(), usd)])
    .optional()
    .describe('USD per GPU-hour on demand: one price for all, or a price by workload'),
  occupancy: share.optional().describe('share of the on-demand GPUs, held or idle now, that is held'),
  tokenPriceRatio: z.number().nonnegative().max(1e6).optional().describe('new price of tokens / price now'),
  conversion: ConversionSchema.optional(),
})
export type Scenario = z.output<typeof ScenarioSchema>

/** Applies a scenario to a site, without the scenario's conversion. */
export function underScenario(before: Baseline, s: Scenario): Baseline {
  const { usdPerGpuHour, occupancy } = s
  return changed(before, {
    prices: scenarioPrices(before, s),
    ...(usdPerGpuHour === undefined
      ? {}
      : {
          usdPerGpuHour: (w) => (typeof usdPerGpuHour === 'number' ? usdPerGpuHour : usdPerGpuHour[w.name]),
        }),
    ...(occupancy === undefined ? {} : { gpusHeld: (w) => w.gpusInstalled * occupancy }),
    ...(s.tokenPriceRatio === undefined ? {} : { tokenPriceRatio: s.tokenPriceRatio }),
  })
}

function scenarioPrices({ prices, atMs }: Baseline, s: Scenario): BaselinePrices {
  const after = { ...prices }
  for (const name of ['btcUsd', 'difficulty', 'feesBtcPerBlock', 'energyUsdPerKwh'] as const) {
    const value = s[name]
    if (value !== undefined) after[name] = value
  }
  if (after.difficulty !== undefined) after.difficulty *= retargetRatio(1 - (s.networkLeavesShare ?? 0))
  if (s.halving && after.blockHeight !== undefined)
    after.blockHeight = nextHalving(after.blockHeight, atMs).height
  return after
}
