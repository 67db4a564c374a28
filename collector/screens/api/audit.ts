import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { AuditSchema } from '../../books/audit-views.ts'
import type { LedgerQueries } from '../../books/ledger-queries.ts'
import {
  badParameters,
  fromStore,
  json,
  limitSchema,
  parameters,
  refused,
  storeFailed,
  storeFails,
} from './route.ts'
import { stepMsOf, stepSchema } from './time-parameters.ts'

const route = createRoute({
  method: 'get',
  path: '/api/v1/audit',
  summary:
    'Repricings and issued statements, newest first: who asked for each, when and why, and the old and new figures',
  request: {
    query: parameters({
      id: z.string().optional().describe('one repricing, or the number of a statement; all where absent'),
      step: stepSchema
        .optional()
        .describe('width of a bucket; one bucket for the whole time where absent. Needs an id'),
      limit: limitSchema(20, 200, 'newest first'),
    }),
  },
  responses: {
    200: json(z.array(AuditSchema.meta({ id: 'Audit' })), 'Repricings and issued statements'),
    400: refused,
    503: storeFails,
  },
})

/** Adds the route of the audit trail. */
export function addAudit(api: OpenAPIHono, queries: Pick<LedgerQueries, 'audit'>): void {
  api.openapi(route, async (c) => {
    const { id, step, limit } = c.req.valid('query')
    if (step !== undefined && id === undefined)
      return c.json(badParameters([{ parameter: 'step', problem: 'expected an id with it' }]), 400)
    const query = {
      limit,
      ...(id === undefined ? {} : { id }),
      ...(step === undefined ? {} : { stepMs: stepMsOf(step) }),
    }
    try {
      return c.json(await fromStore(() => queries.audit(query)), 200)
    } catch (error) {
      return c.json(storeFailed('audit', error), 503)
    }
  })
}
