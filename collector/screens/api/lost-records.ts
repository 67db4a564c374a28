import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { LossSchema, QuarantineSchema } from '../../books/audit-views.ts'
import type { LedgerQueries } from '../../books/ledger-queries.ts'
import { fromStore, json, limitSchema, none, parameters, refused, storeFailed, storeFails } from './route.ts'

const routes = {
  losses: createRoute({
    method: 'get',
    path: '/api/v1/losses',
    summary:
      'Records that are in no sum: those that agents lost before the collector stored them, newest first, and those that are held',
    request: { query: none },
    responses: {
      200: json(z.array(LossSchema.meta({ id: 'Loss' })), 'Records that are missing from the ledger'),
      400: refused,
      503: storeFails,
    },
  }),
  quarantine: createRoute({
    method: 'get',
    path: '/api/v1/quarantine',
    summary: 'Messages and records that the collector could not use: counts, and the newest of them',
    request: { query: parameters({ limit: limitSchema(50, 1000, 'newest first') }) },
    responses: {
      200: json(QuarantineSchema.meta({ id: 'Quarantine' }), 'Counts, and the newest messages and records'),
      400: refused,
      503: storeFails,
    },
  }),
}

/** Adds the routes of records that never reached the ledger. */
export function addLostRecords(
  api: OpenAPIHono,
  queries: Pick<LedgerQueries, 'losses' | 'quarantined'>,
): void {
  api.openapi(routes.losses, async (c) => {
    try {
      return c.json(await fromStore(() => queries.losses()), 200)
    } catch (error) {
      return c.json(storeFailed('losses', error), 503)
    }
  })
  api.openapi(routes.quarantine, async (c) => {
    const { limit } = c.req.valid('query')
    try {
      return c.json(await fromStore(() => queries.quarantined(limit)), 200)
    } catch (error) {
      return c.json(storeFailed('quarantine', error), 503)
    }
  })
}
