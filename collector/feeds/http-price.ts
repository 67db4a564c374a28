import { type JsonValue, query } from 'jsonpath-rfc9535'
import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import { QuoteNameSchema } from '../../protocol/quote.ts'
import { defineFeed } from '../plugin/feed.ts'
import { AllowPrivateSchema, AmountSchema, feedClient, pollSchema, refineUrl } from '../prices/feed-http.ts'
import { type Polled, polling } from '../prices/polling.ts'
import { scaled, timed } from '../prices/price-series.ts'
import { readTime, TimeZoneSchema } from '../prices/time-zone.ts'

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/

const JsonPathSchema = z.string().superRefine((path, ctx) => {
  try {
    query({}, path)
  } catch (error) {
    ctx.addIssue(`expected a JSONPath (RFC 9535) such as $.data[0].price: ${reasonOf(error)}`)
  }
})

const SettingsSchema = z
  .strictObject({
    url: HttpUrlSchema.describe('address, read with GET; redirects are not followed'),
    headers: z
      .record(z.string().regex(HEADER, 'expected the name of a header'), SecretSchema)
      .default({})
      .describe('headers to send, such as Authorization: { file: ... }'),
    quote: QuoteNameSchema.default('energyUsdPerKwh').describe('which price it is'),
    path: JsonPathSchema.describe('JSONPath (RFC 9535) of the price in the JSON, such as $.price'),
    timePath: JsonPathSchema.optional().describe(
      'for a list of prices: JSONPath of the times from which they hold, one for each price; ISO 8601, or Unix s or ms',
    ),
    timeZone: TimeZoneSchema.default('UTC').describe('time zone of times that name none'),
    scale: z.number().default(1).describe('factor for the price: 0.001 makes USD/kWh of USD/MWh'),
    poll: pollSchema('5m'),
    allowPrivate: AllowPrivateSchema,
  })
  .superRefine(refineUrl)
type Settings = z.output<typeof SettingsSchema>

export default defineFeed({
  name: 'http-price',
  summary: 'any price, or list of prices with times, in the JSON of a web address',
  settings: SettingsSchema,
  quotes: ({ quote }) => [quote],
  open(settings, context) {
    const client = feedClient(context, settings.allowPrivate)
    return polling(context, settings.poll, async (signal) => {
      const headers = Object.fromEntries(
        Object.entries(settings.headers).map(([header, value]) => [header, value.reveal()]),
      )
      const answer = await client.json({ url: settings.url, headers }, z.json(), signal)
      return readAnswer(answer, settings, context.nowMs())
    })
  },
})

function readAnswer(
  answer: JsonValue,
  { quote: name, path, timePath, timeZone, scale }: Settings,
  nowMs: number,
): Polled {
  const found = query(answer, path)
  // a list may have the time of a price that there is not
  const values = found.map((value) =>
    value === null && timePath !== undefined ? undefined : scaled(amount(value, path), scale),
  )
  const [value] = values
  if (timePath === undefined) {
    if (value !== undefined && values.length === 1) return { quotes: [{ name, value }] }
    throw new PerwattError(
      'unexpected',
      `${path} finds ${found.length} prices, expected one; correct path, or set timePath`,
    )
  }
  const times = query(answer, timePath).map((time) => timeMs(time, timePath, timeZone))
  if (times.length !== values.length || times.length === 0) {
    const why = `${path} finds ${values.length} prices, ${timePath} ${times.length} times; correct them so that each price has one time`
    throw new PerwattError('unexpected', why)
  }
  const holes = values.filter((each) => each === undefined).length
  const prices = times.map((fromMs, i) => {
    const each = values[i]
    return { fromMs, ...(each === undefined ? {} : { value: each }) }
  })
  return {
    ...timed(name, prices, nowMs),
    missing:
      holes === 0
        ? undefined
        : `${path} finds no price for ${holes} of ${times.length} times, where the price before is stale`,
  }
}

function amount(value: JsonValue, path: string): number {
  const read = AmountSchema.safeParse(value)
  if (read.success) return read.data
  throw new PerwattError(
    'unexpected',
    `${path} finds ${JSON.stringify(value).slice(0, 60)}, expected a price`,
  )
}

function timeMs(value: JsonValue, path: string, timeZone: string): number {
  const ms = typeof value === 'string' || typeof value === 'number' ? readTime(value, timeZone) : undefined
  if (ms !== undefined) return ms
  throw new PerwattError('unexpected', `${path} finds ${JSON.stringify(value).slice(0, 60)}, expected a time`)
}
