import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { CurrencySchema, currencyQuote, type QuoteName } from '../../protocol/quote.ts'
import { difficultyOf, nextBits, periodStart, retargetsAfter } from '../economics/next-difficulty.ts'
import { defineFeed, type FeedQuote } from '../plugin/feed.ts'
import {
  AllowPrivateSchema,
  AmountSchema,
  type FeedClient,
  feedClient,
  pollSchema,
  refineUrl,
} from '../prices/feed-http.ts'
import { polling } from '../prices/polling.ts'

/** A day of blocks: pools average the fees over it. */
const FEE_BLOCKS = 144
const SATOSHIS_PER_BTC = 1e8

const PricesSchema = z.looseObject({ USD: AmountSchema.refine((usd) => usd > 0, 'expected a price') })
const BlockSchema = z.looseObject({
  height: z.number().int().nonnegative(),
  timestamp: z.number().int(),
  bits: z.number().int().positive(),
})
// newest first; from a height, that block first
const BlocksSchema = z.tuple([BlockSchema], BlockSchema)
// sums of satoshis are text: they may exceed the whole numbers that JSON keeps exact
const RewardSchema = z.looseObject({ startBlock: z.number(), endBlock: z.number(), totalFee: AmountSchema })

const NAMES = ['btcUsd', 'difficulty', 'blockHeight', 'feesBtcPerBlock'] as const

const SettingsSchema = z
  .strictObject({
    url: HttpUrlSchema.default('https://mempool.space').describe(
      'address of mempool.space, or of your own instance',
    ),
    quotes: z
      .array(z.enum(NAMES))
      .default([...NAMES])
      .describe('which of its figures to use'),
    currencies: z
      .array(CurrencySchema)
      .default([])
      .describe('other currencies, such as EUR; their rates follow from its Bitcoin prices'),
    poll: pollSchema('5m'),
    allowPrivate: AllowPrivateSchema,
  })
  .superRefine(refineUrl)
type Settings = z.output<typeof SettingsSchema>

/** One request a figure, so that one may fail and the others stay. Paths and shapes: the mempool.space REST API. */
function requests({ url, quotes, currencies }: Settings, client: FeedClient) {
  const base = url.replace(/\/+$/, '')
  const wanted = (name: QuoteName) => (quotes as readonly QuoteName[]).includes(name)
  const quote = (name: QuoteName, value: number): FeedQuote[] => [{ name, value }]
  const prices = async (signal: AbortSignal): Promise<FeedQuote[]> => {
    const found = await client.json({ url: `${base}/api/v1/prices` }, PricesSchema, signal)
    return [
      ...(wanted('btcUsd') ? quote('btcUsd', found.USD) : []),
      ...currencies.flatMap((code) => {
        const price = AmountSchema.safeParse(found[code])
        return price.success && price.data > 0 ? quote(currencyQuote(code), price.data / found.USD) : []
      }),
    ]
  }
  const blocks = (from: string, signal: AbortSignal) =>
    client.json({ url: `${base}/api/v1/blocks${from}` }, BlocksSchema, signal)
  // both of one block, so that they belong together
  const network = async (signal: AbortSignal) => {
    const [tip] = await blocks('', signal)
    const last = { height: tip.height, timeS: tip.timestamp, bits: tip.bits }
    const difficulty = retargetsAfter(tip.height)
      ? difficultyOf(nextBits(last, (await blocks(`/${periodStart(tip.height)}`, signal))[0].timestamp))
      : difficultyOf(tip.bits)
    return [
      ...(wanted('difficulty') ? quote('difficulty', difficulty) : []),
      ...(wanted('blockHeight') ? quote('blockHeight', tip.height) : []),
    ]
  }
  const fees = async (signal: AbortSignal) => {
    const path = `/api/v1/mining/reward-stats/${FEE_BLOCKS}`
    const found = await client.json({ url: `${base}${path}` }, RewardSchema, signal)
    // an index that is being built answers 0; a whole day of blocks without a fee does not exist
    if (found.totalFee === 0)
      throw new PerwattError(
        'no-fees',
        `${base}${path} answers fees of 0 for ${FEE_BLOCKS} blocks; the last fees stay`,
      )
    const count = found.endBlock - found.startBlock + 1
    return quote('feesBtcPerBlock', found.totalFee / (count * SATOSHIS_PER_BTC))
  }
  return [
    ...(wanted('btcUsd') || currencies.length > 0 ? [prices] : []),
    ...(wanted('difficulty') || wanted('blockHeight') ? [network] : []),
    ...(wanted('feesBtcPerBlock') ? [fees] : []),
  ]
}

export default defineFeed({
  name: 'mempool',
  summary:
    'Bitcoin’s price, difficulty, height and fees from mempool.space or your own instance; rates of other currencies',
  settings: SettingsSchema,
  quotes: ({ quotes, currencies }) => [...quotes, ...currencies.map(currencyQuote)],
  open(settings, context) {
    const reads = requests(settings, feedClient(context, settings.allowPrivate))
    return polling(context, settings.poll, async (signal) => {
      const answers = await Promise.allSettled(reads.map((read) => read(signal)))
      const found = answers.flatMap((a) => (a.status === 'fulfilled' ? a.value : []))
      const failed = answers.flatMap((a) => (a.status === 'rejected' ? [a.reason] : []))
      if (failed.length === answers.length && failed.length > 0) throw failed[0]
      return { quotes: found, missing: failed.length > 0 ? failed.map(reasonOf).join('; ') : undefined }
    })
  },
})
