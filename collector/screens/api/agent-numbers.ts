import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { LossSchema } from '../../books/audit-views.ts'
import type { LedgerQueries } from '../../books/ledger-queries.ts'
import { actOf, decision } from './act.ts'
import { ErrorSchema, fromStore, json, needsToken, problem, storeFailed, storeFails } from './route.ts'

const RequestSchema = z.strictObject({
  agent: z.string().min(1).max(64).describe('the agent'),
  ...decision,
})

const route = actOf(
  '/api/v1/agents/reset',
  RequestSchema,
  {
    201: json(LossSchema.meta({ id: 'Loss' }), 'Done; what is kept of it'),
    404: json(ErrorSchema, 'No agent of this name has sent records'),
    503: storeFails,
  },
  'Forgets under which numbers an agent’s records are stored: it can go on after a forged or damaged number, and nothing is lost or counted twice. Needs http.token. /api/v1/losses keeps who did it, and why',
)

/** Adds the route that puts an agent's numbers back. `mayChange` is true if the API is behind a token. */
export function addAgentNumbers(
  api: OpenAPIHono,
  { queries, mayChange }: { queries: Pick<LedgerQueries, 'resetNumbers'>; mayChange: boolean },
): void {
  api.openapi(route, async (c) => {
    if (!mayChange) return c.json(needsToken('an agent’s numbers decide which records are new'), 403)
    const { agent, ...who } = c.req.valid('json')
    try {
      const done = await fromStore(() => queries.resetNumbers(agent, who))
      return done
        ? c.json(done, 201)
        : c.json(problem('not_found', `no agent ${agent} has sent records; see /api/v1/agents`), 404)
    } catch (error) {
      return c.json(storeFailed('agents', error), 503)
    }
  })
}
