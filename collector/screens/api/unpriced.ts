import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { UnpricedSchema } from '../../books/audit-views.ts'
import type { LedgerQueries } from '../../books/ledger-queries.ts'
import { fromStore, json, limitSchema, parameters, refused, storeFailed, storeFails } from './route.ts'

const route = createRoute({
  method: 'get',
  path: '/api/v1/unpriced',
  summary:
    'Settled minutes for which a price was not known: what is unpriced, and the command that prices it. They are priced by themselves when a price of that time comes',
  request: { query: parameters({ limit: limitSchema(100, 1000, 'newest first') }) },
  responses: {
    200: json(z.array(UnpricedSchema.meta({ id: 'Unpriced' })), 'Times without a price, newest first'),
    400: refused,
    503: storeFails,
  },
})

/** Adds the route of what is unpriced. */
export function addUnpriced(api: OpenAPIHono, queries: Pick<LedgerQueries, 'unpriced'>): void {
  api.openapi(route, async (c) => {
    const { limit } = c.req.valid('query')
    try {
      return c.json(await fromStore(() => queries.unpriced(limit)), 200)
    } catch (error) {
      return c.json(storeFailed('unpriced', error), 503)
    }
  })
}
