import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { AdviceBlockSchema, AdviceMessageSchema, UseSchema } from '../../protocol/advice.ts'
import { losers, modelBreakEvens } from '../economics/choices/break-even.ts'
import { LoserSchema, ModelSchema } from '../economics/choices/machines-answer.ts'
import { type Scenario, ScenarioSchema } from '../economics/choices/scenario.ts'
import { pricesNow, scenarioFault, whatIf } from '../economics/choices/whatif.ts'
import { WhatIfSchema } from '../economics/choices/whatif-answer.ts'
import { adviceOf } from '../live/advice.ts'
import { badParameters, ErrorSchema, json, none, parameters, problem, refused, routeOf } from './route.ts'
import type { Views } from './views.ts'

const SCENARIO_BYTES = 64 * 1024
const MOST_LOSERS = 10_000

/** A number of a query: `Number('')` is 0, and nobody means that. */
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

const WhatIfAnswer = json(WhatIfSchema.meta({ id: 'WhatIf' }), 'Before and after, by workload and in all')
const routes = {
  ask: createRoute({
    method: 'get',
    path: '/api/v1/whatif',
    summary:
      'What if: the site under other prices, beside the site as it is. A conversion, and prices by workload, take a POST',
    request: { query: parameters(scenarioParameters) },
    responses: { 200: WhatIfAnswer, 400: refused },
  }),
  post: createRoute({
    method: 'post',
    path: '/api/v1/whatif',
    summary: 'What if, with a whole scenario. It changes nothing',
    request: {
      body: {
        required: true,
        content: { 'application/json': { schema: ScenarioSchema.meta({ id: 'Scenario' }) } },
      },
    },
    responses: { 200: WhatIfAnswer, 400: refused, 413: json(ErrorSchema, 'A scenario is shorter') },
  }),
  betterUse: routeOf(
    '/api/v1/better-use',
    none,
    AdviceMessageSchema.extend({
      blocks: z.array(AdviceBlockSchema.extend({ uses: z.array(UseSchema) }).meta({ id: 'AdvisedBlock' })),
    }).meta({ id: 'Advice' }),
    'Where each block of machines would earn more, and at which energy price it should pause, first to pause first. Advice only',
  ),
  models: routeOf(
    '/api/v1/models',
    none,
    z.array(ModelSchema.meta({ id: 'Model' })),
    'Break-even energy price and hashprice of each machine model, the first to give up first',
  ),
  losers: routeOf(
    '/api/v1/losers',
    parameters({
      limit: z.coerce
        .number({ error: 'expected a whole number' })
        .int()
        .min(1)
        .max(MOST_LOSERS)
        .default(100)
        .describe(`100 where absent, at most ${MOST_LOSERS}`),
    }),
    z.array(LoserSchema.meta({ id: 'Loser' })),
    'Machines that cost more than they earn now, the dearest first',
  ),
}

/** Adds the routes of what could be: advice and scenarios, which only read. */
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
      onError: (c) => c.json(problem('too_large', `a scenario has at most ${SCENARIO_BYTES} bytes`), 413),
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
