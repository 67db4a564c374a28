import { afterEach, expect, test } from 'vitest'
import { createServer, type ScreensServer } from '../../../collector/screens/server.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { Secret } from '../../../protocol/kit/secret.ts'
import { createScene } from './scene.ts'

const servers: ScreensServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((s) => s.close()))
})

function create(token?: string): ScreensServer {
  const server = createServer({
    views: createScene(),
    assets: {
      '/wall': { type: 'text/html; charset=utf-8', body: '<!doctype html><title>wall</title>' },
      '/sign-in': { type: 'text/html; charset=utf-8', body: '<!doctype html><title>sign in</title>' },
      '/assets/wall.js': { type: 'text/javascript; charset=utf-8', body: `"${'x'.repeat(5_000)}"` },
    },
    log: SILENT,
    version: '1.2.3',
    ...(token ? { token: new Secret(token) } : {}),
  })
  servers.push(server)
  return server
}

async function start(token?: string) {
  const { address, port } = await create(token).listen('127.0.0.1', 0)
  const get = (path: string, init?: RequestInit) =>
    fetch(`http://${address}:${port}${path}`, { redirect: 'manual', ...init })
  return { get, port }
}

test('every kind of answer carries the security headers', async () => {
  const { get } = await start()
  const leave = new AbortController()
  for (const path of ['/wall', '/assets/wall.js', '/api/v1/site', '/nothing', '/api/v1/stream']) {
    const { headers } = await get(path, { signal: leave.signal })
    expect([path, headers.get('content-security-policy')]).toEqual([
      path,
      expect.stringContaining("default-src 'none'"),
    ])
    expect([path, headers.get('x-content-type-options')]).toEqual([path, 'nosniff'])
    expect([path, headers.get('referrer-policy')]).toEqual([path, 'no-referrer'])
  }
  leave.abort()
})

test('/ leads to the wall', async () => {
  const { get } = await start()
  const response = await get('/')
  expect([response.status, response.headers.get('location')]).toEqual([302, '/wall'])
})

test('HEAD answers as GET without a body, the stream included', async () => {
  const { get } = await start()
  for (const path of ['/wall', '/api/v1/site', '/api/v1/stream']) {
    const response = await get(path, { method: 'HEAD' })
    expect([path, response.status, await response.text()]).toEqual([path, 200, ''])
  }
})

test('assets are compressed, and not sent again to a browser that has them', async () => {
  const { get } = await start()
  const first = await get('/assets/wall.js')
  expect(first.headers.get('content-encoding')).toBe('gzip')
  expect(await first.text()).toHaveLength(5_002)
  const etag = first.headers.get('etag') ?? ''
  expect((await get('/assets/wall.js', { headers: { 'if-none-match': etag } })).status).toBe(304)
})

test('a port that is taken rejects with EADDRINUSE, and the same server can take another', async () => {
  const { port } = await start()
  const second = create()
  await expect(second.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  const at = await second.listen('127.0.0.1', 0)
  expect((await fetch(`http://${at.address}:${at.port}/healthz`)).status).toBe(200)
})

test('with a token, only health, sign-in and assets answer without it', async () => {
  const { get } = await start('correct-horse-battery')
  for (const path of ['/api/v1/site', '/api/v1/stream', '/openapi.json', '/nothing'])
    expect([path, (await get(path)).status]).toEqual([path, 401])
  for (const path of ['/healthz', '/sign-in', '/assets/wall.js'])
    expect([path, (await get(path)).status]).toEqual([path, 200])
})

test('a right bearer token admits; a wrong one is refused even with a right cookie', async () => {
  const { get } = await start('correct-horse-battery')
  const as = (authorization: string, cookie = '') =>
    get('/api/v1/site', { headers: { authorization, cookie } })
  expect((await as('Bearer correct-horse-battery')).status).toBe(200)
  expect((await as('Bearer correct-horse')).status).toBe(401)
})

test('a browser is redirected to sign in, and exchanges the token for a cookie that scripts cannot read', async () => {
  const { get } = await start('correct-horse-battery')
  const asked = await get('/wall', { headers: { accept: 'text/html' } })
  expect([asked.status, asked.headers.get('location')]).toEqual([303, '/sign-in'])
  const sign = (token: string) => get('/sign-in', { method: 'POST', body: new URLSearchParams({ token }) })
  const wrong = await sign('guess')
  expect([wrong.headers.get('location'), wrong.headers.get('set-cookie')]).toEqual(['/sign-in#wrong', null])
  const right = await sign('correct-horse-battery')
  const cookie = right.headers.get('set-cookie') ?? ''
  expect(right.headers.get('location')).toBe('/wall')
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
  expect(cookie).not.toContain('correct-horse-battery')
  expect((await get('/api/v1/site', { headers: { cookie: cookie.split(';')[0] ?? '' } })).status).toBe(200)
  expect((await get('/api/v1/site', { headers: { cookie: 'perwatt=guess' } })).status).toBe(401)
})
