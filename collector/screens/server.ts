import { createServer as createHttpServer, type Server } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { Log } from '../../protocol/kit/log.ts'
import type { MetricsAnswer } from '../../protocol/kit/metrics/answer.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import type { Figures } from '../books/figures.ts'
import type { HeldQueries } from '../books/held-queries.ts'
import type { LedgerQueries } from '../books/ledger-queries.ts'
import type { ClaimQueries } from '../ownership/claim-queries.ts'
import type { QuoteSelector } from '../prices/quote-selector.ts'
import type { StatementSource } from '../statements/statement-source.ts'
import type { LedgerFigures } from '../views/figures.ts'
import type { PoolView } from '../views/pools.ts'
import { createApi } from './api/api.ts'
import { problem } from './api/route.ts'
import type { Views } from './api/views.ts'
import type { Assets } from './pages/assets.ts'
import { createGate } from './pages/gate.ts'
import { createPages } from './pages/pages.ts'
import { Stream } from './stream.ts'

/** Pages load scripts, styles and data from this server only: a device’s name can’t smuggle in a script. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export interface ScreensServer {
  /**
   * Resolves with the address and port it listens on. Rejects with the system's error, with code EADDRINUSE for a port that is
   * taken; the same server may then try another port.
   */
  listen(host: string, port: number): Promise<{ address: string; port: number }>
  /** whether a browser follows the live stream */
  readonly isWatched: boolean
  /** sends a frame to every browser now */
  tick(): void
  /** sends the trend to every browser, after a minute was settled */
  trend(): void
  /** browsers that have the live stream open, and how many may */
  readonly streams: { open: number; most: number }
  /** ends every connection */
  close(): Promise<void>
}

/**
 * The HTTP server of the pages, the live stream and the API. `assets` are the built pages by path (see buildWeb).
 * With a `token`, every path except /healthz, /readyz, /sign-in and /assets needs it: as a bearer, or exchanged at /sign-in for a cookie.
 */
export function createServer(options: {
  views: Views
  /** defaults to `figures` */
  ledger?: LedgerFigures
  queries?: LedgerQueries
  claims?: Pick<ClaimQueries, 'claims' | 'decide' | 'adoptions'>
  held?: HeldQueries
  figures?: Figures
  statements?: StatementSource
  pools?: () => PoolView[]
  selector?: QuoteSelector
  assets: Assets
  log: Log
  version: string
  token?: Secret
  now?: () => number
  maxStreams?: number
  /** the collector that serves the site while this one stands by, for a person */
  standsByFor?: () => string | undefined
  /** answers /metrics; absent: there is no such page */
  metrics?: MetricsAnswer
}): ScreensServer {
  const { views, assets, log, version, token, now = Date.now, maxStreams } = options
  const stream = new Stream({
    views,
    version,
    log,
    now,
    ...(maxStreams === undefined ? {} : { maxClients: maxStreams }),
  })
  const pages = createPages({ assets, log, ...(token ? { gate: createGate(token) } : {}) })
  const ledger = options.ledger ?? options.figures
  const api = createApi({
    views,
    ...(ledger ? { ledger } : {}),
    ...(options.statements ? { statements: options.statements } : {}),
    ...(options.queries ? { queries: options.queries } : {}),
    ...(options.claims ? { claims: options.claims } : {}),
    ...(options.held ? { held: options.held } : {}),
    ...(options.figures ? { figures: options.figures } : {}),
    ...(options.pools ? { pools: options.pools } : {}),
    ...(options.selector ? { selector: options.selector } : {}),
    mayChange: token !== undefined,
    standsByFor: options.standsByFor ?? (() => undefined),
    log,
    version,
    now,
    openStream: (c) => openStream(stream, c),
    ...(options.metrics ? { openMetrics: metricsOf(options.metrics) } : {}),
  })
  const app = pages.route('/', api)
  app.notFound((c) =>
    c.json(problem('not_found', `there is nothing at ${c.req.path}; /openapi.json lists the API`), 404),
  )
  const listener = getRequestListener(app.fetch)
  const server = createHttpServer((request, response) => {
    // set on Node's response, because the stream bypasses Hono's
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    void listener(request, response)
  })
  return {
    listen: (host, port) => listen(server, host, port),
    get isWatched() {
      return stream.isOpen
    },
    tick: () => stream.tick(),
    trend: () => stream.trend(),
    get streams() {
      return stream.clients
    },
    close: () => {
      stream.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    },
  }
}

function openStream(stream: Stream, c: Context): Response {
  if (stream.full) {
    const why = 'too many browsers have the live stream open; close some, or try again in 10 s'
    return c.json(problem('too_many_streams', why), 503, { 'retry-after': '10' })
  }
  const { incoming, outgoing } = c.env as HttpBindings
  if (incoming.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' })
  stream.open(incoming, outgoing)
  return RESPONSE_ALREADY_SENT
}

const metricsOf =
  (metrics: MetricsAnswer) =>
  (c: Context): Response => {
    if (metrics.isFull) {
      const why = 'too many readers wait for this page; scrape it from fewer places, or try again in 10 s'
      return c.json(problem('too_many_scrapes', why), 503, { 'retry-after': '10' })
    }
    const { incoming, outgoing } = c.env as HttpBindings
    void metrics.answer(incoming, outgoing)
    return RESPONSE_ALREADY_SENT
  }

function listen(server: Server, host: string, port: number): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    const refused = (error: Error) => {
      server.off('listening', ready)
      reject(error)
    }
    const ready = () => {
      server.off('error', refused)
      const at = server.address()
      if (at && typeof at === 'object') resolve({ address: at.address, port: at.port })
      else reject(new Error(`screens: listening on ${host}:${port}, but the system reports no address`))
    }
    server.once('error', refused)
    server.once('listening', ready)
    server.listen(port, host)
  })
}
