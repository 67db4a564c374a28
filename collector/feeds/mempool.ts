import { z } from 'zod'
import { reasonOf } from '../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { CurrencySchema, currencyQuote, type QuoteName } from '../../protocol/quote.ts'
import { defineFeed, type Statement } from '../plugin/feed.ts'
import {
  AllowPrivateSchema,
  AmountSchema,
  type FeedClient,
  feedClient,
  pollSchema,
  refineUrl,
} from '../prices/feed-http.ts'
import { polling } from '../prices/polling.ts'

/** A day of blocks: what pools average the fees over. */
const FEE_BLOCKS = 144
const SATOSHIS_PER_BTC = 1e8

const PricesSchema = z.looseObject({ USD: AmountSchema.refine((usd) => usd > 0, 'expected a price') })
const HashrateSchema = z.looseObject({ currentDifficulty: AmountSchema })
// sums of satoshis are text: they may be beyond what JSON's numbers carry
const RewardSchema = z.looseObject({ startBlock: z.number(), endBlock: z.number(), totalFee: AmountSchema })

const NAMES = ['btcUsd', 'difficulty', 'blockHeight', 'feesBtcPerBlock'] as const

const SettingsSchema = z
  .strictObject({
    url: HttpUrlSchema.default('https://mempool.space').describe('mempool.space, or an instance of your own'),
    quotes: z
      .array(z.enum(NAMES))
      .default([...NAMES])
      .describe('which of its figures are used'),
    currencies: z
      .array(CurrencySchema)
      .default([])
      .describe('other currencies whose rate is taken from its Bitcoin prices, such as EUR'),
    poll: pollSchema('5m'),
    allowPrivate: AllowPrivateSchema,
  })
  .superRefine(refineUrl)
type Settings = z.output<typeof SettingsSchema>

/** Each figure is an endpoint of its own, and fails alone. The paths and shapes are those of the mempool.space REST API. */
function requests({ url, quotes, currencies }: Settings, client: FeedClient) {
  const base = url.replace(/\/+$/, '')
  const wanted = (name: QuoteName) => (quotes as readonly QuoteName[]).includes(name)
  const statement = (name: QuoteName, value: number): Statement[] => [{ name, value }]
  const prices = async (signal: AbortSignal): Promise<Statement[]> => {
    const found = await client.json({ url: `${base}/api/v1/prices` }, PricesSchema, signal)
    return [
      ...(wanted('btcUsd') ? statement('btcUsd', found.USD) : []),
      ...currencies.flatMap((code) => {
        const price = AmountSchema.safeParse(found[code])
        return price.success && price.data > 0 ? statement(currencyQuote(code), price.data / found.USD) : []
      }),
    ]
  }
  const difficulty = async (signal: AbortSignal) => {
    const path = '/api/v1/mining/hashrate/3d'
    const found = await client.json({ url: `${base}${path}` }, HashrateSchema, signal)
    return statement('difficulty', found.currentDifficulty)
  }
  const height = async (signal: AbortSignal) => {
    const found = await client.json({ url: `${base}/api/blocks/tip/height` }, AmountSchema, signal)
    return statement('blockHeight', found)
  }
  const fees = async (signal: AbortSignal) => {
    const path = `/api/v1/mining/reward-stats/${FEE_BLOCKS}`
    const found = await client.json({ url: `${base}${path}` }, RewardSchema, signal)
    const blocks = found.endBlock - found.startBlock + 1
    return statement('feesBtcPerBlock', found.totalFee / (blocks * SATOSHIS_PER_BTC))
  }
  return [
    ...(wanted('btcUsd') || currencies.length > 0 ? [prices] : []),
    ...(wanted('difficulty') ? [difficulty] : []),
    ...(wanted('blockHeight') ? [height] : []),
    ...(wanted('feesBtcPerBlock') ? [fees] : []),
  ]
}

export default defineFeed({
  kind: 'mempool',
  about: 'Bitcoin’s price, difficulty, height and fees from mempool.space, or an instance of your own',
  settings: SettingsSchema,
  quotes: ({ quotes, currencies }) => [...quotes, ...currencies.map(currencyQuote)],
  open(settings, context) {
    const asked = requests(settings, feedClient(context, settings.allowPrivate))
    return polling(context, settings.poll, async (signal) => {
      const answers = await Promise.allSettled(asked.map((ask) => ask(signal)))
      const statements = answers.flatMap((a) => (a.status === 'fulfilled' ? a.value : []))
      const failed = answers.flatMap((a) => (a.status === 'rejected' ? [a.reason] : []))
      if (failed.length === answers.length && failed.length > 0) throw failed[0]
      return { statements, missing: failed.length > 0 ? failed.map(reasonOf).join('; ') : undefined }
    })
  },
})
