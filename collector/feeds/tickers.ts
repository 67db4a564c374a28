import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { defineFeed } from '../plugin/feed.ts'
import { AllowPrivateSchema, AmountSchema, checkUrl, feedClient, pollSchema } from '../prices/feed-http.ts'
import { medianPrice } from '../prices/median-price.ts'
import { polling } from '../prices/polling.ts'

/** Each exchange's address of its last Bitcoin price, and where in the JSON the price stands. */
const EXCHANGES = {
  kraken: {
    url: 'https://api.kraken.com',
    path: '/0/public/Ticker?pair=XBTUSD',
    // Kraken answers 200 for errors too; `c` is the last trade: price, volume
    answer: z
      .looseObject({
        error: z.array(z.string()).max(0, 'expected no error'),
        result: z.looseObject({ XXBTZUSD: z.looseObject({ c: z.tuple([AmountSchema], AmountSchema) }) }),
      })
      .transform(({ result }) => result.XXBTZUSD.c[0]),
  },
  coinbase: {
    url: 'https://api.coinbase.com',
    path: '/v2/prices/BTC-USD/spot',
    answer: z
      .looseObject({ data: z.looseObject({ amount: AmountSchema, currency: z.literal('USD') }) })
      .transform(({ data }) => data.amount),
  },
  bitstamp: {
    url: 'https://www.bitstamp.net',
    path: '/api/v2/ticker/btcusd/',
    answer: z.looseObject({ last: AmountSchema }).transform(({ last }) => last),
  },
} as const
type Exchange = keyof typeof EXCHANGES
const NAMES = Object.keys(EXCHANGES) as [Exchange, ...Exchange[]]

const SettingsSchema = z
  .strictObject({
    exchanges: z
      .array(z.enum(NAMES))
      .min(1)
      .default([...NAMES])
      .describe('which exchanges to ask'),
    maxOffRatio: z
      .number()
      .positive()
      .max(1)
      .default(0.02)
      .describe(
        'with three or more prices, one further than this from their median is left out: 0.02 is 2 %',
      ),
    urls: z
      .partialRecord(z.enum(NAMES), HttpUrlSchema)
      .default({})
      .describe('another address for an exchange, such as a mirror inside your network'),
    poll: pollSchema('5m'),
    allowPrivate: AllowPrivateSchema,
  })
  .superRefine(({ urls, allowPrivate }, ctx) => {
    for (const [exchange, url] of Object.entries(urls)) {
      const message = checkUrl(url, allowPrivate)
      if (message) ctx.addIssue({ code: 'custom', path: ['urls', exchange], message })
    }
  })

export default defineFeed({
  name: 'tickers',
  summary: 'Bitcoin’s price: the median of the exchanges that answer, without outliers',
  settings: SettingsSchema,
  quotes: () => ['btcUsd'],
  open({ exchanges, maxOffRatio, urls, poll, allowPrivate }, context) {
    const client = feedClient(context, allowPrivate)
    const ask = async (exchange: Exchange, signal: AbortSignal) => {
      const { url, path, answer } = EXCHANGES[exchange]
      const base = (urls[exchange] ?? url).replace(/\/+$/, '')
      const price: number = await client.json({ url: `${base}${path}` }, answer, signal)
      if (!(price > 0))
        throw new PerwattError('unexpected', `${exchange} answers a price of ${price} USD; it is left out`)
      return { exchange, price }
    }
    return polling(context, poll, async (signal) => {
      const answers = await Promise.allSettled(exchanges.map((exchange) => ask(exchange, signal)))
      const prices = answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []))
      const failed = answers.flatMap((a) => (a.status === 'rejected' ? [reasonOf(a.reason)] : []))
      const found = medianPrice(prices, maxOffRatio)
      if (!found)
        throw new PerwattError(
          'unreachable',
          `no exchange answers: ${failed.join('; ')}; check the way to the internet`,
        )
      const { value, detail } = found
      return {
        quotes: [{ name: 'btcUsd', value, detail }],
        missing: failed.length > 0 ? failed.join('; ') : undefined,
      }
    })
  },
})
