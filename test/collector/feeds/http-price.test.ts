import { afterEach, beforeEach, expect, test } from 'vitest'
import httpPrice from '../../../collector/feeds/http-price.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import { FeedRig, T0 } from './feed-rig.ts'
import { PriceServer } from './price-server.ts'

let server: PriceServer
let rig: FeedRig

beforeEach(async () => {
  server = await new PriceServer().start()
  rig = new FeedRig()
})
afterEach(async () => {
  rig.stop()
  await server.stop()
})

const start = (body: unknown, settings: object) => {
  server.replies.set('/price?zone=west&key=k', { body })
  const url = `${server.url}/price?zone=west&key=k`
  return rig.start(httpPrice, { url, allowPrivate: ['127.0.0.0/8'], ...settings })
}

test.each([
  ['a number', { price: 42.5 }, '$.price', 0.0425],
  ['the text of one', { data: [{ lmp: '-3.25' }] }, '$.data[0].lmp', -0.00325],
  [
    'the one that a filter finds',
    {
      rows: [
        { node: 'HB_WEST', p: 31 },
        { node: 'HB_NORTH', p: 29 },
      ],
    },
    "$.rows[?@.node=='HB_WEST'].p",
    0.031,
  ],
])('finds %s by its path, and scales it', async (_, body, path, usdPerKwh) => {
  await start(body, { path, scale: 0.001 })
  expect(rig.values).toEqual({ energyUsdPerKwh: usdPerKwh })
  expect(rig.said[0]?.[0]?.staleAfterMs).toBeGreaterThan(T0)
})

test('passes on what time its server says it is', async () => {
  await start({ price: 1 }, { path: '$.price' })
  const [[host, dateMs] = ['', 0]] = rig.dates
  expect(server.url).toContain(host)
  expect(Math.abs(dateMs - Date.now())).toBeLessThan(3_600_000)
})

test('prices anything that has a name, a currency too', async () => {
  await start({ rates: { EUR: 0.9241 } }, { quote: 'fx.EUR', path: '$.rates.EUR' })
  expect(rig.values).toEqual({ 'fx.EUR': 0.9241 })
})

test('sends its headers, and shows neither them nor the query in an error', async () => {
  const settings = { path: '$.price', headers: { 'X-Api-Key': 'sesame' } }
  await start({ price: 'n/a' }, settings)
  expect(server.asked[0]?.headers['x-api-key']).toBe('sesame')
  expect(rig.failing).toEqual(['$.price finds "n/a", expected a price'])
  server.replies.set('/price?zone=west&key=k', { status: 403 })
  await rig.again()
  expect(rig.failing[1]).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+\/price answers 403, no permission; check the credential$/,
  )
})

test('takes a list of prices with their times, ahead too; the last is stale when it is over', async () => {
  const hours = [-1, 0, 1, 2].map((h) => ({ start: T0 + h * HOUR_MS, eurMwh: 40 + h }))
  await start({ data: hours }, { path: '$.data[*].eurMwh', timePath: '$.data[*].start', scale: 0.001 })
  expect(rig.said[0]).toEqual([
    { name: 'energyUsdPerKwh', value: 0.039, fromMs: T0 - HOUR_MS },
    { name: 'energyUsdPerKwh', value: 0.04, fromMs: T0 },
    { name: 'energyUsdPerKwh', value: 0.041, fromMs: T0 + HOUR_MS },
    { name: 'energyUsdPerKwh', value: 0.042, fromMs: T0 + 2 * HOUR_MS, staleAfterMs: T0 + 3 * HOUR_MS - 1 },
  ])
})

test.each([
  ['nothing', { price: 1 }, { path: '$.cost' }, /\$\.cost finds 0 prices, expected one/],
  ['too much', { p: [1, 2] }, { path: '$.p[*]' }, /finds 2 prices, expected one/],
  ['no number', { p: null }, { path: '$.p' }, /\$\.p finds null, expected a price/],
  [
    'other times than prices',
    { p: [1, 2], t: [1781524800] },
    { path: '$.p[*]', timePath: '$.t[*]' },
    /finds 2 prices, \$\.t\[\*\] 1 times; correct them so that each price has one time/,
  ],
  [
    'no time',
    { p: [1], t: ['soon'] },
    { path: '$.p[*]', timePath: '$.t[*]' },
    /\$\.t\[\*\] finds "soon", expected a time/,
  ],
])('says so where its path finds %s', async (_, body, settings, reason) => {
  await start(body, settings)
  expect(rig.said).toEqual([])
  expect(rig.failing).toEqual([expect.stringMatching(reason)])
})

test('a time of a list without a price is a hole: stale there, told, and the others are used', async () => {
  const t = [0, 1, 2, 3].map((h) => T0 + h * HOUR_MS)
  await start({ t, p: [40, null, 60, 70] }, { path: '$.p[*]', timePath: '$.t[*]', scale: 0.001 })
  expect(rig.said[0]).toMatchObject([
    { value: 0.04, fromMs: T0, staleAfterMs: T0 + HOUR_MS - 1 },
    { value: 0.06, fromMs: T0 + 2 * HOUR_MS },
    { value: 0.07, staleAfterMs: T0 + 4 * HOUR_MS - 1 },
  ])
  expect(rig.failing).toEqual(['$.p[*] finds no price for 1 of 4 times, where the price before is stale'])
})

test('an answer that is longer than any price is refused', async () => {
  await start('x'.repeat(5_000_000), { path: '$.price' })
  expect(rig.failing).toEqual([expect.stringMatching(/answers more than 4194304 bytes/)])
})

test('a path that is none stops the start with its place', () => {
  const faults = httpPrice.settings.safeParse({ url: 'https://prices.example/', path: 'price' }).error?.issues
  expect(faults).toMatchObject([{ path: ['path'], message: expect.stringMatching(/^expected a JSONPath/) }])
})
