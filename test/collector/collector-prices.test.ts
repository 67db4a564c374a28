import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Collector } from '../../collector/composition/collector.ts'
import { CollectorConfigSchema } from '../../collector/config/config.ts'
import type { SiteView } from '../../collector/views/site.ts'
import { parseConfig } from '../../protocol/kit/config.ts'
import { SILENT } from '../../protocol/kit/log.ts'
import { eventually } from '../eventually.ts'
import { freePort } from '../mosquitto.ts'
import { PriceServer } from './feeds/price-server.ts'

const TOKEN = 'a-token-of-this-test'
const folder = mkdtempSync(join(tmpdir(), 'perwatt-prices-'))
let server: PriceServer
let collector: Collector | undefined
let url = ''

/** A collector with the feeds of a whole site, on the same data folder at every start. */
async function start(feeds = true): Promise<void> {
  const yaml = `
site: { id: plains-1, currency: EUR }
dataFolder: ${folder}
mqtt: { embedded: { port: ${await freePort()} } }
http: { port: ${await freePort()}, token: ${TOKEN} }
store: { store: duckdb, path: ledger.duckdb, memoryLimitMb: 128 }
prices: { btcUsd: 50000, blockHeight: 900000 }
${
  feeds
    ? `feeds:
  - feed: tickers
    name: exchange
    exchanges: [coinbase]
    urls: { coinbase: "${server.url}" }
    allowPrivate: [127.0.0.0/8]
  - feed: mempool
    url: "${server.url}"
    quotes: [btcUsd, difficulty]
    currencies: [EUR]
    allowPrivate: [127.0.0.0/8]
  - feed: time-of-use
    timeZone: America/Chicago
    rates: [{ from: "14:00", to: "20:00", usdPerKwh: 0.11 }]
    otherwise: 0.04`
    : ''
}`
  const config = parseConfig(CollectorConfigSchema, yaml, 'collector.yaml')
  collector = new Collector({ config, assets: {}, log: SILENT, version: '1.2.3' })
  url = (await collector.start()).screenUrl
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return (await (await fetch(`${url}${path}`, { headers, ...post })).json()) as T
}
const site = () => ask<SiteView>('/api/v1/site')
const sources = ({ prices }: SiteView) => Object.fromEntries(prices.map((p) => [p.name, p.source]))

beforeAll(async () => {
  server = await new PriceServer().start()
  server.replies.set('/v2/prices/BTC-USD/spot', { body: { data: { amount: '91250.5', currency: 'USD' } } })
  server.replies.set('/api/v1/prices', { body: { time: 1, USD: 91300, EUR: 83996 } })
  server.replies.set('/api/v1/blocks', {
    body: [{ height: 953_999, timestamp: 1_780_000_000, bits: 0x1702_2a3a }],
  })
})
afterEach(async () => {
  await collector?.stop()
  collector = undefined
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

test('a collector has its prices from its feeds, pushes before them, and all of them after a restart without network', async () => {
  await start()
  const seen = await eventually(site, (s) => s.displayCurrency !== undefined && s.prices.length === 5)
  expect(sources(seen)).toEqual({
    btcUsd: 'exchange (coinbase)',
    blockHeight: 'configuration',
    difficulty: 'mempool',
    energyUsdPerKwh: 'time-of-use',
    'fx.EUR': 'mempool',
  })
  expect(seen.displayCurrency).toEqual({ code: 'EUR', perUsd: 0.92, stale: false })
  await ask('/api/v1/quotes', { name: 'blockHeight', value: 954_000, by: 'desk' })
  const leap = { name: 'fx.EUR', value: 92, by: 'desk', holdsFor: '2h' }
  expect(await ask('/api/v1/quotes', leap)).toMatchObject({ reason: '100 times the last value' })
  await collector?.stop()

  server.replies.clear()
  await start()
  const again = await eventually(site, (s) => s.prices.length === 5)
  expect(sources(again)).toEqual({ ...sources(seen), blockHeight: 'pushed by desk' })
  const { feeds } = await eventually(
    () => ask<{ feeds: { name: string; failing?: string }[] }>('/api/v1/quotes'),
    (q) => q.feeds.filter((f) => f.failing).length === 2,
  )
  expect(feeds.find((f) => f.name === 'exchange')?.failing).toMatch(/answers 404.*; check the path/)
  // what waited for a person does so still
  expect(await ask('/api/v1/quotes/accept', { name: 'fx.EUR', by: 'ann' })).toEqual({
    accepted: ['pushed by desk (accepted by ann)'],
  })
})

test('a tariff that is not configured any more leaves nothing behind', async () => {
  await start(false)
  const ahead = await ask<{ value: number }[]>('/api/v1/quotes/history?name=energyUsdPerKwh')
  const { quotes } = await ask<{ quotes: SiteView['prices'] }>('/api/v1/quotes')
  expect(quotes.map((q) => q.name)).toContain('energyUsdPerKwh')
  expect(ahead.at(-1)?.value).toBe(quotes.find((q) => q.name === 'energyUsdPerKwh')?.value)
})
