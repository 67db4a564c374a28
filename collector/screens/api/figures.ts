import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { minuteOf } from '../../../protocol/units.ts'
import type { Figures } from '../../books/figures.ts'
import {
  BalanceSchema,
  FIGURE_GROUPS,
  type LiveGroup,
  type Periods,
  PeriodsSchema,
  UnmatchedOwnerSchema,
} from '../../views/figures.ts'
import { fromStore, json, none, parameters, refused, routeOf, storeFailed, storeFails } from './route.ts'
import { timeSchema } from './time-parameters.ts'
import type { Views } from './views.ts'

const routes = {
  periods: createRoute({
    method: 'get',
    path: '/api/v1/periods',
    summary:
      'Revenue, cost and net per kWh, per watt-year and in sat, for: now, the newest settled minute, the hour and the day up to it, and the month to date',
    request: {
      query: parameters({
        groupBy: z
          .enum(FIGURE_GROUPS, { error: `expected one of ${FIGURE_GROUPS.join(', ')}` })
          .default('workload'),
      }),
    },
    responses: {
      200: json(z.array(PeriodsSchema.meta({ id: 'Periods' })), 'One entry for each group'),
      400: refused,
      503: storeFails,
    },
  }),
  unmatched: routeOf(
    '/api/v1/unmatched',
    none,
    z.array(UnmatchedOwnerSchema.meta({ id: 'UnmatchedOwner' })),
    'Owners that hold machines now and match no workload, with their power and suggested workloads, most power first',
  ),
  balance: createRoute({
    method: 'get',
    path: '/api/v1/balance',
    summary:
      'One minute’s meters: what each measured, what the machines behind it used, and which workload carries the difference',
    request: { query: parameters({ minute: timeSchema.describe('any time within the minute') }) },
    responses: {
      200: json(BalanceSchema.meta({ id: 'Balance' }), 'The tree of meters'),
      400: refused,
      503: storeFails,
    },
  }),
}

/** The ledger’s groups with their live figures, and the groups that have only live figures yet. */
function withLive(periods: readonly Periods[], live: ReadonlyMap<string, LiveGroup>): Periods[] {
  const settled = new Map(periods.map((p) => [p.group, p]))
  // a group without power and revenue, now and in the ledger, is left out
  const present = [...live].filter(([, now]) => now.powerW !== 0 || now.revenueUsdPerH !== 0)
  return [...new Set([...settled.keys(), ...present.map(([group]) => group)])].map((group) => {
    const now = live.get(group)
    return { group, ...(now ? { live: now } : {}), ...settled.get(group) }
  })
}

/** Adds the routes of figures by period, of owners without a workload, and of the meters’ balance. */
export function addFigures(api: OpenAPIHono, { figures, views }: { figures: Figures; views: Views }): void {
  api.openapi(routes.periods, async (c) => {
    const { groupBy } = c.req.valid('query')
    try {
      return c.json(withLive(await fromStore(() => figures.periods(groupBy)), views.liveGroups(groupBy)), 200)
    } catch (error) {
      return c.json(storeFailed('periods', error), 503)
    }
  })
  api.openapi(routes.unmatched, (c) => c.json(views.unmatched(), 200))
  api.openapi(routes.balance, async (c) => {
    const minuteMs = minuteOf(Date.parse(c.req.valid('query').minute))
    try {
      return c.json(await fromStore(() => figures.balance(minuteMs)), 200)
    } catch (error) {
      return c.json(storeFailed('balance', error), 503)
    }
  })
}
