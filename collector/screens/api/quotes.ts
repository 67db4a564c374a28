import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { durationMs } from '../../../protocol/kit/fields.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { QuoteNameSchema, QuoteSchema } from '../../../protocol/quote.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import type { QuoteSelector } from '../../prices/quote-selector.ts'
import { HeldBackSchema, QuotesSchema } from '../../views/quotes.ts'
import { actOf } from './act.ts'
import {
  badParameters,
  ErrorSchema,
  type Fault,
  json,
  needsToken,
  none,
  parameters,
  problem,
  routeOf,
} from './route.ts'
import { DAY_MS, timeSchema } from './time-parameters.ts'

/** Most quotes in one answer: five-minute prices of two months. */
const MAX_QUOTES = 20_000
/** A push that comes while the collector starts waits so long until the known prices are read. */
const START_MS = 15_000
/** The disk and the store have so long to take a push. */
const KEPT_MS = 15_000
const MOST_AHEAD_MS = 40 * DAY_MS

const PushSchema = z.strictObject({
  name: QuoteNameSchema,
  value: z.number(),
  by: z.string().trim().min(1).max(100).describe('who sets the price; the quote’s source names it'),
  from: timeSchema
    .optional()
    .describe(
      'holds from here; now where absent. A past time must be one at which no price was known: /api/v1/unpriced lists them, and their minutes are priced then. Correct a price that was known with /api/v1/reprice',
    ),
  holdsFor: durationMs('1s', '3660d')
    .optional()
    .describe(
      'how long it overrides the feeds, such as 2h; without a feed it is stale after that. Until the next push where absent',
    ),
  sure: z
    .boolean()
    .default(false)
    .describe('true: it is right, though it leaps. Else one that leaps is held back until it is confirmed'),
})

const AcceptSchema = z.strictObject({
  name: QuoteNameSchema,
  by: z.string().trim().min(1).max(100).describe('who says that it is right; the quote’s source names it'),
})

const Quote = QuoteSchema.meta({ id: 'Quote' })

const NOT_KEPT =
  'it counts until the collector stops and is lost then: neither the data folder nor the store takes it; mend the disk, then say it again'
const notKept = json(ErrorSchema, 'It counts, and can’t be kept over a restart')

const routes = {
  now: routeOf(
    '/api/v1/quotes',
    none,
    QuotesSchema.meta({ id: 'Quotes' }),
    'Prices and network figures now, and their feeds',
  ),
  history: routeOf(
    '/api/v1/quotes/history',
    parameters({
      name: QuoteNameSchema,
      from: timeSchema.optional().describe('begin; a day before `to` where absent'),
      to: timeSchema
        .optional()
        .describe('end; two days ahead where absent, to include prices that are known ahead'),
    }),
    z.array(Quote),
    'The quotes of one name that hold within a time, oldest first, including those known ahead',
  ),
  push: actOf(
    '/api/v1/quotes',
    PushSchema,
    {
      201: json(Quote, 'Taken'),
      202: json(HeldBackSchema.meta({ id: 'HeldBack' }), 'It leaps: held back, the last one is used'),
      503: notKept,
    },
    'Sets a price or a network figure. Needs http.token. It overrides every feed while it holds',
  ),
  accept: actOf(
    '/api/v1/quotes/accept',
    AcceptSchema,
    {
      200: json(z.object({ accepted: z.array(z.string()).describe('the sources that told it') }), 'Taken'),
      404: json(ErrorSchema, 'No price of this name waits for anybody'),
      503: notKept,
    },
    'Takes a price that is held back because it leaps: a person says that it is right. Needs http.token',
  ),
}

/** Whether what was just pushed or accepted outlives a kill; false where neither the disk nor the store answers. */
const isKept = (selector: QuoteSelector): Promise<boolean> =>
  withDeadline(() => selector.isKept(), KEPT_MS).catch(() => false)

/** Adds the routes of the quotes. `mayChange` is true if the API is behind a token. */
export function addQuotes(
  api: OpenAPIHono,
  { selector, now, mayChange }: { selector: QuoteSelector; now: () => number; mayChange: boolean },
): void {
  api.openapi(routes.now, (c) => c.json(selector.view(), 200))
  api.openapi(routes.history, (c) => {
    const { name, from, to } = c.req.valid('query')
    const toMs = to === undefined ? now() + 2 * DAY_MS : Date.parse(to)
    const fromMs = from === undefined ? (to === undefined ? now() : toMs) - DAY_MS : Date.parse(from)
    if (fromMs >= toMs)
      return c.json(badParameters([{ parameter: 'from', problem: 'expected a time before `to`' }]), 400)
    const quotes = selector.history(name, fromMs, toMs)
    if (quotes.length <= MAX_QUOTES) return c.json(quotes, 200)
    const fault = `${quotes.length} are more than the ${MAX_QUOTES} quotes of one answer; use a shorter time`
    return c.json(badParameters([{ parameter: 'from', problem: fault }]), 400)
  })
  api.openapi(routes.push, async (c) => {
    if (!mayChange) return c.json(needsToken('a price changes money'), 403)
    await selector.started.wait(START_MS)
    const { name, value, by, from, holdsFor, sure } = c.req.valid('json')
    const fromMs = from === undefined ? now() : Date.parse(from)
    const feeds = selector.feedsOf(name)
    const faults: Fault[] = []
    const past = fromMs < now() - MINUTE_MS
    if (past && !selector.isUnknownAt(name, fromMs)) {
      const wants = `is in the past, and a price of ${name} was known then; correct it with reprice`
      faults.push({ parameter: 'from', problem: wants })
    }
    if (fromMs > now() + MOST_AHEAD_MS)
      faults.push({ parameter: 'from', problem: 'expected a time within 40 days' })
    if (!past && holdsFor === undefined && feeds.length > 0) {
      const wants = `expected a duration such as 2h: without one, the push would override ${feeds.join(', ')} until the next push`
      faults.push({ parameter: 'holdsFor', problem: wants })
    }
    if (faults.length > 0) return c.json(badParameters(faults), 400)
    const taken = selector.push({
      name,
      value,
      by,
      ...(from === undefined ? {} : { fromMs }),
      sure,
      ...(holdsFor === undefined ? {} : { staleAfterMs: fromMs + holdsFor - 1 }),
    })
    if ('refused' in taken)
      return c.json(badParameters([{ parameter: 'value', problem: taken.refused }]), 400)
    if (!(await isKept(selector))) return c.json(problem('not_kept', NOT_KEPT), 503)
    return 'heldBack' in taken ? c.json(taken.heldBack, 202) : c.json(taken, 201)
  })
  api.openapi(routes.accept, async (c) => {
    if (!mayChange) return c.json(needsToken('a price changes money'), 403)
    await selector.started.wait(START_MS)
    const { name, by } = c.req.valid('json')
    const accepted = selector.accept(name, by)
    if (accepted.length > 0)
      return (await isKept(selector)) ? c.json({ accepted }, 200) : c.json(problem('not_kept', NOT_KEPT), 503)
    const why = `no price of ${name} waits for anybody; GET /api/v1/quotes lists what is held back, and why`
    return c.json(problem('none', why), 404)
  })
}
