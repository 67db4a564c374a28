import { z } from 'zod'
import { usdPerKwh } from './fields.ts'

/** A group's exact sums over a period, from the ledger. */
export const LedgerFigureSchema = z.object({
  group: z
    .string()
    .describe(
      'value of the requested grouping: name of the workload, customer, kind, device, agent, container, rack or site',
    ),
  start: z.iso.datetime().describe('start of the bucket, ISO 8601 UTC'),
  end: z.iso.datetime(),
  energyJ: z.number().describe('J'),
  revenueUsd: z.number().describe('USD'),
  feesUsd: z.number().describe('USD, pool fees and firmware dev fees; not part of the revenue'),
  costUsd: z.number().describe('USD, energy cost'),
  demandUsd: z.number().describe('USD, share of the demand charge'),
  netUsd: z.number().describe('USD, revenue - energy cost - demand charge'),
  depreciationUsd: z.number().describe('USD, depreciation; not in the net'),
  revenueUsdPerKwh: usdPerKwh.optional(),
  costUsdPerKwh: usdPerKwh.optional(),
  netUsdPerKwh: usdPerKwh.optional(),
  revenueUsdPerWattYear: z.number().optional().describe('USD per watt and year: USD/kWh x 8.766'),
  minedSat: z.number().describe('satoshis of mining revenue, each minute at its own Bitcoin price'),
  minedSatPerKwh: z.number().optional().describe('satoshis per kWh of the energy that mined'),
  coveredS: z.number().describe('device-seconds observed'),
  workDiff1: z.number().describe('accepted difficulty-1 shares (2^32 hashes each), as machines count them'),
  estimatedWorkDiff1: z
    .number()
    .describe(
      'difficulty-1 shares of machines that count no accepted work: hashrate x time, less rejected shares',
    ),
  estimatedUsd: z.number().describe('USD, part of the revenue that is estimated: from estimatedWorkDiff1'),
  trueUpWorkDiff1: z
    .number()
    .describe(
      'difficulty-1 shares that pools credited to workers with estimated work beyond the above; negative: less',
    ),
  trueUpUsd: z.number().describe('USD, part of the revenue from trueUpWorkDiff1'),
  gpuS: z.number().describe('GPU-seconds held'),
  busyGpuS: z.number().describe('GPU-seconds busy (held x utilisation)'),
  tokensIn: z.number(),
  tokensInCached: z.number().describe('input tokens that came from a cache; included in tokensIn'),
  tokensOut: z.number(),
  revision: z
    .number()
    .int()
    .optional()
    .describe('the most often that a minute in it was settled, 2 or more; absent if none was restated'),
  restatedAt: z.iso
    .datetime()
    .optional()
    .describe('time of the last restatement, by a late record, a late price or a repricing'),
  unpricedWorkDiff1: z
    .number()
    .describe(
      'difficulty-1 shares that earn nothing yet: no price of their time is known. Figures per kWh are left out then',
    ),
  unpricedEnergyJ: z.number().describe('J that cost nothing yet: no energy price of their time is known'),
})
export type LedgerFigure = z.infer<typeof LedgerFigureSchema>
