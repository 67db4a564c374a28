import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { minuteOf } from '../../../protocol/units.ts'
import type { LedgerQueries } from '../../books/ledger-queries.ts'
import { ExplanationSchema } from '../../views/explanation.ts'
import {
  ErrorSchema,
  fromStore,
  json,
  parameters,
  problem,
  refused,
  storeFailed,
  storeFails,
} from './route.ts'
import { timeSchema } from './time-parameters.ts'

const route = createRoute({
  method: 'get',
  path: '/api/v1/explain',
  summary: 'The arithmetic behind one workload’s minute in the ledger: intervals, prices, formulas',
  request: {
    query: parameters({
      workload: z.string().min(1),
      minute: timeSchema.describe('any time within the minute'),
    }),
  },
  responses: {
    200: json(ExplanationSchema.meta({ id: 'Explanation' }), 'The arithmetic'),
    400: refused,
    404: json(ErrorSchema, 'The ledger has nothing of that workload in that minute'),
    503: storeFails,
  },
})

/** Adds the route that explains a figure of the ledger. */
export function addExplain(api: OpenAPIHono, queries: Pick<LedgerQueries, 'explain'>): void {
  api.openapi(route, async (c) => {
    const { workload, minute } = c.req.valid('query')
    const minuteMs = minuteOf(Date.parse(minute))
    try {
      const found = await fromStore(() => queries.explain(workload, minuteMs))
      if (found) return c.json(found, 200)
    } catch (error) {
      return c.json(storeFailed('explain', error), 503)
    }
    const at = new Date(minuteMs).toISOString()
    const why = `the ledger has nothing of ${workload} in ${at}; /api/v1/ledger lists what it has`
    return c.json(problem('not_found', why), 404)
  })
}
