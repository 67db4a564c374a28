import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Log } from '../../../protocol/kit/log.ts'
import { problem } from '../api/route.ts'
import { type Assets, serveAsset } from './assets.ts'
import type { Gate } from './gate.ts'

/** Paths that need no token: they reveal nothing about the site. */
const isOpen = (path: string) =>
  path === '/healthz' || path === '/readyz' || path === '/sign-in' || path.startsWith('/assets/')

/** Paths that take a POST; every other path is read-only. */
const POSTED: ReadonlySet<string> = new Set([
  '/sign-in',
  '/api/v1/agents/reset',
  '/api/v1/devices/adopt',
  '/api/v1/devices/apart',
  '/api/v1/quotes',
  '/api/v1/quotes/accept',
  '/api/v1/doubts',
  '/api/v1/quarantine',
  '/api/v1/quarantine/take-back',
  '/api/v1/reprice',
  '/api/v1/reprice/cancel',
  '/api/v1/statements/issue',
  '/api/v1/whatif',
  '/statements/issue',
])

/** The pages. Before every answer, also of routes added later, it checks the method, and the token if there is a gate. */
export function createPages(options: { assets: Assets; log: Log; gate?: Gate }): Hono {
  const { assets, log, gate } = options
  const app = new Hono()
  app.use(async (c, next) => {
    const method = c.req.raw.method
    if (method === 'GET' || method === 'HEAD' || (method === 'POST' && POSTED.has(c.req.path))) return next()
    const why = `${method} is not allowed for ${c.req.path}; use GET. POST is for ${[...POSTED].join(', ')}`
    return c.json(problem('method_not_allowed', why), 405, { allow: 'GET, HEAD' })
  })
  if (gate) guard(app, gate, log)
  app.get('/', (c) => c.redirect('/wall', 302))
  for (const [path, asset] of Object.entries(assets)) app.get(path, serveAsset(asset))
  return app
}

function guard(app: Hono, gate: Gate, log: Log): void {
  app.use(async (c, next) => {
    const headers = { authorization: c.req.header('authorization'), cookie: c.req.header('cookie') }
    if (isOpen(c.req.path) || gate.admits(headers)) return next()
    if (c.req.header('accept')?.includes('text/html')) return c.redirect('/sign-in', 303)
    const how = 'send it as "Authorization: Bearer ...", or sign in at /sign-in'
    return c.json(problem('unauthorized', `${c.req.path} needs the collector's token; ${how}`), 401, {
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
