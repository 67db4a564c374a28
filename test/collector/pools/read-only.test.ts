import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { POOLS } from '../../../collector/pools/index.ts'
import { accountOf } from './accounts.ts'
import { askOf, PoolServer, readOnce } from './pool-server.ts'

/** Every request that perwatt can make to a pool. A new one belongs here, after a look at what the pool does on it. */
const REQUESTS = {
  antpool: [
    'POST /api/accountOverview.htm',
    'POST /api/account.htm',
    'POST /api/paymentHistoryV2.htm',
    'POST /api/paymentHistoryV2.htm',
  ],
  braiins: [
    'GET /accounts/profile/json/btc/',
    'GET /accounts/rewards/json/btc',
    'GET /accounts/payouts/json/btc',
  ],
  f2pool: [
    'POST /v2/hash_rate/info',
    'POST /v2/assets/balance',
    'POST /v2/assets/transactions/list',
    'POST /v2/hash_rate/worker/list',
  ],
  luxor: [
    'GET /v2/pool/summary/BTC',
    'GET /v2/pool/revenue/BTC',
    'GET /v2/pool/hashrate-efficiency/BTC',
    'GET /v2/pool/transactions/BTC',
    'GET /v2/pool/workers/BTC',
  ],
  ocean: ['GET /v1/user_hashrate/*', 'GET /v1/statsnap/*', 'GET /v1/earnpay/*/*/*'],
  viabtc: ['GET /hashrate', 'GET /hashrate/history', 'GET /profit/history', 'GET /wallet/payment/history'],
} as const

/** Words in the paths by which these pools change an account. */
const WRITES = new Set(
  'withdraw update add create delete switch terminate pause resume distribute change set sweep address settings'.split(
    ' ',
  ),
)
const writes = (ask: string): boolean =>
  ask.split(/[^A-Za-z]+|(?=[A-Z][a-z])/).some((word) => WRITES.has(word.toLowerCase()))

test.each([
  'POST /v2/mining_user/balance/withdraw',
  'POST /v2/assets/settle_mode/switch',
  'POST /v2/hash_rate/distribute',
  'POST /api/changeMiningCoin.htm',
  'POST /wallet/payment/address',
  'POST /wallet/sweep',
])('the words would have given %s away', (ask) => expect(writes(ask)).toBe(true))

const servers: PoolServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})
const serve = async (answers: PoolServer['answers']): Promise<PoolServer> => {
  const server = await new PoolServer(answers).start()
  servers.push(server)
  return server
}

test('there is no pool that this list does not know', () => {
  expect(POOLS.map((pool) => pool.name)).toEqual(Object.keys(REQUESTS))
})

describe.each(POOLS)('$name', (pool) => {
  const name = pool.name as keyof typeof REQUESTS

  test('declares what is listed, and nothing that changes an account', () => {
    expect(pool.requests).toEqual([...new Set(REQUESTS[name])])
    expect(pool.requests.filter(writes)).toEqual([])
  })

  test('sends what it declares, each once, in this order', async () => {
    const server = await serve(accountOf(name).answers)
    await readOnce(pool, accountOf(name).settings, server)
    const sent = server.asked.map(({ method, path }) =>
      name === 'ocean'
        ? `${method} ${path.replace(/(\/v1\/\w+)(\/.*)/, (_, a, b) => a + b.replace(/[^/]+/g, '*'))}`
        : `${method} ${path}`,
    )
    expect(sent).toEqual(REQUESTS[name])
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
