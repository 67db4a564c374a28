import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { DEVICE_KINDS } from '../../protocol/device.ts'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import {
  AlertViewSchema,
  DeviceViewSchema,
  FrameSchema,
  LedgerFigureSchema,
  SiteViewSchema,
  type Views,
  WorkloadViewSchema,
} from '../view.ts'
import { type Fault, ledgerCsv, ledgerParameters, readLedgerQuery } from './ledger-query.ts'

const LEDGER_DEADLINE_MS = 20_000

const ErrorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z.array(z.object({ parameter: z.string(), problem: z.string() })).optional(),
    }),
  })
  .meta({ id: 'Error' })

/** An error as every route answers it. */
export const problem = (code: string, message: string, details?: Fault[]): z.infer<typeof ErrorSchema> => ({
  error: { code, message, ...(details ? { details } : {}) },
})

const badParameters = (faults: Fault[]) =>
  problem('bad_parameter', faults.map((f) => `${f.parameter}: ${f.problem}`).join('; '), faults)

/** Query parameters of a route; any other is a fault, so that a typing error never widens an answer. */
const parameters = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined
      const known = Object.keys(shape)
      return known.length > 0
        ? `there is no such parameter; there are ${known.join(', ')}`
        : 'there is no such parameter; this takes none'
    },
  })
const none = parameters({})

function faultsOf(error: z.ZodError): Fault[] {
  return error.issues.flatMap((issue) =>
    (issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')]).map((parameter) => ({
      parameter,
      problem: issue.message,
    })),
  )
}

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})
const refused = json(ErrorSchema, 'A parameter is wrong: `details` says which, and why')

const routeOf = <T extends z.ZodType, Q extends z.ZodObject>(
  path: string,
  query: Q,
  schema: T,
  summary: string,
) =>
  createRoute({
    method: 'get',
    path,
    summary,
    request: { query },
    responses: { 200: json(schema, summary), 400: refused },
  })

const Device = DeviceViewSchema.meta({ id: 'Device' })
const Ledger = z.array(LedgerFigureSchema.meta({ id: 'LedgerFigure' }))
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
  ledger: createRoute({
    method: 'get',
    path: '/api/v1/ledger',
    summary:
      'The ledger: exact sums by group and bucket, as JSON, or as CSV with format=csv or Accept: text/csv',
    request: { query: parameters(ledgerParameters) },
    responses: {
      200: {
        description: 'One figure a group and bucket',
        content: { 'application/json': { schema: Ledger }, 'text/csv': { schema: z.string() } },
      },
      400: refused,
      503: json(ErrorSchema, 'The store does not answer'),
    },
  }),
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

/** The versioned API over `views`. `openStream` takes over a response of the stream. */
export function createApi(options: {
  views: Views
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
  api.openapi(routes.ledger, async (c) => {
    const asked = c.req.valid('query')
    const query = readLedgerQuery(asked, now(), (by) => countGroups(views, by))
    if (Array.isArray(query)) return c.json(badParameters(query), 400)
    const csv = asked.format ? asked.format === 'csv' : /\btext\/csv\b/.test(c.req.header('accept') ?? '')
    try {
      const figures = await withDeadline(() => views.ledger(query), LEDGER_DEADLINE_MS)
      if (!csv) return c.json(figures, 200)
      return c.body(ledgerCsv(figures), 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="ledger.csv"',
      })
    } catch (error) {
      const code = error instanceof PerwattError ? error.code : 'store_failed'
      return c.json(
        problem(code, `ledger: ${reasonOf(error)}; ask again, or look at the collector's log`),
        503,
      )
    }
  })
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

/** How many groups the devices of now make. The past may hold a few more or fewer. */
function countGroups(views: Views, by: 'workload' | 'device' | 'container' | 'rack' | 'site'): number {
  if (by === 'site') return 1
  if (by === 'workload') return views.workloads().length
  const devices = views.devices()
  return by === 'device' ? devices.length : new Set(devices.map((d) => d.location?.[by] ?? '')).size
}
