import { z } from 'zod'
import { CurrencySchema, currencyQuote, QUOTE_NAMES, type QuoteName } from '../../protocol/quote.ts'
import { defineFeed, type Statement } from '../plugin/feed.ts'
import { quoteFault } from '../prices/quote-limits.ts'

/** A number that can be a quote of this name. */
const price = (name: QuoteName) =>
  z.number().superRefine((value, ctx) => {
    const fault = quoteFault(name, value)
    if (fault) ctx.addIssue(fault)
  })

/** Prices typed in the configuration. */
export const FixedPricesSchema = z.strictObject({
  btcUsd: price('btcUsd').optional().describe('USD per BTC'),
  difficulty: price('difficulty').optional().describe('Bitcoin network difficulty'),
  blockHeight: price('blockHeight').optional().describe('height of the newest block; it decides the subsidy'),
  feesBtcPerBlock: price('feesBtcPerBlock').optional().describe('average transaction fees a block, BTC'),
  energyUsdPerKwh: price('energyUsdPerKwh')
    .optional()
    .describe('energy price, USD per kWh; negative prices happen'),
  fx: z
    .record(CurrencySchema, price('fx.USD'))
    .optional()
    .describe('how much of another currency a USD buys, to show money in it: { EUR: 0.92 }'),
})

const statementsOf = ({ fx = {}, ...prices }: z.output<typeof FixedPricesSchema>): Statement[] =>
  [
    ...QUOTE_NAMES.map((name): [QuoteName, number | undefined] => [name, prices[name]]),
    ...Object.entries(fx).map(([code, value]): [QuoteName, number] => [currencyQuote(code), value]),
  ].flatMap(([name, value]) => (value === undefined ? [] : { name, value }))

/** A typed price holds from the moment it is first seen; what was settled before keeps its own. It never goes stale: a person vouches for it. */
export default defineFeed({
  kind: 'fixed',
  about: 'prices typed here',
  settings: FixedPricesSchema,
  quotes: (settings) => statementsOf(settings).map((s) => s.name),
  open: (settings) => (sink) => sink.publish(statementsOf(settings)),
})
