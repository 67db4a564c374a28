import { afterEach, beforeEach, expect, test } from 'vitest'
import tickers from '../../../collector/feeds/tickers.ts'
import { FeedRig } from './feed-rig.ts'
import { PriceServer } from './price-server.ts'

let server: PriceServer
let rig: FeedRig

const KRAKEN = '/0/public/Ticker?pair=XBTUSD'
const COINBASE = '/v2/prices/BTC-USD/spot'
const BITSTAMP = '/api/v2/ticker/btcusd/'
const kraken = (price: string) => ({
  error: [],
  result: {
    XXBTZUSD: {
      a: ['91251.00000', '1', '1.000'],
      b: ['91250.90000', '4', '4.000'],
      c: [price, '0.00123456'],
      v: ['512.1', '1980.2'],
      o: '90500.10000',
    },
  },
})
const coinbase = (amount: string) => ({ data: { amount, base: 'BTC', currency: 'USD' } })
const bitstamp = (last: string) => ({
  timestamp: '1781524800',
  open: '90501',
  high: '92000',
  low: '90100',
  last,
  volume: '811.5',
  vwap: '91110',
  bid: '91248',
  ask: '91249',
  side: '0',
  percent_change_24: '0.83',
})

beforeEach(async () => {
  server = await new PriceServer().start()
  server.replies.set(KRAKEN, { body: kraken('91250.90000') })
  server.replies.set(COINBASE, { body: coinbase('91260.005') })
  server.replies.set(BITSTAMP, { body: bitstamp('91249') })
  rig = new FeedRig()
})
afterEach(async () => {
  rig.stop()
  await server.stop()
})

const withServer = (settings: object = {}) => {
  const { url } = server
  const urls = { kraken: url, coinbase: url, bitstamp: url }
  return { urls, allowPrivate: ['127.0.0.0/8'], ...settings }
}
const start = (settings: object = {}) => rig.start(tickers, withServer(settings))

test('takes the median of the last trades of all that answer', async () => {
  await start()
  expect(rig.said[0]).toMatchObject([
    { name: 'btcUsd', value: 91250.9, detail: 'median of kraken, coinbase, bitstamp' },
  ])
})

test('leaves out an exchange that is far off, and says so in the quote', async () => {
  server.replies.set(BITSTAMP, { body: bitstamp('80000') })
  await start()
  expect(rig.said[0]).toMatchObject([
    { value: (91250.9 + 91260.005) / 2, detail: 'median of kraken, coinbase; bitstamp 12 % off dropped' },
  ])
})

test.each([
  ['is down', KRAKEN, { status: 503, body: 'maintenance' }, /Ticker answers 503 \(maintenance\), a fault/],
  ['says an error with status 200', KRAKEN, { body: { error: ['EService:Busy'], result: {} } }, /error/],
  ['has no price in its answer', BITSTAMP, { body: { status: 'error' } }, /last: is missing/],
  [
    'says another currency',
    COINBASE,
    { body: { data: { amount: '1', currency: 'EUR' } } },
    /currency: expected USD/,
  ],
  ['says a price of nothing', BITSTAMP, { body: bitstamp('0') }, /bitstamp answers a price of 0 USD/],
])('one that %s is missing, and the others count', async (_, path, reply, reason) => {
  server.replies.set(path, reply)
  await start()
  expect(rig.values['btcUsd']).toBeGreaterThan(91_000)
  expect(rig.failing).toEqual([expect.stringMatching(reason)])
})

test('one that never ends its answer takes nothing from the others', async () => {
  server.replies.set(KRAKEN, { body: kraken('1'), stalls: true })
  rig.begin(tickers, withServer())
  await rig.expireAfter(2)
  await rig.polled()
  expect(rig.said[0]).toMatchObject([{ detail: 'median of coinbase, bitstamp' }])
  expect(rig.failing).toEqual([expect.stringMatching(/Ticker: no answer in 3600123 ms/)])
})

test('none that answers is a failure that names each', async () => {
  server.replies.clear()
  await start({ exchanges: ['kraken', 'bitstamp'] })
  expect(rig.said).toEqual([])
  expect(rig.failing[0]).toMatch(/no exchange answers: .*Ticker answers 404.*; .*btcusd\/ answers 404/)
})

test('asks only the exchanges that are named', async () => {
  await start({ exchanges: ['coinbase'] })
  expect(server.asked.map((a) => a.path)).toEqual([COINBASE])
  expect(rig.said[0]).toMatchObject([{ value: 91260.005, detail: 'coinbase' }])
})
