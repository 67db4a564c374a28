import { z } from 'zod'
import type { Feed } from '../feed.ts'
import { QUOTE_NAMES, QUOTE_UNITS, type QuoteName } from '../quotes.ts'

const positive = z.number().positive().optional()

/** Prices typed in the configuration. */
export const FixedPricesSchema = z.strictObject({
  btcUsd: positive.describe('USD per BTC'),
  difficulty: positive.describe('Bitcoin network difficulty'),
  blockHeight: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('height of the newest block; it decides the subsidy'),
  feesBtcPerBlock: z.number().nonnegative().optional().describe('average transaction fees a block, BTC'),
  energyUsdPerKwh: z.number().optional().describe('energy price, USD per kWh; negative prices happen'),
})
export type FixedPrices = z.output<typeof FixedPricesSchema>

/** A typed price holds from the moment it is first seen; what was settled before keeps its own. It never goes stale: a person vouches for it. */
export function fixedFeed(prices: FixedPrices, nowMs: () => number): Feed {
  return {
    name: 'configuration',
    start(publish) {
      for (const name of QUOTE_NAMES as QuoteName[]) {
        const value = prices[name]
        if (value !== undefined)
          publish({ name, value, unit: QUOTE_UNITS[name], source: 'configuration', fromMs: nowMs() })
      }
    },
  }
}
