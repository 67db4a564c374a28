import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { POOLS } from '../../../collector/pools/index.ts'
import { accountOf, RECORDED } from './accounts.ts'
import { askOf, PoolServer, readOnce } from './pool-server.ts'

/** Words in the paths by which these pools change an account. */
const WRITES = new Set(
  'withdraw update add create delete switch terminate pause resume distribute change set sweep address settings'.split(
    ' ',
  ),
)
const writes = (request: string): boolean =>
  request.split(/[^A-Za-z]+|(?=[A-Z][a-z])/).some((word) => WRITES.has(word.toLowerCase()))

test.each([
  'POST /v2/mining_user/balance/withdraw',
  'POST /v2/assets/settle_mode/switch',
  'POST /v2/hash_rate/distribute',
  'POST /api/changeMiningCoin.htm',
  'POST /wallet/payment/address',
  'POST /wallet/sweep',
])('the words would have given %s away', (request) => expect(writes(request)).toBe(true))

const servers: PoolServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})
const serve = async (answers: PoolServer['answers']): Promise<PoolServer> => {
  const server = await new PoolServer(answers).start()
  servers.push(server)
  return server
}

test('each pool has an account in fixtures/pools, with the requests that it may make', () => {
  expect(RECORDED).toEqual(POOLS.map((pool) => pool.name))
})

/** A request as it is declared: `GET /v1/statsnap/*` for `GET /v1/statsnap/bc1q...`. */
const declaredAs = (sent: string, declared: readonly string[]): string =>
  declared.find((request) => {
    const [parts, wanted] = [sent.split('/'), request.split('/')]
    return parts.length === wanted.length && parts.every((part, i) => wanted[i] === '*' || wanted[i] === part)
  }) ?? sent

describe.each(POOLS)('$name', (pool) => {
  const { requests, answers, settings, workers } = accountOf(pool.name)

  test('declares the requests of its account, and none that changes an account', () => {
    expect(pool.requests).toEqual([...new Set([...requests, ...(workers?.request ? [workers.request] : [])])])
    expect(pool.requests.filter(writes)).toEqual([])
  })

  test('sends what it declares, each once, in this order', async () => {
    const server = await serve(answers)
    await readOnce(pool, settings, server)
    const sent = server.asked.map(({ method, path }) => declaredAs(`${method} ${path}`, requests))
    expect(sent).toEqual(requests)
  })

  test('cannot send another, even by the same path with another method', async () => {
    const server = await serve({})
    const ask = askOf(pool, server.url)
    const signal = AbortSignal.timeout(120_000)
    const [declared = ''] = pool.requests
    const [method, path = ''] = declared.split(' ')
    const other = method === 'GET' ? 'POST' : 'GET'
    for (const request of [
      { method: other, path: path.replaceAll('*', 'x') },
      { path: `${path}/withdraw` },
      { path: '/' },
    ] as const)
      await expect(ask(request, z.unknown(), signal)).rejects.toThrow(/is not among the pool's requests/)
    expect(server.asked).toEqual([])
  })
})
