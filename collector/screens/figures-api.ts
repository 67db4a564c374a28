import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { minuteOf } from '../../protocol/units.ts'
import type { Figures } from '../books/figures.ts'
import {
  BalanceSchema,
  FIGURE_GROUPS,
  type LiveGroup,
  type Periods,
  PeriodsSchema,
  UnmatchedOwnerSchema,
} from '../views/figures.ts'
import { timeSchema } from './ledger-query.ts'
import { ErrorSchema, json, none, parameters, refused, routeOf, storeFailed } from './route.ts'
import type { Views } from './views.ts'

const DEADLINE_MS = 20_000
const failed = json(ErrorSchema, 'The store does not answer')

const routes = {
  periods: createRoute({
    method: 'get',
    path: '/api/v1/periods',
    summary:
      'Revenue, cost and net per kWh, per watt-year and in sat: now, the newest minute, its hour and day, and the month to date',
    request: {
      query: parameters({
        groupBy: z
          .enum(FIGURE_GROUPS, { error: `expected one of ${FIGURE_GROUPS.join(', ')}` })
          .default('workload'),
      }),
    },
    responses: {
      200: json(z.array(PeriodsSchema.meta({ id: 'Periods' })), 'One entry a group'),
      400: refused,
      503: failed,
    },
  }),
  unmatched: routeOf(
    '/api/v1/unmatched',
    none,
    z.array(UnmatchedOwnerSchema.meta({ id: 'Unmatched' })),
    'Owners that hold machines now and that no rule knows, with their watts and what they may be, the most watts first',
  ),
  balance: createRoute({
    method: 'get',
    path: '/api/v1/balance',
    summary: 'One minute’s meters: what each read, what was behind it, and where the difference stands',
    request: { query: parameters({ minute: timeSchema.describe('any time in the minute') }) },
    responses: {
      200: json(BalanceSchema.meta({ id: 'Balance' }), 'The tree of meters'),
      400: refused,
      503: failed,
    },
  }),
}

/** The groups of the ledger, and those that are there only now, with what they do now. */
function withLive(periods: readonly Periods[], live: ReadonlyMap<string, LiveGroup>): Periods[] {
  const known = new Map(periods.map((p) => [p.group, p]))
  // what takes and earns nothing, and never did, is nothing to show
  const present = [...live].filter(([, now]) => now.powerW !== 0 || now.revenueUsdPerH !== 0)
  return [...new Set([...known.keys(), ...present.map(([group]) => group)])].map((group) => {
    const now = live.get(group)
    return { group, ...(now ? { live: now } : {}), ...known.get(group) }
  })
}

export function addFigures(api: OpenAPIHono, { figures, views }: { figures: Figures; views: Views }): void {
  const ask = <T>(work: () => Promise<T>) => withDeadline(work, DEADLINE_MS)
  api.openapi(routes.periods, async (c) => {
    const { groupBy } = c.req.valid('query')
    try {
      return c.json(withLive(await ask(() => figures.periods(groupBy)), views.liveGroups(groupBy)), 200)
    } catch (error) {
      return c.json(storeFailed('periods', error), 503)
    }
  })
  api.openapi(routes.unmatched, (c) => c.json(views.unmatched(), 200))
  api.openapi(routes.balance, async (c) => {
    const minuteMs = minuteOf(Date.parse(c.req.valid('query').minute))
    try {
      return c.json(await ask(() => figures.balance(minuteMs)), 200)
    } catch (error) {
      return c.json(storeFailed('balance', error), 503)
    }
  })
}
