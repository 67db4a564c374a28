import type { Prices, QuoteName } from '../../../protocol/quote.ts'
import type { LedgerSums } from '../ledger-row.ts'

/** What a difficulty-1 share's reward follows from. Fees are needed only where the rules say that their price has a source. */
const OF_A_SHARE = ['btcUsd', 'difficulty', 'blockHeight'] as const

/** The prices that a share's reward needs and that nobody knew. */
export const missingForShares = (prices: Prices, needsFees = false): QuoteName[] =>
  [...OF_A_SHARE, ...(needsFees ? (['feesBtcPerBlock'] as const) : [])].filter((name) => !prices[name])

/** The prices that these sums needed and that nobody knew. What depends on them earns and costs nothing until they come. */
export function missingPrices(
  rows: readonly Pick<LedgerSums, 'unpricedWorkDiff1' | 'unpricedEnergyMilliJ'>[],
  prices: Prices,
  needsFees = false,
): QuoteName[] {
  const work = rows.some((row) => row.unpricedWorkDiff1 !== 0)
  const energy = rows.some((row) => row.unpricedEnergyMilliJ !== 0)
  return [
    ...(work ? missingForShares(prices, needsFees) : []),
    ...(energy && !prices.energyUsdPerKwh ? (['energyUsdPerKwh'] as const) : []),
  ]
}
