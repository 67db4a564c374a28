import { createServer as createHttpServer, type Server } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { Log } from '../../protocol/kit/log.ts'
import type { Secret } from '../../protocol/kit/secret.ts'
import type { Books } from '../books/books.ts'
import type { Figures } from '../books/figures.ts'
import type { QuoteDesk } from '../prices/quote-desk.ts'
import type { StatementSource } from '../statements/statement-service.ts'
import type { LedgerFigures } from '../views/figures.ts'
import type { PoolView } from '../views/pools.ts'
import { createApi } from './api.ts'
import { createGate } from './auth.ts'
import { createPages } from './pages.ts'
import { problem } from './route.ts'
import { Stream } from './stream.ts'
import type { Views } from './views.ts'
import type { Assets } from './web-build.ts'

/** Everything comes from here: no outside script, font, picture or call, whatever a device calls itself. */
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
   * Resolves with where it listens. Rejects with the system's error (its `code` is EADDRINUSE where the port is taken);
   * the same server may then try another port.
   */
  listen(host: string, port: number): Promise<{ address: string; port: number }>
  /** pushes a frame to every browser now */
  tick(): void
  /** pushes the trend, after a minute was settled */
  trend(): void
  /** ends every connection at once */
  close(): Promise<void>
}

/**
 * The screens, their stream and the API over `views`. `assets` are the built pages by path (see buildWeb).
 * With a `token`, all but /healthz asks for it: as a bearer, or exchanged at /sign-in for a cookie.
 */
export function createServer(options: {
  views: Views
  /** absent: that of `figures` */
  ledger?: LedgerFigures
  books?: Books
  figures?: Figures
  statements?: StatementSource
  pools?: () => PoolView[]
  desk?: QuoteDesk
  assets: Assets
  log: Log
  version: string
  token?: Secret
  now?: () => number
  maxStreams?: number
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
    ...(options.books ? { books: options.books } : {}),
    ...(options.figures ? { figures: options.figures } : {}),
    ...(options.pools ? { pools: options.pools } : {}),
    ...(options.desk ? { desk: options.desk } : {}),
    mayChange: token !== undefined,
    log,
    version,
    now,
    openStream: (c) => openStream(stream, c),
  })
  const app = pages.route('/', api)
  app.notFound((c) =>
    c.json(problem('not_found', `there is nothing at ${c.req.path}; /openapi.json lists the API`), 404),
  )
  const listener = getRequestListener(app.fetch)
  const server = createHttpServer((request, response) => {
    // on the raw response, so that the stream has them too
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    void listener(request, response)
  })
  return {
    listen: (host, port) => listen(server, host, port),
    tick: () => stream.tick(),
    trend: () => stream.trend(),
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
    const why = 'too many browsers look at the live stream; close some, or try again in 10 s'
    return c.json(problem('too_many_streams', why), 503, { 'retry-after': '10' })
  }
  const { incoming, outgoing } = c.env as HttpBindings
  if (incoming.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' })
  stream.open(incoming, outgoing)
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
      else reject(new Error(`screens: the system says no address for ${host}:${port}`))
    }
    server.once('error', refused)
    server.once('listening', ready)
    server.listen(port, host)
  })
}
