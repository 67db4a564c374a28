import { afterEach, beforeEach, expect, test } from 'vitest'
import mempool from '../../../collector/feeds/mempool.ts'
import { FeedRig, T0 } from './feed-rig.ts'
import { PriceServer } from './price-server.ts'

let server: PriceServer
let rig: FeedRig

/** The endpoints as mempool.space answers them; the figures are invented. */
const REPLIES = {
  '/api/v1/prices': { time: 1781524800, USD: 91250, EUR: 84406, GBP: 71175, JPY: 13960000 },
  '/api/v1/blocks': [
    {
      id: '00',
      height: 954001,
      timestamp: 1781524000,
      bits: 0x17022b91,
      difficulty: 129699156960680.9,
      tx_count: 3011,
    },
    {
      id: '01',
      height: 954000,
      timestamp: 1781523400,
      bits: 0x17022b91,
      difficulty: 129699156960680.9,
      tx_count: 2890,
    },
  ],
  '/api/v1/mining/reward-stats/144': {
    startBlock: 953858,
    endBlock: 954001,
    totalReward: '45432000000',
    totalFee: '432000000',
    totalTx: '512345',
  },
}

beforeEach(async () => {
  server = await new PriceServer().start()
  for (const [path, body] of Object.entries(REPLIES)) server.replies.set(path, { body })
  rig = new FeedRig()
})
afterEach(async () => {
  rig.stop()
  await server.stop()
})

const start = (settings: object = {}) =>
  rig.start(mempool, { url: `${server.url}/`, allowPrivate: ['127.0.0.0/8'], ...settings })

test('reads price, difficulty, height and the average fees of a day of blocks', async () => {
  await start()
  expect(rig.values).toEqual({
    btcUsd: 91250,
    difficulty: expect.closeTo(129699156960680.9, 0),
    blockHeight: 954001,
    feesBtcPerBlock: 0.03,
  })
  expect(rig.failing).toEqual([undefined])
  expect(rig.said[0]?.[0]?.staleAfterMs).toBe(T0 + 3 * 300_000)
  expect(server.asked[0]?.headers['user-agent']).toBe('perwatt/1.2.3')
})

test('gives the rate of other currencies from its prices, and leaves out one that it does not know', async () => {
  await start({ quotes: [], currencies: ['EUR', 'SEK'] })
  expect(rig.values).toEqual({ 'fx.EUR': 84406 / 91250 })
  expect(server.asked.map((a) => a.path)).toEqual(['/api/v1/prices'])
})

test('one endpoint that fails, as on an instance without its index of mining, takes nothing from the others', async () => {
  server.replies.set('/api/v1/mining/reward-stats/144', { status: 500, body: 'Mining index is off' })
  await start()
  expect(Object.keys(rig.values)).toEqual(['btcUsd', 'difficulty', 'blockHeight'])
  expect(rig.failing).toEqual([
    expect.stringMatching(
      /reward-stats\/144 answers 500 \(Mining index is off\), a fault of the server; it is asked again$/,
    ),
  ])
})

test.each([
  [
    'a page of a proxy',
    { body: '<html>Just a moment...</html>' },
    /not JSON: a web page; check the address, and any proxy/,
  ],
  ['an error in words', { body: { error: 'down' } }, /another shape: USD: is missing/],
  ['a price of nothing', { body: { time: 1, USD: 0 } }, /USD: expected a price/],
  ['too many requests', { status: 429, headers: { 'retry-after': '120' } }, /429.*asked again in 120 s/],
  [
    'a redirect',
    { status: 301, headers: { location: 'http://192.0.2.9/' } },
    /a redirect to http:\/\/192\.0\.2\.9\/, which is not followed/,
  ],
])('says what is wrong with %s, and speaks no price', async (_, reply, reason) => {
  server.replies.set('/api/v1/prices', reply)
  await start({ quotes: ['btcUsd'] })
  expect(rig.said).toEqual([])
  expect(rig.failing).toEqual([expect.stringMatching(reason)])
})

test('waits as long as a server that answers 429 demands', async () => {
  server.replies.set('/api/v1/prices', { status: 429, headers: { 'retry-after': '3600' } })
  await start({ quotes: ['btcUsd'] })
  expect(rig.waitsMs).toEqual([3_600_000])
})

test('asks nothing of a private address that nobody allowed', () => {
  const parsed = mempool.settings.safeParse({ url: server.url })
  expect(parsed.error?.issues[0]?.message).toMatch(
    /127\.0\.0\.1 is not a public address; add its range to allowPrivate/,
  )
})

test('at the last block of a period it gives the difficulty of the next one, which is what the work is for', async () => {
  // 2,016 blocks in 1,198,000 s, the period from 951,552 to 953,567
  const block = (height: number, timestamp: number) => ({ height, timestamp, bits: 0x17022b91 })
  server.replies.set('/api/v1/blocks', { body: [block(953_567, 1_781_300_000)] })
  server.replies.set('/api/v1/blocks/951552', { body: [block(951_552, 1_781_300_000 - 1_198_000)] })
  await start({ quotes: ['difficulty', 'blockHeight'] })
  const { difficulty = 0, blockHeight } = rig.values as Record<string, number>
  expect(blockHeight).toBe(953_567)
  expect(difficulty / 129699156960680.9).toBeCloseTo(1_209_600 / 1_198_000, 4)
})

test('fees of 0 for a day of blocks are no fees: the last ones stay, and it says why', async () => {
  server.replies.set('/api/v1/mining/reward-stats/144', {
    body: { startBlock: 953858, endBlock: 954001, totalReward: '45000000000', totalFee: '0' },
  })
  await start()
  expect(Object.keys(rig.values)).not.toContain('feesBtcPerBlock')
  expect(rig.failing).toEqual([expect.stringMatching(/fees of 0 for 144 blocks/)])
})
