import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Log } from '../../protocol/kit/log.ts'
import type { Gate } from './auth.ts'
import { problem } from './route.ts'
import type { Assets } from './web-build.ts'

/** What needs no token: it tells nothing about the site. */
const isOpen = (path: string) => path === '/healthz' || path === '/sign-in' || path.startsWith('/assets/')

/** What takes a POST; everything else only reads. */
const WRITTEN: ReadonlySet<string> = new Set([
  '/sign-in',
  '/api/v1/quotes',
  '/api/v1/reprice',
  '/api/v1/whatif',
])

/** The pages, with what stands before every answer: reading only, and the gate where there is one. */
export function createPages(options: { assets: Assets; log: Log; gate?: Gate }): Hono {
  const { assets, log, gate } = options
  const app = new Hono()
  app.use(async (c, next) => {
    const method = c.req.raw.method
    if (method === 'GET' || method === 'HEAD' || (method === 'POST' && WRITTEN.has(c.req.path))) return next()
    const why = `${method} is not for ${c.req.path}; the screens and the API only read`
    return c.json(problem('method_not_allowed', why), 405, { allow: 'GET, HEAD' })
  })
  if (gate) guard(app, gate, log)
  app.get('/', (c) => c.redirect('/wall', 302))
  for (const [path, asset] of Object.entries(assets)) app.get(path, serve(asset))
  return app
}

function guard(app: Hono, gate: Gate, log: Log): void {
  app.use(async (c, next) => {
    const headers = { authorization: c.req.header('authorization'), cookie: c.req.header('cookie') }
    if (isOpen(c.req.path) || gate.admits(headers)) return next()
    if (c.req.header('accept')?.includes('text/html')) return c.redirect('/sign-in', 303)
    const how = 'send the token as "Authorization: Bearer ...", or sign in at /sign-in'
    return c.json(problem('unauthorized', `${c.req.path} asks for a token; ${how}`), 401, {
      'www-authenticate': 'Bearer realm="perwatt"',
    })
  })
  app.post('/sign-in', bodyLimit({ maxSize: 4096 }), async (c) => {
    const { token } = await c.req.parseBody()
    const cookie = typeof token === 'string' ? gate.exchange(token.trim()) : undefined
    if (cookie) {
      c.header('set-cookie', cookie)
      return c.redirect('/wall', 303)
    }
    log.warn('screens.sign_in_refused')
    return c.redirect('/sign-in#wrong', 303)
  })
}

/** Answers one asset, compressed once; a browser that has it asks again and gets 304, so an upgrade reaches every wall. */
function serve({ type, body }: { type: string; body: string }) {
  const plain = Buffer.from(body)
  const gzip = gzipSync(plain, { level: 9 })
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 20)}"`
  const headers = { 'content-type': type, 'cache-control': 'no-cache', vary: 'accept-encoding', etag }
  return (c: Context) => {
    if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
    return /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
      ? c.body(gzip, 200, { ...headers, 'content-encoding': 'gzip' })
      : c.body(plain, 200, headers)
  }
}
