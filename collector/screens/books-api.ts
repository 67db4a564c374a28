import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { QUOTE_NAMES, QUOTE_UNITS, type Quote } from '../../protocol/quote.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import { AuditSchema, LossSchema, QuarantineSchema, RepricingSchema } from '../books/audit-views.ts'
import type { LedgerQueries } from '../books/ledger-queries.ts'
import { quoteFault } from '../prices/quote-limits.ts'
import type { RepricingRequest } from '../settling/repricer.ts'
import { ExplanationSchema } from '../views/explanation.ts'
import { type Fault, stepMsOf, stepSchema, timeSchema } from './ledger-query.ts'
import {
  badParameters,
  ErrorSchema,
  json,
  none,
  parameters,
  problem,
  refused,
  routeOf,
  storeFailed,
} from './route.ts'

const DEADLINE_MS = 20_000
const LONGEST_DAYS = 400
const failed = json(ErrorSchema, 'The store does not answer')
const count = (fallback: number, most: number) =>
  z.coerce
    .number({ error: 'expected a whole number' })
    .int()
    .min(1)
    .max(most)
    .default(fallback)
    .describe(`newest first; ${fallback} where absent, at most ${most}`)

/** What a repricing is asked with. */
const RepriceSchema = z.strictObject({
  from: timeSchema.describe('begin, cut to its minute'),
  to: timeSchema.describe('end, rounded up to a minute; not in the future'),
  by: z.string().trim().min(1).max(200).describe('who asks'),
  reason: z.string().trim().min(1).max(1000).describe('why, for the audit trail'),
  quotes: z
    .array(
      z.strictObject({
        name: z.enum(QUOTE_NAMES as [(typeof QUOTE_NAMES)[number], ...typeof QUOTE_NAMES]),
        value: z.number(),
        from: timeSchema
          .optional()
          .describe('holds from here to the next of its name; from the begin where absent'),
      }),
    )
    .max(10_000)
    .default([])
    .describe('corrected prices and network figures'),
  presentRules: z
    .boolean()
    .default(false)
    .describe('true: by the workloads of the present configuration instead of those of the time'),
})

const routes = {
  explain: createRoute({
    method: 'get',
    path: '/api/v1/explain',
    summary: 'The sum behind one figure of the ledger: intervals, prices, formulas',
    request: {
      query: parameters({
        workload: z.string().min(1),
        minute: timeSchema.describe('any time in the minute'),
      }),
    },
    responses: {
      200: json(ExplanationSchema.meta({ id: 'Explanation' }), 'The sum'),
      400: refused,
      404: json(ErrorSchema, 'There is nothing of that workload in that minute'),
      503: failed,
    },
  }),
  reprice: createRoute({
    method: 'post',
    path: '/api/v1/reprice',
    summary:
      'Prices a time anew, for a corrected tariff or contract. Asks for http.token. It goes on after the answer: /api/v1/audit says how far it is',
    request: { body: { required: true, content: { 'application/json': { schema: RepriceSchema } } } },
    responses: {
      202: json(RepricingSchema.meta({ id: 'Repricing' }), 'Begun'),
      400: refused,
      403: json(ErrorSchema, 'The collector has no token'),
      503: failed,
    },
  }),
  audit: createRoute({
    method: 'get',
    path: '/api/v1/audit',
    summary: 'Repricings, newest first: who, when, why, and the old and new figures',
    request: {
      query: parameters({
        id: z.string().optional().describe('one repricing'),
        step: stepSchema.optional().describe('width of a bucket; its whole time where absent. Needs an id'),
        limit: count(20, 200),
      }),
    },
    responses: {
      200: json(z.array(AuditSchema.meta({ id: 'Audit' })), 'Repricings'),
      400: refused,
      503: failed,
    },
  }),
  losses: routeOf(
    '/api/v1/losses',
    none,
    z.array(LossSchema.meta({ id: 'Loss' })),
    'Records that agents lost before the collector could take them, newest first',
  ),
  quarantine: createRoute({
    method: 'get',
    path: '/api/v1/quarantine',
    summary: 'Messages and records that could not be used: counts, and the newest',
    request: { query: parameters({ limit: count(50, 1000) }) },
    responses: {
      200: json(QuarantineSchema.meta({ id: 'Quarantine' }), 'What was put aside'),
      400: refused,
      503: failed,
    },
  }),
}

/** Adds the routes of the books. `mayChange` is true where a token stands before the API. */
export function addBooks(
  api: OpenAPIHono,
  { queries, now, mayChange }: { queries: LedgerQueries; now: () => number; mayChange: boolean },
): void {
  const ask = <T>(work: () => Promise<T>) => withDeadline(work, DEADLINE_MS)
  api.openapi(routes.explain, async (c) => {
    const { workload, minute } = c.req.valid('query')
    const minuteMs = minuteOf(Date.parse(minute))
    try {
      const found = await ask(() => queries.explain(workload, minuteMs))
      if (found) return c.json(found, 200)
    } catch (error) {
      return c.json(storeFailed('explain', error), 503)
    }
    const at = new Date(minuteMs).toISOString()
    const why = `the ledger has nothing of ${workload} in ${at}; /api/v1/ledger lists what it has`
    return c.json(problem('not_found', why), 404)
  })
  api.openapi(routes.reprice, async (c) => {
    if (!mayChange)
      return c.json(problem('forbidden', 'repricing changes money: set http.token first, and send it'), 403)
    const request = readRequest(c.req.valid('json'), now())
    if (Array.isArray(request)) return c.json(badParameters(request), 400)
    try {
      return c.json(await ask(() => queries.reprice(request)), 202)
    } catch (error) {
      return c.json(storeFailed('reprice', error), 503)
    }
  })
  api.openapi(routes.audit, async (c) => {
    const { id, step, limit } = c.req.valid('query')
    if (step !== undefined && id === undefined)
      return c.json(badParameters([{ parameter: 'step', problem: 'expected an id with it' }]), 400)
    const query = {
      limit,
      ...(id === undefined ? {} : { id }),
      ...(step === undefined ? {} : { stepMs: stepMsOf(step) }),
    }
    try {
      return c.json(await ask(() => queries.audit(query)), 200)
    } catch (error) {
      return c.json(storeFailed('audit', error), 503)
    }
  })
  api.openapi(routes.losses, (c) => c.json(queries.losses(), 200))
  api.openapi(routes.quarantine, async (c) => {
    const { limit } = c.req.valid('query')
    try {
      return c.json(await ask(() => queries.quarantined(limit)), 200)
    } catch (error) {
      return c.json(storeFailed('quarantine', error), 503)
    }
  })
}

/** The request as the repricer takes it, or what is wrong with its parts together. */
function readRequest(body: z.output<typeof RepriceSchema>, nowMs: number): RepricingRequest | Fault[] {
  const fromMs = minuteOf(Date.parse(body.from))
  const toMs = Math.ceil(Date.parse(body.to) / MINUTE_MS) * MINUTE_MS
  const faults: Fault[] = []
  if (fromMs >= toMs) faults.push({ parameter: 'from', problem: 'expected a time before `to`' })
  if (toMs > nowMs)
    faults.push({
      parameter: 'to',
      problem: 'expected a time in the past: what is to come follows the configuration',
    })
  if (toMs - fromMs > LONGEST_DAYS * 1440 * MINUTE_MS)
    faults.push({ parameter: 'to', problem: `expected at most ${LONGEST_DAYS} days after \`from\`` })
  if (body.quotes.length === 0 && !body.presentRules)
    faults.push({ parameter: 'quotes', problem: 'expected corrected quotes, or presentRules: true' })
  for (const [i, { name, value }] of body.quotes.entries()) {
    const fault = quoteFault(name, value)
    if (fault) faults.push({ parameter: `quotes.${i}.value`, problem: `${name}: ${fault}` })
  }
  if (faults.length > 0) return faults
  const { by, reason, presentRules } = body
  const quotes = body.quotes.map(
    ({ name, value, from }): Quote => ({
      name,
      value,
      unit: QUOTE_UNITS[name],
      source: `corrected by ${by}`,
      fromMs: from === undefined ? fromMs : Date.parse(from),
    }),
  )
  return { fromMs, toMs, by, reason, quotes, presentRules }
}
