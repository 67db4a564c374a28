import { afterEach, describe, expect, test } from 'vitest'
import type { Pool } from '../../../collector/plugin/pool.ts'
import { POOLS } from '../../../collector/pools/index.ts'
import { workDiff1OfHashrate } from '../../../protocol/units.ts'
import { accountOf } from './accounts.ts'
import { type Answer, askOf, day, NOON, PoolServer } from './pool-server.ts'

const servers: PoolServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})
async function open(name: string, change: Record<string, Answer>) {
  const pool = POOLS.find((p) => p.name === name) as Pool
  const { settings, answers, workers } = accountOf(name)
  const server = await new PoolServer({ ...answers, ...workers?.answers, ...change }).start()
  servers.push(server)
  return pool.open(pool.settings.parse(settings), { ask: askOf(pool, server.url), nowMs: () => NOON })
}
const signal = () => AbortSignal.timeout(120_000)
const read = async (name: string, change: Record<string, Answer>) => (await open(name, change)).read(signal())
const workers = async (name: string, change: Record<string, Answer>) => {
  const session = await open(name, change)
  return session.workersOfDay?.(day(19), signal()) ?? session.workers?.(signal())
}
const work = (hashrateHs: number) => workDiff1OfHashrate(hashrateHs, 86_400)

describe('a row of AntPool', () => {
  /** Names of the fields, and that `hashrate` is text with its unit: the types of public clients of paymentHistoryV2.htm. */
  const row = (hashrate: unknown, more: object = {}) => ({
    timestamp: '2026-05-19 00:00:00',
    hashrate,
    ppsAmount: '0',
    pplnsAmount: '0',
    fppsBlockAmount: '0.0047',
    fppsFeeAmount: '0.0001',
    ...more,
  })
  const days = async (...rows: unknown[]) => {
    const report = await read('antpool', {
      '/api/paymentHistoryV2.htm?type=recv': { code: 0, message: 'ok', data: { rows } },
    })
    const all = report.credits
      .slice(1)
      .map((c) => [new Date(c.fromMs).getUTCDate(), c.workDiff1, c.revenueBtc])
    return { all, missing: report.missing?.map((one) => `${one.figures}: ${one.reason}`), report }
  }
  const earned = expect.closeTo(0.0048, 12)

  test.each([
    ['9.90 PH/s', 9.9e15],
    ['1,009.90 TH/s', 1009.9e12],
    ['0', 0],
    ['', undefined],
    [null, undefined],
  ])('with the hashrate %j is read', async (hashrate, hs) => {
    const { all, missing } = await days(row(hashrate))
    expect(all).toEqual([[19, hs === undefined ? undefined : work(hs), earned]])
    expect(missing).toBeUndefined()
  })

  test.each([
    ['9.90P', /earnings: 1 of 2 rows can’t be read and is left out: row 1: hashrate: expected a hashrate/],
    [9900, /row 1: hashrate: expected a string, got 9900/],
  ])('with the hashrate %j is left out and told, and the others stay', async (hashrate, words) => {
    const before = row('9.90 PH/s', { timestamp: '2026-05-18 00:00:00' })
    const { all, missing, report } = await days(row(hashrate), before)
    expect(all).toEqual([[18, work(9.9e15), earned]])
    expect(missing).toEqual([expect.stringMatching(words)])
    expect(report.balanceBtc).toBe(0.0021)
  })

  test('with an amount that can’t be read never earns a part of its day', async () => {
    expect((await days(row('9.90 PH/s', { fppsBlockAmount: '--' }))).all).toEqual([])
  })
})

describe('null and other forms of nothing are no fault, and cost no other figure', () => {
  test.each([
    [
      'antpool',
      { '/api/paymentHistoryV2.htm?type=recv': { code: 0, data: { rows: null } } },
      { balanceBtc: 0.0021 },
    ],
    ['viabtc', { '/wallet/payment/history': { code: 0, data: null } }, { payouts: [], todayBtc: 0.0025 }],
    [
      'viabtc',
      { '/wallet/payment/history': { code: 0, data: { data: [], has_next: false } } },
      { payouts: [], todayBtc: 0.0025 },
    ],
    ['f2pool', { '/v2/assets/balance': { balance_info: null } }, { hashrateHs: { day: 10e15 } }],
    ['f2pool', { '/v2/hash_rate/worker/list': { workers: null } }, { balanceBtc: 0.0021 }],
  ] as const)('%s %j', async (name, change, left) => {
    const report = await read(name, change)
    expect(report).toMatchObject(left)
    expect(report.missing).toBeUndefined()
  })

  test('of OCEAN, whose days are then unknown and not without earnings', async () => {
    const [path = ''] = Object.keys(accountOf('ocean').answers).filter((p) => p.includes('earnpay'))
    const report = await read('ocean', { [path]: { result: { earnings: null, payouts: null } } })
    expect(report).toMatchObject({ hashrateHs: { day: 10e15 }, balanceBtc: 0.0021, payouts: [] })
    expect(report.todayBtc).toBeUndefined()
    expect(report.credits).toHaveLength(1)
  })
})

test('viabtc: payments as a page, as its other histories are', async () => {
  const payment = { amount: '0.0049', tx: 'b7', create_time: day(19) / 1000 }
  const report = await read('viabtc', {
    '/wallet/payment/history': { code: 0, data: { data: [payment], has_next: false } },
  })
  expect(report.payouts).toEqual([{ atMs: day(19), amountBtc: 0.0049, txid: 'b7' }])
})

/** Braiins Academy, "Daily Reward API": total_reward is the sum of mining_reward, bos_plus_reward, referral_bonus and referral_reward. */
describe('pay for referring others is no pay for work', () => {
  const ofDay = async (name: string, change: Record<string, Answer>) =>
    (await read(name, change)).credits.find((c) => c.fromMs === day(19))?.revenueBtc

  test('braiins: only the account’s own mining, and the fee that it gets back, count', async () => {
    const reward = {
      date: day(19) / 1000,
      total_reward: '0.00600000',
      mining_reward: '0.00470000',
      bos_plus_reward: '0.00010000',
      referral_bonus: '0.00020000',
      referral_reward: '0.00100000',
    }
    const answer = { btc: { daily_rewards: [reward] } }
    expect(await ofDay('braiins', { '/accounts/rewards/json/btc': answer })).toBeCloseTo(0.0048, 12)
  })

  // docs.luxor.tech, Mining Pool API V2, Get Revenue: `revenue_type` MINING
  test('luxor: rows of another revenue_type', async () => {
    const row = (revenue_type: string, revenue: number) => ({
      date_time: '2026-05-19T00:00:00Z',
      revenue: { currency_type: 'BTC', revenue_type, revenue },
    })
    const answer = { revenue: [row('MINING', 0.0048), row('REFERRAL', 0.001)] }
    expect(await ofDay('luxor', { '/v2/pool/revenue/BTC': answer })).toBeCloseTo(0.0048, 12)
  })

  test('f2pool: transactions of a referral, with and without mining_extra', async () => {
    const transaction = (type: string, changed_balance: number, isMined: boolean) => ({
      type,
      changed_balance,
      created_at: day(20) / 1000,
      mining_extra: isMined ? { mining_date: day(19) / 1000, hash_rate: 9.9e15 } : null,
    })
    const transactions = [
      transaction('revenue_fpps', 0.0048, true),
      transaction('revenue_referral', 0.0002, false),
      transaction('revenue_referral', 0.0003, true),
    ]
    const change = { '/v2/assets/transactions/list?type=revenue': { transactions } }
    expect(await ofDay('f2pool', change)).toBeCloseTo(0.0048, 12)
  })

  test('a day of which one row can’t be read is unknown, and the other days stay', async () => {
    const row = (date: string, revenue: unknown) => ({
      date_time: `${date}T00:00:00Z`,
      revenue: { currency_type: 'BTC', revenue_type: 'MINING', revenue },
    })
    const report = await read('luxor', {
      '/v2/pool/revenue/BTC': {
        revenue: [row('2026-05-19', 0.0024), row('2026-05-19', 'n/a'), row('2026-05-18', 0.0048)],
      },
    })
    expect(report.credits.slice(1).map((c) => c.revenueBtc)).toEqual([undefined, 0.0048])
    expect(report.missing).toMatchObject([{ figures: 'earnings' }])
  })
})

describe('a worker whose figure can’t be read is listed without one, and the others are read', () => {
  test.each([
    [
      'antpool',
      {
        '/api/workers.htm': {
          code: 0,
          data: {
            rows: [{ worker: 'acme.a', last1d: 'n/a' }, { worker: 'acme.b', last1d: '200000000' }, {}],
          },
        },
      },
      'acme.',
    ],
    [
      'braiins',
      {
        '/accounts/workers/json/btc': {
          btc: {
            workers: {
              'acme.a': { state: 'dis', hash_rate_24h: 7 },
              'acme.b': { hash_rate_unit: 'Gh/s', hash_rate_24h: 200_000 },
              'acme.c': null,
            },
          },
        },
      },
      'acme.',
    ],
    [
      'f2pool',
      {
        '/v2/hash_rate/worker/list': {
          workers: [
            { hash_rate_info: { name: 'a', h24_hash_rate: 'n/a' } },
            { hash_rate_info: { name: 'b', h24_hash_rate: 200e12 }, status: 0 },
            { hash_rate_info: null },
          ],
        },
      },
      '',
    ],
    [
      'viabtc',
      {
        '/hashrate/worker': {
          code: 0,
          data: {
            data: [
              { worker_name: 'a', hashrate_24hour: {} },
              { worker_name: 'b', hashrate_24hour: '200000000000000' },
            ],
          },
        },
      },
      '',
    ],
    [
      'ocean',
      {
        '/v1/user_hashrate_full/bc1qexampleexampleexampleexampleexample0': {
          result: { workers: { a: [], b: [{ hashrate_86400s: '200000000000000' }], total: 2 } },
        },
      },
      '',
    ],
    [
      'luxor',
      {
        '/v2/pool/workers-hashrate-efficiency/BTC/acme': {
          hashrate_efficiency_revenue: {
            a: null,
            b: [{ date_time: '2026-05-19T00:00:00.000Z', hashrate: '200000000000000' }],
          },
        },
        '/v2/pool/workers-hashrate-efficiency/BTC/acme-2': { hashrate_efficiency_revenue: {} },
      },
      'acme.',
    ],
  ] as const)('%s', async (name, change, account) => {
    const found = await workers(name, change)
    const listed = found?.map((w) => [w.worker, w.hashrateHs])
    expect(listed).toEqual(
      expect.arrayContaining([
        [`${account}a`, undefined],
        [`${account}b`, 200e12],
      ]),
    )
    // one without a name can be nobody's
    for (const [worker, hashrateHs] of listed?.slice(2) ?? [])
      expect([worker, hashrateHs]).toEqual(['acme.c', undefined])
  })
})
