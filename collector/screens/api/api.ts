import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { reasonOf } from '../../../protocol/kit/errors.ts'
import type { Log } from '../../../protocol/kit/log.ts'
import type { Figures } from '../../books/figures.ts'
import type { HeldQueries } from '../../books/held-queries.ts'
import type { LedgerQueries } from '../../books/ledger-queries.ts'
import type { ClaimQueries } from '../../ownership/claim-queries.ts'
import type { QuoteSelector } from '../../prices/quote-selector.ts'
import type { StatementSource } from '../../statements/statement-source.ts'
import type { LedgerFigures } from '../../views/figures.ts'
import { FrameSchema } from '../../views/frame.ts'
import type { PoolView } from '../../views/pools.ts'
import { addAgentNumbers } from './agent-numbers.ts'
import { addAudit } from './audit.ts'
import { jsonBodies, notOnStandby, refusalOf } from './bodies.ts'
import { addClaims } from './claims.ts'
import { addDoubts } from './doubts.ts'
import { addEconomics } from './economics.ts'
import { addExplain } from './explain.ts'
import { addFigures } from './figures.ts'
import { addLedger } from './ledger.ts'
import { addLive } from './live.ts'
import { addLostRecords } from './lost-records.ts'
import { addPools } from './pools.ts'
import { addQuotes } from './quotes.ts'
import { addRepricing } from './repricing.ts'
import { badParameters, ErrorSchema, faultsOf, json, none, problem, refused, routeOf } from './route.ts'
import { addStanding } from './standing.ts'
import { addStatementPages } from './statement-pages.ts'
import { addStatements } from './statements.ts'
import { addTakeIn } from './take-in.ts'
import { addUnpriced } from './unpriced.ts'
import type { Views } from './views.ts'

const Health = z
  .object({ status: z.literal('ok'), version: z.string(), uptimeS: z.number().int() })
  .meta({ id: 'Health' })

const metricsText = { schema: z.string() }

const routes = {
  metrics: createRoute({
    method: 'get',
    path: '/metrics',
    summary:
      'The site, its workloads and the collector’s own health for Prometheus: OpenMetrics 1.0, or Prometheus’ text by Accept',
    request: { query: none },
    responses: {
      200: {
        description: 'The page',
        content: { 'application/openmetrics-text': metricsText, 'text/plain': metricsText },
      },
      400: refused,
      503: json(ErrorSchema, 'Too many readers wait for the page; try again after Retry-After seconds'),
    },
  }),
  health: routeOf('/healthz', none, Health, 'The collector answers'),
  stream: createRoute({
    method: 'get',
    path: '/api/v1/stream',
    summary:
      'Server-Sent Events: `hello` once, `frame` (schema Frame) once a second, `trend` on connecting and after each settled minute, `beat` every 10 s',
    request: { query: none },
    responses: {
      200: {
        description: 'The events',
        content: { 'text/event-stream': { schema: FrameSchema.meta({ id: 'Frame' }) } },
      },
      400: refused,
      503: json(ErrorSchema, 'Too many browsers have the stream open; try again after Retry-After seconds'),
    },
  }),
}

/**
 * The versioned API. Each optional source (`ledger`, `queries`, `selector`...) adds its routes if it is given. `mayChange` is true if the API
 * is behind a token: without a token nothing can be changed. `openStream` answers a request for the live stream.
 */
export function createApi(options: {
  views: Views
  ledger?: LedgerFigures
  queries?: LedgerQueries
  claims?: Pick<ClaimQueries, 'claims' | 'decide' | 'adoptions'>
  held?: HeldQueries
  figures?: Figures
  statements?: StatementSource
  pools?: () => PoolView[]
  selector?: QuoteSelector
  mayChange: boolean
  /** the collector that serves the site while this one stands by, for a person */
  standsByFor: () => string | undefined
  log: Log
  version: string
  now: () => number
  openStream: (c: Context) => Response
  /** answers the page for Prometheus; absent: there is none */
  openMetrics?: (c: Context) => Response
}) {
  const { views, log, version, now } = options
  // a step of the wall clock is no time that it ran
  const startedMs = performance.now()
  const api = new OpenAPIHono({
    defaultHook: (result, c) =>
      result.success ? undefined : c.json(badParameters(faultsOf(result.error as z.ZodError)), 400),
  })
  api.use('/api/*', jsonBodies)
  api.use('/api/*', notOnStandby(options.standsByFor))
  api.openapi(routes.health, (c) =>
    c.json(
      { status: 'ok' as const, version, uptimeS: Math.floor((performance.now() - startedMs) / 1000) },
      200,
    ),
  )
  addLive(api, views)
  addStanding(api, views)
  if (options.ledger) addLedger(api, { ledger: options.ledger, views, log, now })
  addEconomics(api, views)
  if (options.figures) addFigures(api, { figures: options.figures, views })
  if (options.statements) {
    const common = { statements: options.statements, now, mayChange: options.mayChange }
    addStatements(api, common)
    addStatementPages(api, common)
  }
  if (options.queries) {
    addExplain(api, options.queries)
    addRepricing(api, { queries: options.queries, now, mayChange: options.mayChange })
    addAudit(api, options.queries)
    addLostRecords(api, options.queries)
    addAgentNumbers(api, { queries: options.queries, mayChange: options.mayChange })
    addUnpriced(api, options.queries)
  }
  if (options.claims) addClaims(api, { claims: options.claims, now, mayChange: options.mayChange })
  if (options.held) {
    addDoubts(api, { held: options.held, mayChange: options.mayChange })
    addTakeIn(api, { held: options.held, mayChange: options.mayChange })
  }
  if (options.pools) addPools(api, options.pools)
  if (options.selector) addQuotes(api, { selector: options.selector, now, mayChange: options.mayChange })
  // the stream writes to the socket itself, which the route’s type cannot express
  api.openapi(routes.stream, (c) => options.openStream(c) as never)
  const { openMetrics } = options
  if (openMetrics) api.openapi(routes.metrics, (c) => openMetrics(c) as never)
  api.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'perwatt collector',
      version,
      description:
        'What every watt of a site earns. Times are Unix ms, numbers are in base units, money is in USD. An unknown figure is absent.',
    },
  })
  api.onError((error, c) => {
    const refusal = refusalOf(error)
    if (refusal) return c.json(refusal.body, refusal.status)
    log.error('screens.request_failed', { path: c.req.path, reason: reasonOf(error) })
    return c.json(
      problem('internal', 'the collector failed to answer; look for screens.request_failed in its log'),
      500,
    )
  })
  return api
}
