import { z } from 'zod'
import { CurrencySchema, currencyQuote, QUOTE_NAMES, type QuoteName } from '../../protocol/quote.ts'
import { HOUR_MS } from '../../protocol/units.ts'
import { defineFeed, type FeedQuote } from '../plugin/feed.ts'
import { quoteFault } from '../prices/quote-limits.ts'

/** A number that can be a quote of this name. */
const price = (name: QuoteName) =>
  z.number().superRefine((value, ctx) => {
    const fault = quoteFault(name, value)
    if (fault) ctx.addIssue(fault)
  })

const SettingsSchema = z.strictObject({
  btcUsd: price('btcUsd').optional().describe('USD per BTC'),
  difficulty: price('difficulty').optional().describe('Bitcoin network difficulty'),
  blockHeight: price('blockHeight')
    .optional()
    .describe('height of the newest block; the subsidy follows from it'),
  feesBtcPerBlock: price('feesBtcPerBlock').optional().describe('average transaction fees a block, BTC'),
  energyUsdPerKwh: price('energyUsdPerKwh')
    .optional()
    .describe('energy price, USD per kWh; negative prices happen'),
  fx: z
    .record(CurrencySchema, price('fx.USD'))
    .optional()
    .describe('units of another currency for one USD, to show money in it: { EUR: 0.92 }'),
})

const quotesOf = ({ fx = {}, ...prices }: z.output<typeof SettingsSchema>): FeedQuote[] =>
  [
    ...QUOTE_NAMES.map((name): [QuoteName, number | undefined] => [name, prices[name]]),
    ...Object.entries(fx).map(([code, value]): [QuoteName, number] => [currencyQuote(code), value]),
  ].flatMap(([name, value]) => (value === undefined ? [] : { name, value, intervalMs: HOLDS_BACK_MS }))

/** Agents are often set up a little before the collector that reads the typed prices. */
const HOLDS_BACK_MS = HOUR_MS

/**
 * A typed price holds from the moment at which the collector first reads it, and for an hour before it where no price was known;
 * minutes settled before keep their own. It is never stale: a person is responsible for it.
 */
export default defineFeed({
  name: 'fixed',
  summary: 'prices typed here, with the settings of `prices:`',
  settings: SettingsSchema,
  quotes: (settings) => quotesOf(settings).map(({ name }) => name),
  open: (settings) => (sink) => sink.publish(quotesOf(settings)),
})
