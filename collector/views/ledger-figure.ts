import { z } from 'zod'
import { usdPerKwh } from './fields.ts'

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
