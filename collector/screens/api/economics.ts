import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { AdviceBlockSchema, AdviceMessageSchema, UseSchema } from '../../../protocol/advice.ts'
import { losers, modelBreakEvens } from '../../economics/choices/break-even.ts'
import { LoserSchema, ModelSchema } from '../../economics/choices/machines-answer.ts'
import { type Scenario, ScenarioSchema } from '../../economics/choices/scenario.ts'
import { pricesNow, scenarioFault, whatIf } from '../../economics/choices/whatif.ts'
import { WhatIfSchema } from '../../economics/choices/whatif-answer.ts'
import { adviceOf } from '../../live/advice.ts'
import {
  badParameters,
  ErrorSchema,
  json,
  limitSchema,
  none,
  parameters,
  problem,
  refused,
  routeOf,
} from './route.ts'
import type { Views } from './views.ts'

const SCENARIO_BYTES = 64 * 1024

/** A number in a query. It refuses empty text, for which `Number('')` would be 0. */
const number = (schema: z.ZodOptional<z.ZodNumber>) =>
  z
    .string()
    .regex(/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i, 'expected a number')
    .transform(Number)
    .pipe(schema.unwrap())
    .optional()

const { conversion: _, halving: __, usdPerGpuHour: ___, ...numbers } = ScenarioSchema.shape
const scenarioParameters = {
  ...Object.fromEntries(Object.entries(numbers).map(([name, schema]) => [name, number(schema)])),
  usdPerGpuHour: number(z.number().nonnegative().max(1e9).optional()),
  halving: z
    .enum(['true', 'false'], { error: 'expected true or false' })
    .transform((text) => text === 'true')
    .optional(),
}

const WhatIfAnswer = json(
  WhatIfSchema.meta({ id: 'WhatIf' }),
  'Before and after, by workload and for the site',
)
const routes = {
  ask: createRoute({
    method: 'get',
    path: '/api/v1/whatif',
    summary:
      'What if: the site under other prices, beside the site as it is. For a conversion, or prices by workload, use POST',
    request: { query: parameters(scenarioParameters) },
    responses: { 200: WhatIfAnswer, 400: refused },
  }),
  post: createRoute({
    method: 'post',
    path: '/api/v1/whatif',
    summary: 'What if, for a whole scenario. It changes nothing',
    request: {
      body: {
        required: true,
        content: { 'application/json': { schema: ScenarioSchema.meta({ id: 'Scenario' }) } },
      },
    },
    responses: { 200: WhatIfAnswer, 400: refused, 413: json(ErrorSchema, 'The scenario is too long') },
  }),
  betterUse: routeOf(
    '/api/v1/better-use',
    none,
    AdviceMessageSchema.extend({
      blocks: z.array(AdviceBlockSchema.extend({ uses: z.array(UseSchema) }).meta({ id: 'AdvisedBlock' })),
    }).meta({ id: 'Advice' }),
    'For each block of machines, which use would earn more, and the energy price above which it should pause; lowest such price first. Advice only: nothing is switched',
  ),
  models: routeOf(
    '/api/v1/models',
    none,
    z.array(ModelSchema.meta({ id: 'Model' })),
    'Break-even energy price and hashprice of each machine model; the model that stops paying first comes first',
  ),
  losers: routeOf(
    '/api/v1/losers',
    parameters({
      limit: limitSchema(100, 10_000, 'largest loss first'),
    }),
    z.array(LoserSchema.meta({ id: 'Loser' })),
    'Machines that cost more than they earn now, largest loss first',
  ),
}

/** Adds the routes of advice and scenarios. They are read-only. */
export function addEconomics(api: OpenAPIHono, views: Pick<Views, 'choiceInputs' | 'machines'>): void {
  const answer = (scenario: Scenario) => {
    const { baseline } = views.choiceInputs()
    const fault = scenarioFault(baseline, scenario)
    return fault ? { fault } : { found: whatIf(baseline, scenario) }
  }
  api.openapi(routes.ask, (c) => {
    const { found, fault } = answer(c.req.valid('query') as Scenario)
    return fault ? c.json(badParameters([fault]), 400) : c.json(found, 200)
  })
  api.use(
    '/api/v1/whatif',
    bodyLimit({
      maxSize: SCENARIO_BYTES,
      onError: (c) => c.json(problem('too_large', `send a scenario of at most ${SCENARIO_BYTES} bytes`), 413),
    }),
  )
  api.openapi(routes.post, (c) => {
    const { found, fault } = answer(c.req.valid('json'))
    return fault ? c.json(badParameters([fault]), 400) : c.json(found, 200)
  })
  api.openapi(routes.betterUse, (c) => c.json(adviceOf(views.choiceInputs()), 200))
  api.openapi(routes.models, (c) => {
    const { baseline, price } = views.choiceInputs()
    const { hashpriceUsdPerPhDay } = pricesNow(baseline.prices)
    const { energyUsdPerKwh, transmissionUsdPerKwh = 0 } = price
    const paid = energyUsdPerKwh === undefined ? undefined : energyUsdPerKwh + transmissionUsdPerKwh
    return c.json(modelBreakEvens(views.machines(), { hashpriceUsdPerPhDay, energyUsdPerKwh: paid }), 200)
  })
  api.openapi(routes.losers, (c) => c.json(losers(views.machines(), c.req.valid('query').limit), 200))
}
