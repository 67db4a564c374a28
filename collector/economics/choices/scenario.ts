import { z } from 'zod'
import { type Baseline, type BaselinePrices, changed } from './baseline.ts'
import { nextHalving, retargetRatio } from './network.ts'

const usd = z.number().nonnegative().max(1e9)
const share = z.number().min(0).max(1)

/** A part of the site that is rebuilt for AI. What it is sold as: GPU-hours, or colocation. */
export const ConversionSchema = z
  .strictObject({
    from: z.string().optional().describe('workload whose power it takes; new power where absent'),
    powerMw: z.number().positive().max(1e5).describe('MW at the site’s side of its cooling'),
    capexUsdPerMw: usd.describe('USD per MW, everything that is bought for it'),
    months: z.number().nonnegative().max(120).describe('time to build, in which the power earns nothing'),
    usdPerGpuHour: usd.optional().describe('sold as GPU-hours: USD for each'),
    gpusPerMw: z.number().positive().max(1e5).optional().describe('GPUs that a MW feeds, cooling included'),
    kwPerGpu: z
      .number()
      .positive()
      .max(1e3)
      .optional()
      .describe('or kW that a GPU takes with its part of the server, without cooling'),
    colocationUsdPerKwMonth: usd.optional().describe('or sold as colocation: USD per kW of IT and month'),
    tenantPaysEnergy: z.boolean().default(false).describe('colocation: the customer pays the energy on top'),
    pue: z.number().min(1).max(3).default(1.25).describe('power at the site over power of the IT'),
    occupancy: share.default(0.85).describe('part of it that is sold'),
    lifeYears: z.number().positive().max(40).default(5).describe('years that it works, from its opening'),
    discountRate: z
      .number()
      .min(-0.5)
      .max(10)
      .optional()
      .describe('a year: 0.12 is 12 %; gives the net present value'),
  })
  .refine((c) => (c.usdPerGpuHour === undefined) !== (c.colocationUsdPerKwMonth === undefined), {
    error: 'expected either usdPerGpuHour or colocationUsdPerKwMonth',
    path: ['usdPerGpuHour'],
  })
  .refine(
    (c) => c.usdPerGpuHour === undefined || (c.gpusPerMw === undefined) !== (c.kwPerGpu === undefined),
    {
      error: 'expected either gpusPerMw or kwPerGpu with it',
      path: ['gpusPerMw'],
    },
  )
export type Conversion = z.output<typeof ConversionSchema>

/** What if. Every field is optional; what it doesn't name stays as it is now. */
export const ScenarioSchema = z.strictObject({
  btcUsd: usd.optional().describe('USD/BTC'),
  difficulty: z.number().positive().max(1e30).optional().describe('network difficulty'),
  feesBtcPerBlock: z.number().nonnegative().max(1e4).optional().describe('average fees, BTC a block'),
  networkLeavesShare: z
    .number()
    .min(-3)
    .max(0.95)
    .optional()
    .describe(
      'part of the network’s hashrate that leaves (for AI), 0.2 is 20 %; negative: joins. Difficulty follows at the retarget, by a factor of 4 at most',
    ),
  halving: z.boolean().optional().describe('true: with the subsidy after the next halving'),
  energyUsdPerKwh: z.number().min(-100).max(100).optional().describe('energy price, USD/kWh'),
  usdPerGpuHour: z
    .union([usd, z.record(z.string(), usd)])
    .optional()
    .describe('price of GPU-hours on demand: one for all, or by workload'),
  occupancy: share
    .optional()
    .describe('part of the GPUs on demand that is held: of those that are held or idle now'),
  tokenPriceRatio: z.number().nonnegative().max(1e6).optional().describe('times what tokens pay now'),
  conversion: ConversionSchema.optional(),
})
export type Scenario = z.output<typeof ScenarioSchema>

/** The site under a scenario, without its conversion. */
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
