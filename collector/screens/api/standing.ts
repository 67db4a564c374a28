import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { PARTS, StandingViewSchema } from '../../views/standing.ts'
import { json, none, refused, routeOf } from './route.ts'
import type { Views } from './views.ts'

/** It needs no token, so it names no agent, no address and no device. */
const Ready = z
  .object({
    status: z.enum(['ready', 'standing-still']),
    reasons: z.array(z.object({ part: z.enum(PARTS), what: z.string(), since: z.string() })),
  })
  .meta({ id: 'Ready' })

const routes = {
  ready: createRoute({
    method: 'get',
    path: '/readyz',
    summary: 'Whether everything moves: records are stored, minutes settled, agents heard, prices renewed',
    request: { query: none },
    responses: {
      200: json(Ready, 'Everything moves'),
      400: refused,
      503: json(Ready, 'Something stands still: `reasons` says what and since when'),
    },
  }),
  standing: routeOf(
    '/api/v1/standing',
    none,
    StandingViewSchema.meta({ id: 'Standing' }),
    'What stands still, since when, why and what to do; and each part of the pipeline',
  ),
}

/** Adds the routes that say whether the collector moves. */
export function addStanding(api: OpenAPIHono, views: Pick<Views, 'standing'>): void {
  api.openapi(routes.standing, (c) => c.json(views.standing(), 200))
  api.openapi(routes.ready, (c) => {
    const reasons = views.standing().standstills.map(({ part, what, sinceMs }) => ({
      part,
      what,
      since: new Date(sinceMs).toISOString(),
    }))
    return reasons.length === 0
      ? c.json({ status: 'ready' as const, reasons }, 200)
      : c.json({ status: 'standing-still' as const, reasons }, 503)
  })
}
