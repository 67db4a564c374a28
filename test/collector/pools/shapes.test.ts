import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Pool } from '../../../collector/plugin/pool.ts'
import { POOLS } from '../../../collector/pools/index.ts'
import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import { accountOf, OCEAN_HASHRATE, TXID } from './accounts.ts'
import { type Answer, askOf, day, NOON, PoolServer, readOnce, status } from './pool-server.ts'

const DAY_MS = 86_400_000
const work = (hashrateHs: number) => ({
  workDiff1: workDiff1OfHashrate(hashrateHs, 86_400),
  workBasis: 'hashrate',
})
const over = (d: number) => ({ fromMs: day(d), toMs: day(d) + DAY_MS })
const last24h = { fromMs: NOON - DAY_MS, toMs: NOON }
const hashrateHs = { now: 10.1e15, hour: 10.05e15, day: 10e15 }
const payout = { atMs: day(19) + 3_700_000, amountBtc: 0.0049, txid: TXID }

const servers: PoolServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})
async function read(name: string, change: Record<string, Answer> = {}) {
  const pool = POOLS.find((p) => p.name === name) as Pool
  const { settings, answers } = accountOf(name)
  const server = await new PoolServer({ ...answers, ...change }).start()
  servers.push(server)
  return { report: await readOnce(pool, settings, server), server }
}

describe('what each pool says comes out in base units', () => {
  test('braiins: its own share counts are preferred to its hashrates, and queued payouts are none yet', async () => {
    const { report, server } = await read('braiins')
    expect(report).toEqual({
      hashrateHs,
      credits: [
        { ...last24h, workDiff1: 201_000_000, workBasis: 'shares' },
        { ...over(19), workDiff1: 199_000_000, workBasis: 'shares', revenueBtc: 0.0048 },
        { ...over(18), workDiff1: 202_000_000, workBasis: 'shares', revenueBtc: 0.0049 },
      ],
      todayBtc: 0.0025,
      balanceBtc: 0.0021,
      payouts: [{ atMs: day(17) + 1_800_000, amountBtc: 0.015, txid: TXID }],
      workers: { alive: 97, dead: 3 },
    })
    for (const { headers } of server.asked)
      expect(headers['pool-auth-token']).toBe('braiins-token-of-this-test')
    expect(server.asked[1]?.query).toEqual({ from: '2026-05-13', to: '2026-05-20' })
  })

  test('f2pool: revenue by the day of mining, workers by their state', async () => {
    const { report, server } = await read('f2pool')
    expect(report).toEqual({
      hashrateHs,
      credits: [
        { ...last24h, ...work(10e15) },
        { ...over(19), ...work(9.9e15), revenueBtc: 0.0048 },
      ],
      todayBtc: 0.0025,
      balanceBtc: 0.0021,
      payouts: [payout],
      workers: { alive: 2, dead: 1 },
    })
    expect(server.asked[2]?.headers['f2p-api-secret']).toBe('f2pool-token-of-this-test')
    const account = { mining_user_name: 'acme', currency: 'bitcoin' }
    const range = { start_time: day(13) / 1000, end_time: NOON / 1000 }
    const bodies = server.asked.map(({ body }) => JSON.parse(body) as unknown)
    // the balance has no income of today unless it is asked for
    expect(bodies[1]).toEqual({ ...account, calculate_estimated_income: true })
    // one type a request
    expect(bodies[2]).toEqual({ ...account, ...range, type: 'revenue' })
    expect(bodies[3]).toEqual({ ...account, ...range, type: 'payout' })
  })

  test('luxor: revenue of a day added up over its rows, in BTC only', async () => {
    const { report, server } = await read('luxor')
    expect(report).toEqual({
      hashrateHs,
      credits: [
        { ...last24h, ...work(10e15) },
        { ...over(19), ...work(9.9e15), revenueBtc: expect.closeTo(0.0048, 12) },
        { ...over(18), ...work(10e15) },
      ],
      todayBtc: 0.0025,
      balanceBtc: 0.0021,
      payouts: [payout],
      workers: { alive: 97, dead: 3 },
    })
    expect(server.asked[0]).toMatchObject({
      search: '?subaccount_names=acme&subaccount_names=acme-2',
      headers: { authorization: 'luxor-key-of-this-test' },
    })
    for (const { search } of server.asked)
      expect(new URLSearchParams(search).getAll('subaccount_names')).toEqual(['acme', 'acme-2'])
  })

  test('ocean: blocks earned by day, a day without one earned nothing, and all of it is luck', async () => {
    const { report } = await read('ocean')
    const lucky = (d: number, revenueBtc: number) => ({ ...over(d), revenueBtc, byLuck: true })
    expect(report).toEqual({
      hashrateHs,
      credits: [
        { ...last24h, ...work(10e15) },
        lucky(19, expect.closeTo(0.0048, 12) as unknown as number),
        ...[18, 17, 16, 15, 14, 13].map((d) => lucky(d, 0)),
      ],
      todayBtc: 0.0025,
      balanceBtc: 0.0021,
      payouts: [payout],
      workers: { alive: 97 },
    })
  })

  test.each([
    [
      'one level deeper, by seconds, as objects',
      {
        result: {
          hashrate: {
            hashrate_300s: { value: '10100000000000000' },
            hashrate_3600s: { hashrate: 10_050_000_000_000_000 },
            hashrate_86400s: { value: '10000000000000000' },
          },
          active_worker_count: 97,
        },
      },
      { hashrateHs, workers: { alive: 97 } },
    ],
    [
      'by hours, in data',
      { data: { hashrate_1h: '10050000000000000', hashrate_24h: '10000000000000000' } },
      { hashrateHs: { hour: 10.05e15, day: 10e15 }, workers: {} },
    ],
    [
      'with three hours alone',
      { result: { hashrate_10800s: '1849290596989010', active_worker_count: 1 } },
      { hashrateHs: {}, workers: { alive: 1 } },
    ],
  ])('ocean: the hashrates of a user %s', async (_, answer, expected) => {
    const { report } = await read('ocean', { [OCEAN_HASHRATE]: answer })
    const { hashrateHs, workers } = JSON.parse(JSON.stringify(report)) as typeof report
    expect({ hashrateHs, workers }).toEqual(expected)
  })

  test('viabtc: days in UTC; what was not PPS is luck; the balance is not asked for', async () => {
    const { report, server } = await read('viabtc')
    expect(report).toEqual({
      hashrateHs,
      credits: [
        { ...last24h, ...work(10e15) },
        { ...over(19), ...work(9.9e15), revenueBtc: 0.0048 },
        { ...over(18), ...work(10e15), revenueBtc: 0.0071, byLuck: true },
      ],
      todayBtc: 0.0025,
      payouts: [payout],
      workers: { alive: 97, dead: 3 },
    })
    expect(server.asked[2]?.query).toMatchObject({ coin: 'BTC', utc: 'true', start_date: '2026-05-13' })
    expect(server.asked[2]?.headers).toMatchObject({ 'x-api-key': 'viabtc-key-of-this-test' })
  })

  test('antpool: FPPS of a day in two parts, PPLNS is luck, and a hashrate bears its unit', async () => {
    const { report } = await read('antpool')
    expect(report).toEqual({
      hashrateHs,
      credits: [
        { ...last24h, ...work(10e15) },
        { ...over(19), ...work(9.9e15), revenueBtc: expect.closeTo(0.0048, 12) },
        { ...over(18), ...work(10e15), revenueBtc: 0.0071, byLuck: true },
      ],
      balanceBtc: 0.0021,
      payouts: [payout],
      workers: { alive: 97, dead: 3 },
    })
  })

  test('antpool: each request is signed over user, key and a nonce that only grows; the secret never leaves', async () => {
    const { server } = await read('antpool')
    const forms = server.asked.map((asked) => Object.fromEntries(new URLSearchParams(asked.body)))
    for (const { key, nonce, signature } of forms)
      expect(signature).toBe(
        createHmac('sha256', 'antpool-secret-of-this-test')
          .update(`acme${key}${nonce}`)
          .digest('hex')
          .toUpperCase(),
      )
    const nonces = forms.map((form) => Number(form['nonce']))
    expect(nonces).toEqual([...new Set(nonces)].sort((a, b) => a - b))
    expect(nonces).toHaveLength(4)
    expect(JSON.stringify(server.asked)).not.toContain('antpool-secret-of-this-test')
  })
})

describe('what a pool leaves out is absent, never zero', () => {
  test('braiins: an account that has not mined yet', async () => {
    const { report } = await read('braiins', {
      '/accounts/profile/json/btc/': { username: 'new', btc: { hash_rate_unit: 'Th/s', hash_rate_5m: null } },
      '/accounts/rewards/json/btc': { btc: { daily_rewards: [] } },
      '/accounts/payouts/json/btc': {},
    })
    expect(JSON.parse(JSON.stringify(report))).toEqual({
      hashrateHs: {},
      credits: [last24h],
      payouts: [],
      workers: {},
    })
  })

  test('f2pool: no transactions and no workers', async () => {
    const { report } = await read('f2pool', {
      '/v2/assets/balance': { balance_info: {} },
      '/v2/assets/transactions/list': { transactions: null },
      '/v2/hash_rate/worker/list': {},
    })
    expect(JSON.parse(JSON.stringify(report))).toEqual({
      hashrateHs,
      credits: [{ ...last24h, ...work(10e15) }],
      payouts: [],
      workers: {},
    })
  })
})

describe('a refusal with status 200 is told in the pool’s own words, with what to do', () => {
  test.each([
    [
      'f2pool',
      '/v2/hash_rate/info',
      { code: 1002, msg: 'permission denied: token' },
      /POST \/v2\/hash_rate\/info is refused \(1002 permission denied: token\); take the API token/,
    ],
    [
      'viabtc',
      '/hashrate',
      { code: 12004, message: 'IP not allowed', data: {} },
      /GET \/hashrate is refused \(12004 IP not allowed\); .* IP whitelist/,
    ],
    [
      'antpool',
      '/api/accountOverview.htm',
      { code: -9, message: 'Permission Error' },
      /is refused \(-9 Permission Error\); generate a key/,
    ],
    [
      'ocean',
      OCEAN_HASHRATE,
      { error: 'unknown user' },
      /GET \/v1\/user_hashrate\/\* is refused \(unknown user\); no key is needed; check the address/,
    ],
  ] as const)('%s', async (name, path, answer, words) => {
    const { report } = await read(name, { [path]: answer })
    expect(report.missing).toEqual([{ figures: expect.any(String), reason: expect.stringMatching(words) }])
  })
})

describe('a changed or broken API is told with the exact field', () => {
  test.each([
    [
      'braiins',
      '/accounts/profile/json/btc/',
      { btc: { hash_rate_unit: 'Sol/s' } },
      /hash_rate_unit: expected a unit of hashrate such as Gh\/s/,
    ],
    [
      'luxor',
      '/v2/pool/revenue/BTC',
      { revenue: [{ date_time: 'yesterday' }] },
      /1 of 1 rows can’t be read and is left out: row 1: date_time: expected a time/,
    ],
    [
      'viabtc',
      '/profit/history',
      { code: 0, data: { data: [{ date: '2026-05-19' }] } },
      /row 1: total_profit/,
    ],
    ['antpool', '/api/account.htm', { code: 0, data: null }, /data: expected a mapping/],
    [
      'ocean',
      '*',
      status(200, '<html>Just a moment...</html>'),
      /answers something that is not JSON: a web page/,
    ],
  ] as const)('%s', async (name, path, answer, words) => {
    const change = path === '*' ? { [OCEAN_HASHRATE]: answer } : { [path]: answer }
    const { report } = await read(name, change)
    expect(report.missing).toEqual([{ figures: expect.any(String), reason: expect.stringMatching(words) }])
  })
})

test.each(POOLS.filter((p) => accountOf(p.name).workers).map((p) => [p.name, p] as const))(
  '%s tells what it credited each worker over the last day',
  async (name, pool) => {
    const { settings, workers } = accountOf(name)
    const server = await new PoolServer(workers?.answers).start()
    servers.push(server)
    const session = pool.open(pool.settings.parse(settings), {
      ask: askOf(pool, server.url),
      nowMs: () => NOON,
    })
    const signal = AbortSignal.timeout(120_000)
    const yesterday = Math.floor(NOON / DAY_MS) * DAY_MS - DAY_MS
    const credits = (await (session.workersOfDay?.(yesterday, signal) ?? session.workers?.(signal))) ?? []
    const rig = credits.find(({ worker }) => /^(acme\.)?rig1$/.test(worker))
    expect(rig?.hashrateHs).toBe(200e12)
    if (name === 'braiins') expect(rig?.workDiff1).toBe(4_020_000)
    for (const { method, path } of server.asked)
      expect(pool.requests.some((r) => r.startsWith(`${method} ${path.slice(0, 12)}`))).toBe(true)
  },
)
