import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { DeviceIdSchema } from '../../../protocol/device.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { QUOTE_NAMES, QUOTE_UNITS, type Quote } from '../../../protocol/quote.ts'
import { MINUTE_MS, minuteOf } from '../../../protocol/units.ts'
import { RepricingSchema } from '../../books/audit-views.ts'
import type { LedgerQueries } from '../../books/ledger-queries.ts'
import { quoteFault } from '../../prices/quote-limits.ts'
import { correctedBy } from '../../settling/correction.ts'
import type { RepricingRequest } from '../../settling/repricing-request.ts'
import { actOf, decision, personSchema } from './act.ts'
import {
  badParameters,
  ErrorSchema,
  type Fault,
  fromStore,
  json,
  needsToken,
  problem,
  storeFailed,
  storeFails,
} from './route.ts'
import { DAY_MS, timeSchema } from './time-parameters.ts'

const LONGEST_DAYS = 400

const RequestSchema = z.strictObject({
  from: timeSchema.describe('begin, rounded down to its minute'),
  to: timeSchema.describe('end, rounded up to a minute; not in the future'),
  by: personSchema('requests it'),
  reason: decision.reason,
  quotes: z
    .array(
      z.strictObject({
        name: z.enum(QUOTE_NAMES as [(typeof QUOTE_NAMES)[number], ...typeof QUOTE_NAMES]),
        value: z.number(),
        from: timeSchema
          .optional()
          .describe(
            'holds from here until the next quote of its name; from the begin of the repricing where absent',
          ),
      }),
    )
    .max(10_000)
    .default([])
    .describe('corrected prices and network figures'),
  presentRules: z
    .boolean()
    .default(false)
    .describe('true: by the workloads of today’s configuration instead of those of that time'),
  presentWiring: z
    .boolean()
    .default(false)
    .describe(
      'true: with each device behind the meter (meteredBy), host and computer that its agent tells today, where it was told wrong then',
    ),
  devices: z
    .array(DeviceIdSchema)
    .max(10_000)
    .default([])
    .describe('with presentWiring, only these devices; all where empty'),
})

const route = actOf(
  '/api/v1/reprice',
  RequestSchema,
  { 202: json(RepricingSchema.meta({ id: 'Repricing' }), 'Begun'), 503: storeFails },
  'Prices a past time again, for a corrected tariff or contract. Needs http.token. It continues after the answer: /api/v1/audit shows its progress',
)

const cancelRoute = actOf(
  '/api/v1/reprice/cancel',
  z.strictObject({
    id: z.string().min(1).max(200).describe('of the repricing'),
    by: personSchema('ends it'),
  }),
  {
    200: json(RepricingSchema, 'Ended'),
    404: json(ErrorSchema, 'There is no such repricing'),
    409: json(ErrorSchema, 'It is done, or is a decision about held records'),
    503: storeFails,
  },
  'Ends a repricing: what it has done stays, every later minute keeps its figures. Needs http.token',
)

/** Adds the routes that price the past again. `mayChange` is true if the API is behind a token. */
export function addRepricing(
  api: OpenAPIHono,
  {
    queries,
    now,
    mayChange,
  }: {
    queries: Pick<LedgerQueries, 'reprice' | 'cancelRepricing'>
    now: () => number
    mayChange: boolean
  },
): void {
  api.openapi(route, async (c) => {
    if (!mayChange) return c.json(needsToken('repricing changes money'), 403)
    const request = readRequest(c.req.valid('json'), now())
    if (Array.isArray(request)) return c.json(badParameters(request), 400)
    try {
      return c.json(await fromStore(() => queries.reprice(request)), 202)
    } catch (error) {
      return c.json(storeFailed('reprice', error), 503)
    }
  })
  api.openapi(cancelRoute, async (c) => {
    if (!mayChange) return c.json(needsToken('ending a repricing changes money'), 403)
    const { id, by } = c.req.valid('json')
    try {
      const cancelled = await fromStore(() => queries.cancelRepricing(id, by))
      if (cancelled) return c.json(cancelled, 200)
      return c.json(problem('not_found', `there is no repricing ${id}; /api/v1/audit lists them`), 404)
    } catch (error) {
      if (error instanceof PerwattError && error.code === 'not-cancelled')
        return c.json(problem('not_cancelled', error.message), 409)
      return c.json(storeFailed('reprice/cancel', error), 503)
    }
  })
}

/** The request for the repricer, or the faults that no single field shows. */
function readRequest(body: z.output<typeof RequestSchema>, nowMs: number): RepricingRequest | Fault[] {
  const fromMs = minuteOf(Date.parse(body.from))
  const toMs = Math.ceil(Date.parse(body.to) / MINUTE_MS) * MINUTE_MS
  const faults: Fault[] = []
  if (fromMs >= toMs) faults.push({ parameter: 'from', problem: 'expected a time before `to`' })
  if (toMs > nowMs)
    faults.push({
      parameter: 'to',
      problem: 'expected a time in the past; for future prices change the configuration',
    })
  if (toMs - fromMs > LONGEST_DAYS * DAY_MS)
    faults.push({ parameter: 'to', problem: `expected at most ${LONGEST_DAYS} days after \`from\`` })
  if (body.quotes.length === 0 && !body.presentRules && !body.presentWiring)
    faults.push({
      parameter: 'quotes',
      problem: 'expected corrected quotes, or presentRules: true, or presentWiring: true',
    })
  if (body.devices.length > 0 && !body.presentWiring)
    faults.push({ parameter: 'devices', problem: 'expected presentWiring: true beside it' })
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
      source: correctedBy(by),
      fromMs: from === undefined ? fromMs : Date.parse(from),
    }),
  )
  return {
    fromMs,
    toMs,
    by,
    reason,
    quotes,
    presentRules,
    ...(body.presentWiring && { presentWiring: body.devices }),
  }
}
