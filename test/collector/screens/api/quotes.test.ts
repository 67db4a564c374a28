import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { quote } from '../../../../collector/commands/quote.ts'
import type { ConfiguredFeed, FeedSink } from '../../../../collector/plugin/feed.ts'
import { QuoteBook } from '../../../../collector/prices/quote-book.ts'
import { QuoteSelector } from '../../../../collector/prices/quote-selector.ts'
import { QuoteWriteQueue } from '../../../../collector/prices/quote-write-queue.ts'
import { createServer, type ScreensServer } from '../../../../collector/screens/server.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { Secret } from '../../../../protocol/kit/secret.ts'
import { HOUR_MS } from '../../../../protocol/units.ts'
import { createScene } from '../scene.ts'

const TOKEN = 'a-token-of-this-test'
const NOW = Date.UTC(2026, 5, 15, 12)
const folder = mkdtempSync(join(tmpdir(), 'perwatt-quotes-'))
const tokenFile = join(folder, 'token')
let server: ScreensServer
let url = ''
let feed: FeedSink | undefined
/** whether the disk and the store take what they are given */
let keeps = true

const writeQuotes = async () => {
  if (!keeps) throw new Error('no space left on device')
}

const serve = async (token: boolean) => {
  const market: ConfiguredFeed = {
    name: 'market',
    feed: 'http-price',
    quotes: ['energyUsdPerKwh'],
    start: (sink) => {
      feed = sink
    },
  }
  const typed: ConfiguredFeed = {
    name: 'configuration',
    feed: 'fixed',
    quotes: ['btcUsd'],
    start: (sink) => sink.publish([{ name: 'btcUsd', value: 95_000 }]),
  }
  const selector = new QuoteSelector({
    book: new QuoteBook(),
    writer: new QuoteWriteQueue({ writeQuotes }, SILENT),
    keep: async () => keeps,
    feeds: [market],
    typed,
    nowMs: () => NOW,
    log: SILENT,
  })
  selector.start(new AbortController().signal)
  server = createServer({
    views: createScene(),
    selector,
    assets: {},
    log: SILENT,
    version: '1.2.3',
    now: () => NOW,
    ...(token ? { token: new Secret(TOKEN) } : {}),
  })
  const { address, port } = await server.listen('127.0.0.1', 0)
  url = `http://${address}:${port}`
}
const ask = async (path: string, body?: unknown) => {
  const response = await fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as never }
}
const iso = (ms: number) => new Date(ms).toISOString()

beforeAll(() => writeFileSync(tokenFile, `${TOKEN}\n`))
beforeEach(() => serve(true))
afterEach(() => server.close())
afterAll(() => rmSync(folder, { recursive: true }))

describe('quotes now', () => {
  test('come with their feeds, the feeds’ failures, and quotes that are held back', async () => {
    feed?.publish([{ name: 'energyUsdPerKwh', value: 45 }])
    feed?.failing('no answer')
    expect((await ask('/api/v1/quotes')).body).toEqual({
      quotes: [
        {
          name: 'btcUsd',
          value: 95_000,
          unit: 'USD/BTC',
          source: 'configuration',
          fromMs: NOW,
          stale: false,
        },
      ],
      feeds: [
        {
          name: 'market',
          feed: 'http-price',
          quotes: ['energyUsdPerKwh'],
          failing: 'no answer',
          silent: true,
        },
        { name: 'configuration', feed: 'fixed', quotes: ['btcUsd'], heardMs: NOW },
      ],
      heldBack: [
        {
          name: 'energyUsdPerKwh',
          value: 45,
          unit: 'USD/kWh',
          source: 'market',
          sinceMs: NOW,
          reason: expect.stringContaining('at most 20 USD/kWh'),
        },
      ],
    })
  })
})

describe('a quote that leaps', () => {
  test('is answered with 202 and what confirms it, and is taken from one who is sure, or accepted by a person', async () => {
    const push = (value: number, more = {}) =>
      ask('/api/v1/quotes', { name: 'fx.EUR', value, by: 'desk', ...more })
    expect((await push(0.92)).status).toBe(201)
    expect(await push(920)).toEqual({
      status: 202,
      body: {
        name: 'fx.EUR',
        value: 920,
        unit: 'EUR/USD',
        source: 'pushed by desk',
        sinceMs: NOW,
        reason: '1000 times the last value',
        waitsFor: 'another source or a person',
      },
    })
    const accept = { name: 'fx.EUR', by: 'ann' }
    expect(await ask('/api/v1/quotes/accept', accept)).toEqual({
      status: 200,
      body: { accepted: ['pushed by desk (accepted by ann)'] },
    })
    expect(await ask('/api/v1/quotes/accept', accept)).toMatchObject({
      status: 404,
      body: { error: { message: expect.stringContaining('no price of fx.EUR waits') } },
    })
    expect((await push(0.93)).status).toBe(202)
    expect((await push(0.93, { sure: true })).status).toBe(201)
  })

  test('is answered with 503 where neither the disk nor the store takes it, and with 201 where one does again', async () => {
    const push = () => ask('/api/v1/quotes', { name: 'fx.EUR', value: 0.92, by: 'desk' })
    keeps = false
    expect(await push()).toMatchObject({
      status: 503,
      body: { error: { code: 'not_kept', message: expect.stringContaining('say it again') } },
    })
    keeps = true
    expect((await push()).status).toBe(201)
  })

  test('needs a token', async () => {
    await server.close()
    await serve(false)
    expect((await ask('/api/v1/quotes/accept', { name: 'fx.EUR', by: 'ann' })).status).toBe(403)
  })
})

describe('a pushed quote', () => {
  test('is taken, and appears in the quotes and their history with its author', async () => {
    const taken = {
      name: 'fx.EUR',
      value: 0.92,
      unit: 'EUR/USD',
      source: 'pushed by treasury',
      fromMs: NOW,
      staleAfterMs: NOW + 2 * HOUR_MS - 1,
    }
    expect(
      await ask('/api/v1/quotes', { name: 'fx.EUR', value: 0.92, by: 'treasury', holdsFor: '2h' }),
    ).toEqual({
      status: 201,
      body: taken,
    })
    const ahead = { name: 'fx.EUR', value: 0.93, by: 'treasury', from: iso(NOW + HOUR_MS) }
    expect((await ask('/api/v1/quotes', ahead)).status).toBe(201)
    expect((await ask('/api/v1/quotes/history?name=fx.EUR')).body).toMatchObject([
      taken,
      { value: 0.93, fromMs: NOW + HOUR_MS },
    ])
    const early = `/api/v1/quotes/history?name=fx.EUR&from=${iso(NOW - 1)}&to=${iso(NOW + 1)}`
    expect((await ask(early)).body).toEqual([taken])
  })

  test.each([
    ['no price', { value: 0 }, 'value', /expected more than 0/],
    ['a name that is none', { name: 'gold' }, 'name', /expected one of btcUsd/],
    ['a time far ahead', { from: iso(NOW + 50 * 24 * HOUR_MS) }, 'from', /within 40 days/],
    ['nobody’s name', { by: ' ' }, 'by', /./],
    ['a duration that is none', { holdsFor: 'long' }, 'holdsFor', /duration such as/],
    [
      'no end although it would override a feed',
      { name: 'energyUsdPerKwh', value: 0.1 },
      'holdsFor',
      /the push would override market until the next push/,
    ],
  ])('is refused with %s', async (_, more, parameter, reason) => {
    const { status, body } = await ask('/api/v1/quotes', { name: 'btcUsd', value: 1, by: 'desk', ...more })
    expect(status).toBe(400)
    expect(body).toMatchObject({
      error: { details: [{ parameter, problem: expect.stringMatching(reason) }] },
    })
  })

  test('may be of a past time in which no price was known, and of no other', async () => {
    const push = (value: number, fromMs: number) =>
      ask('/api/v1/quotes', { name: 'energyUsdPerKwh', value, by: 'desk', from: iso(fromMs) })
    expect((await push(0.05, NOW - 2 * HOUR_MS)).status).toBe(201)
    expect((await push(0.04, NOW - 3 * HOUR_MS)).status).toBe(201)
    expect(await push(0.06, NOW - HOUR_MS)).toMatchObject({
      status: 400,
      body: {
        error: {
          details: [
            { parameter: 'from', problem: expect.stringMatching(/was known then; correct it with reprice/) },
          ],
        },
      },
    })
    const early = `/api/v1/quotes/history?name=energyUsdPerKwh&from=${iso(NOW - 9 * HOUR_MS)}&to=${iso(NOW)}`
    expect((await ask(early)).body).toMatchObject([{ value: 0.04 }, { value: 0.05 }])
  })

  test('is refused if the API has no token', async () => {
    await server.close()
    await serve(false)
    const { status, body } = await ask('/api/v1/quotes', { name: 'btcUsd', value: 1, by: 'desk' })
    expect(status).toBe(403)
    expect(body).toMatchObject({
      error: { message: expect.stringContaining('set http.token in the configuration') },
    })
  })
})

describe('the command quote', () => {
  const printed = async (...[name, value, more]: [string?, string?, object?]): Promise<string> => {
    let text = ''
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += chunk
      return true
    })
    try {
      await quote(name, value, { config: 'unused', url, tokenFile, ...more })
    } finally {
      spy.mockRestore()
    }
    return text
  }

  test('pushes a price, and prints until when it holds', async () => {
    expect(await printed('energyUsdPerKwh', '0.031', { by: 'desk', holdsFor: '30m' })).toBe(
      'energyUsdPerKwh = 0.031 USD/kWh, pushed by desk, from 2026-06-15T12:00:00.000Z until 2026-06-15T12:30:00.000Z\n',
    )
    expect(await printed('btcUsd', '91000', { by: 'desk', from: '2026-06-15T13:00Z' })).toMatch(
      /from 2026-06-15T13:00:00.000Z until the next push/,
    )
  })

  test('without arguments lists the prices and the failures of feeds', async () => {
    feed?.failing('no answer')
    const text = await printed()
    expect(text).toMatch(/btcUsd +95000 +USD\/BTC +2026-06-15T12:00:00.000Z +configuration/)
    expect(text).toMatch(/feed market fails: no answer/)
  })

  test('says that a price which leaps is held back, lists it, and accepts it', async () => {
    await printed('fx.EUR', '0.92', { by: 'desk' })
    await expect(printed('fx.EUR', '92', { by: 'desk' })).rejects.toThrow(
      'fx.EUR = 92 is held back: 100 times the last value; the last one is used. If it is right, push it with --sure',
    )
    expect(await printed()).toContain(
      'held back: pushed by desk says fx.EUR = 92 EUR/USD, 100 times the last value; it waits for another source or a person: perwatt-collector quote fx.EUR --accept --by NAME',
    )
    await expect(printed('fx.EUR', '92', { by: 'ann', accept: true })).rejects.toThrow('leave the value out')
    await expect(printed('fx.EUR', undefined, { accept: true })).rejects.toThrow('--by: name who says')
    expect(await printed('fx.EUR', undefined, { by: 'ann', accept: true })).toBe(
      'fx.EUR of pushed by desk (accepted by ann) is taken, accepted by ann\n',
    )
    expect(await printed('fx.EUR', '0.93', { by: 'desk', sure: true })).toContain('fx.EUR = 0.93')
    expect(await printed()).not.toContain('held back')
  })

  test('prints what is missing, and the collector’s refusals', async () => {
    await expect(printed('btcUsd', 'much', { by: 'desk' })).rejects.toThrow(
      'expected a number for btcUsd, got much',
    )
    await expect(printed('btcUsd', '1')).rejects.toThrow('--by: name who sets this price')
    await expect(printed('btcUsd', '-1', { by: 'desk' })).rejects.toThrow('expected more than 0')
  })
})
