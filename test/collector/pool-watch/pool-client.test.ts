import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createAsk, type PoolClientOptions } from '../../../collector/pool-watch/pool-client.ts'
import { addressGuard } from '../../../protocol/kit/http/address-guard.ts'
import { ThrottledError } from '../../../protocol/kit/http/refusals.ts'
import { type Answer, PoolServer, status } from '../pools/pool-server.ts'

const servers: PoolServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function client(answer: Answer, more: Partial<PoolClientOptions> = {}) {
  const server = await new PoolServer({ '/account': answer }).start()
  servers.push(server)
  const ask = createAsk({
    pool: { requests: ['GET /account'], spacingMs: 0, keyHelp: 'make one at Settings > Keys' },
    url: server.url,
    guard: addressGuard(['127.0.0.0/8']),
    nowMs: () => Date.UTC(2026, 4, 20),
    pause: async () => true,
    ...more,
  })
  return { ask, server }
}
const Shape = z.object({ paid: z.number() })
const asked = async (
  answer: Answer,
  more: Partial<PoolClientOptions> = {},
  signal = AbortSignal.timeout(120_000),
) => {
  const { ask } = await client(answer, more)
  return ask({ path: '/account', headers: { 'x-key': 'k' } }, Shape, signal)
}
const fault = (answer: Answer, more: Partial<PoolClientOptions> = {}) =>
  asked(answer, more).then(
    () => 'nothing is wrong',
    (error: Error) => error.message,
  )

describe('a pool that does not answer as documented is told in one line with what to do next', () => {
  test.each([
    [
      'a key that is wrong',
      status(401),
      /^GET \/account answers 401, no permission; make one at Settings > Keys$/,
    ],
    [
      'a permission that is missing, in the pool’s words',
      status(403, '{"message":"scope FINANCIALS needed"}'),
      /^GET \/account answers 403 \(\{"message":"scope FINANCIALS needed"\}\), no permission; make one/,
    ],
    [
      'a page for browsers with 403',
      status(403, '<!doctype html><title>Just a moment...</title>'),
      /^GET \/account answers 403, no permission; make one/,
    ],
    [
      'a page in place of JSON',
      status(200, '<html>maintenance</html>'),
      /answers something that is not JSON: a web page; check the address, and any proxy/,
    ],
    ['nothing at all', status(200), /answers something that is not JSON: nothing/],
    ['JSON that is cut', status(200, '{"paid": 1'), /answers something that is not JSON: \{"paid": 1;/],
    [
      'a missing field',
      { received: 3 },
      /^GET \/account answers another shape: paid: is missing; .*, or whether its API has changed$/,
    ],
    ['a field of another type', { paid: 'much' }, /paid: expected a number, got much/],
    [
      'a redirect',
      status(301, '', { location: 'http://192.0.2.1/' }),
      /a redirect to http:\/\/192\.0\.2\.1\/, which is not followed; configure/,
    ],
    ['a path that is gone', status(404), /answers 404; check the path/],
    [
      'trouble of its own',
      status(502, 'bad gateway'),
      /answers 502 \(bad gateway\), a fault of the server; it is asked again/,
    ],
  ])('%s', async (_, answer, words) => {
    expect(await fault(answer)).toMatch(words)
  })

  test('a connection that is cut in mid-answer', async () => {
    const cut: Answer = (response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"paid":')
      setImmediate(() => response.destroy())
    }
    expect(await fault(cut)).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+ cuts the connection before its answer is complete/,
    )
  })

  test('an address that is not public, and is not allowed, is not connected to', async () => {
    const { ask, server } = await client({ paid: 1 }, { guard: addressGuard([]) })
    await expect(ask({ path: '/account' }, Shape, AbortSignal.timeout(120_000))).rejects.toThrow(
      /127\.0\.0\.1 is not a public address; add its range to allowPrivate/,
    )
    expect(server.asked).toEqual([])
  })

  test('a key that the pool repeats is not passed on', async () => {
    const key = 'c0ffee'.repeat(8)
    expect(await fault(status(401, `unknown key ${key}`))).toMatch(/\(unknown key \[\.\.\.\]\)/)
  })
})

test.each([
  ['seconds', '120', 120_000],
  ['a date', 'Wed, 20 May 2026 00:10:00 GMT', 600_000],
])('429 with Retry-After in %s says how long to leave the pool alone', async (_, value, retryAfterMs) => {
  const error = await asked(status(429, '', { 'retry-after': value })).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(ThrottledError)
  expect(error).toMatchObject({ retryAfterMs, message: expect.stringMatching(/429, too many requests/) })
})

test('an answer without an end is not read to the end', async () => {
  const flood: Answer = (response) => {
    response.writeHead(200)
    const more = (): void => {
      if (!response.destroyed) response.write(Buffer.alloc(1 << 20, 'x'), more)
    }
    more()
  }
  expect(await fault(flood)).toMatch(/answers more than \d+ bytes/)
})

test('an answer that never comes ends with the signal', async () => {
  const { ask, server } = await client(() => {})
  const stop = new AbortController()
  const waiting = ask({ path: '/account' }, Shape, stop.signal)
  while (server.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
  stop.abort(new Error('that is enough'))
  await expect(waiting).rejects.toThrow('that is enough')
})

test('requests keep the distance that the pool asks for, from the end of one to the begin of the next', async () => {
  let nowMs = 1_000_000
  const pauses: number[] = []
  const { ask } = await client(
    (response) => {
      nowMs += 700
      response.end('{"paid":1}')
    },
    {
      pool: { requests: ['GET /account'], spacingMs: 5_000, keyHelp: '' },
      nowMs: () => nowMs,
      pause: async (ms) => {
        pauses.push(ms)
        nowMs += ms
        return true
      },
    },
  )
  const signal = AbortSignal.timeout(120_000)
  await ask({ path: '/account' }, Shape, signal)
  await ask({ path: '/account' }, Shape, signal)
  nowMs += 4_000
  await ask({ path: '/account' }, Shape, signal)
  nowMs += 9_000
  await ask({ path: '/account' }, Shape, signal)
  expect(pauses).toEqual([5_000, 1_000])
})

test('each answer tells what time it is at the pool, also one that refuses', async () => {
  const dates: [string, boolean][] = []
  const onDate = (host: string, dateMs: number) => dates.push([host, Number.isInteger(dateMs / 1000)])
  const { ask, server } = await client(status(401), { onDate })
  await ask({ path: '/account' }, Shape, AbortSignal.timeout(120_000)).catch(() => {})
  expect(dates).toEqual([[new URL(server.url).host, true]])
})
