import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { DEVICE_KINDS } from '../../protocol/device.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { Books } from '../books/books.ts'
import type { Figures } from '../books/figures.ts'
import type { QuoteDesk } from '../prices/quote-desk.ts'
import type { StatementSource } from '../statements/statement-service.ts'
import { AlertViewSchema } from '../views/alert.ts'
import { DeviceViewSchema } from '../views/device.ts'
import type { LedgerFigures } from '../views/figures.ts'
import { FrameSchema } from '../views/frame.ts'
import type { PoolView } from '../views/pools.ts'
import { SiteViewSchema } from '../views/site.ts'
import { WorkloadViewSchema } from '../views/workload.ts'
import { addBooks } from './books-api.ts'
import { addEconomics } from './economics-api.ts'
import { addFigures } from './figures-api.ts'
import { addLedger } from './ledger-api.ts'
import { addPools } from './pools-api.ts'
import { addQuotes } from './quotes-api.ts'
import {
  badParameters,
  ErrorSchema,
  faultsOf,
  json,
  none,
  parameters,
  problem,
  refused,
  routeOf,
} from './route.ts'
import { addStatements } from './statements-api.ts'
import type { Views } from './views.ts'

const Device = DeviceViewSchema.meta({ id: 'Device' })
const Health = z
  .object({ status: z.literal('ok'), version: z.string(), uptimeS: z.number().int() })
  .meta({ id: 'Health' })

const routes = {
  health: routeOf('/healthz', none, Health, 'The collector answers'),
  site: routeOf('/api/v1/site', none, SiteViewSchema.meta({ id: 'Site' }), 'The whole site now'),
  workloads: routeOf(
    '/api/v1/workloads',
    none,
    z.array(WorkloadViewSchema.meta({ id: 'Workload' })),
    'What each workload earns now',
  ),
  devices: routeOf(
    '/api/v1/devices',
    parameters({
      kind: z.enum(DEVICE_KINDS, { error: `expected one of ${DEVICE_KINDS.join(', ')}` }).optional(),
      container: z.string().optional(),
      rack: z.string().optional(),
      agentId: z.string().optional(),
    }),
    z.array(Device),
    'Every device now, or those that all filters fit',
  ),
  alerts: routeOf(
    '/api/v1/alerts',
    none,
    z.array(AlertViewSchema.meta({ id: 'Alert' })),
    'Firing alerts, dearest first',
  ),
  stream: createRoute({
    method: 'get',
    path: '/api/v1/stream',
    summary:
      'Server-Sent Events: `hello` once, `frame` (schema Frame) each tick, `trend` (on connecting and for each settled minute), `beat` when quiet',
    request: { query: none },
    responses: {
      200: {
        description: 'frame events',
        content: { 'text/event-stream': { schema: FrameSchema.meta({ id: 'Frame' }) } },
      },
      400: refused,
      503: json(ErrorSchema, 'Too many browsers look already; Retry-After says when to come again'),
    },
  }),
}

/**
 * The versioned API over `views`, and over the `books` where there are any; `mayChange` says whether a token stands before it.
 * `openStream` takes over a response of the stream.
 */
export function createApi(options: {
  views: Views
  ledger?: LedgerFigures
  books?: Books
  figures?: Figures
  statements?: StatementSource
  pools?: () => PoolView[]
  desk?: QuoteDesk
  mayChange: boolean
  log: Log
  version: string
  now: () => number
  openStream: (c: Context) => Response
}) {
  const { views, log, version, now } = options
  const startedMs = now()
  const api = new OpenAPIHono({
    defaultHook: (result, c) =>
      result.success ? undefined : c.json(badParameters(faultsOf(result.error as z.ZodError)), 400),
  })
  api.openapi(routes.health, (c) =>
    c.json({ status: 'ok' as const, version, uptimeS: Math.floor((now() - startedMs) / 1000) }, 200),
  )
  api.openapi(routes.site, (c) => c.json(views.site(), 200))
  api.openapi(routes.workloads, (c) => c.json(views.workloads(), 200))
  api.openapi(routes.alerts, (c) => c.json(views.alerts(), 200))
  api.openapi(routes.devices, (c) => {
    const { kind, container, rack, agentId } = c.req.valid('query')
    const fits = (asked: string | undefined, value: string | undefined) =>
      asked === undefined || asked === value
    const found = views
      .devices()
      .filter(
        (d) =>
          fits(kind, d.kind) &&
          fits(container, d.location?.container) &&
          fits(rack, d.location?.rack) &&
          fits(agentId, d.agentId),
      )
    return c.json(found, 200)
  })
  if (options.ledger) addLedger(api, { ledger: options.ledger, views, log, now })
  addEconomics(api, views)
  if (options.figures) addFigures(api, { figures: options.figures, views })
  if (options.statements) addStatements(api, { statements: options.statements, now })
  if (options.books) addBooks(api, { books: options.books, now, mayChange: options.mayChange })
  if (options.pools) addPools(api, options.pools)
  if (options.desk) addQuotes(api, { desk: options.desk, now, mayChange: options.mayChange })
  // the response is the socket itself, which no schema types
  api.openapi(routes.stream, (c) => options.openStream(c) as never)
  api.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'perwatt collector',
      version,
      description:
        'What every watt of a site earns. Times are Unix ms, numbers in base units, money in USD; absent is unknown.',
    },
  })
  api.onError((error, c) => {
    log.error('screens.request_failed', { path: c.req.path, reason: reasonOf(error) })
    return c.json(problem('internal', 'the collector failed to answer; its log says why'), 500)
  })
  return api
}
