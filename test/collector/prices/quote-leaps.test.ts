import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { FeedQuote } from '../../../collector/plugin/feed.ts'
import { quoteFault } from '../../../collector/prices/quote-limits.ts'
import { QUOTE_NAMES, QUOTE_RANGES, type QuoteName, unitOf } from '../../../protocol/quote.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import { LEAPING, POLL_MS, SelectorRig, T0, TestFeed, USUAL } from '../selector-rig.ts'

let rig: SelectorRig
beforeEach(() => {
  rig = new SelectorRig()
})

describe('a polled price that leaps', () => {
  it.each(LEAPING)(
    '%s of a thousand times, or a thousandth, is never used, however often its source says it',
    async (name) => {
      for (const factor of [1000, 1 / 1000]) {
        rig = new SelectorRig()
        const feed = new TestFeed('a', [name])
        const { at, selector } = await rig.open([feed])
        for (let n = 0; n < 4; n++) rig.polls(feed, name, USUAL[name])
        for (let n = 0; n < 20; n++) rig.polls(feed, name, USUAL[name] * factor)
        expect(at(name)).toBe(`${USUAL[name]} a`)
        expect(selector.heldBack()).toMatchObject([{ name, source: 'a' }])
        rig.polls(feed, name, USUAL[name])
        expect([at(name), selector.heldBack()]).toEqual([`${USUAL[name]} a`, []])
      }
    },
  )

  it('leaves the last one in use, stale at once, in the store too, until it is confirmed', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    expect(selector.view().quotes).toMatchObject([{ value: 91_000, stale: false }])
    rig.polls(feed, 'btcUsd', 30_000)
    expect(selector.view().quotes).toMatchObject([{ value: 91_000, stale: true }])
    expect(selector.heldBack()).toEqual([
      {
        name: 'btcUsd',
        value: 30_000,
        unit: 'USD/BTC',
        source: 'a',
        sinceMs: rig.nowMs,
        reason: '33 % of the last value',
        waitsFor: 'its next reading, another source or a person',
      },
    ])
    await selector.stop()
    expect(rig.stored.get(`btcUsd ${rig.nowMs - POLL_MS}`)).toMatchObject({ staleAfterMs: rig.nowMs - 1 })
  })

  it('a fork of the price by 30 % in an hour is taken at once', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    rig.polls(feed, 'btcUsd', 63_700)
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['63700 a', []])
  })

  it('a crash to a third is taken at its second reading, and not because one answer came twice at once', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    rig.polls(feed, 'btcUsd', 30_000)
    feed.says('btcUsd', 30_000, { intervalMs: POLL_MS })
    expect(at('btcUsd')).toBe('91000 a')
    rig.polls(feed, 'btcUsd', 28_000)
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['28000 a', []])
  })

  it('is not confirmed by a second reading that says something else again', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    for (const value of [30_000, 300_000, 20_000, 500_000]) rig.polls(feed, 'btcUsd', value)
    expect(at('btcUsd')).toBe('91000 a')
  })

  it('is confirmed by another source, in use or held back, from whichever it comes first', async () => {
    const [a, b] = [new TestFeed('a', ['btcUsd']), new TestFeed('b', ['btcUsd'])]
    const { at, selector } = await rig.open([a, b])
    rig.polls(a, 'btcUsd', 91_000)
    rig.polls(b, 'btcUsd', 91_100)
    rig.polls(a, 'btcUsd', 5_000)
    // another feed comes before one that is held back
    expect(at('btcUsd')).toBe('91100 b')
    expect(selector.heldBack()).toMatchObject([{ waitsFor: 'another source or a person' }])
    rig.polls(b, 'btcUsd', 5_100)
    expect(at('btcUsd')).toBe('5100 b')
    rig.polls(a, 'btcUsd', 5_050)
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['5050 a', []])
  })

  it('is confirmed by a person, who is named, and the feed goes on from there', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    expect(selector.accept('btcUsd', 'ann')).toEqual([])
    rig.polls(feed, 'btcUsd', 900)
    expect(selector.accept('btcUsd', 'ann')).toEqual(['a'])
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['900 a (accepted by ann)', []])
    rig.polls(feed, 'btcUsd', 910)
    expect(at('btcUsd')).toBe('910 a')
  })

  it('out of its range can’t be accepted', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    rig.polls(feed, 'btcUsd', 91_000_000)
    expect(selector.heldBack()[0]).not.toHaveProperty('waitsFor')
    expect(selector.accept('btcUsd', 'ann')).toEqual([])
    expect(at('btcUsd')).toBe('91000 a')
  })

  it('is held against the last value of its own source, also after a restart', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const first = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    await first.selector.stop()
    const again = new TestFeed('a', ['btcUsd'])
    const { at } = await rig.open([again])
    rig.polls(again, 'btcUsd', 910)
    rig.polls(again, 'btcUsd', 910)
    expect(at('btcUsd')).toBe('91000 a')
  })

  it('may have moved further the longer its source was silent', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    rig.nowMs += 10 * 24 * HOUR_MS
    rig.polls(feed, 'btcUsd', 9_000)
    expect(at('btcUsd')).toBe('9000 a')
  })

  it('is a height that no chain has reached meanwhile, or has lost', async () => {
    const feed = new TestFeed('a', ['blockHeight'])
    const { at } = await rig.open([feed])
    rig.polls(feed, 'blockHeight', 925_000)
    rig.polls(feed, 'blockHeight', 925_100)
    rig.polls(feed, 'blockHeight', 92_510)
    expect(at('blockHeight')).toBe('925100 a')
    rig.polls(feed, 'blockHeight', 9_251_000)
    expect(at('blockHeight')).toBe('925100 a')
    rig.polls(feed, 'blockHeight', 925_101)
    expect(at('blockHeight')).toBe('925101 a')
    // a node that was away catches up
    rig.polls(feed, 'blockHeight', 926_000)
    rig.polls(feed, 'blockHeight', 926_001)
    expect(at('blockHeight')).toBe('926001 a')
  })

  it('is no energy price, from -500 to 9,000 USD/MWh and back', async () => {
    const feed = new TestFeed('a', ['energyUsdPerKwh'])
    const { at, selector } = await rig.open([feed])
    for (const value of [0.02, -0.5, 9, 0.001, -0.5, 0]) {
      rig.polls(feed, 'energyUsdPerKwh', value)
      expect([at('energyUsdPerKwh'), selector.heldBack()]).toEqual([`${value} a`, []])
    }
  })

  it('follows any honest course, whose steps are within its bound', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...LEAPING),
        fc.array(fc.double({ min: -0.65, max: 0.65, noNaN: true }), { maxLength: 40 }),
        async (name, steps) => {
          rig = new SelectorRig()
          const feed = new TestFeed('a', [name])
          const { at } = await rig.open([feed])
          let value: number = USUAL[name]
          for (const step of steps) {
            const next = value * Math.exp(step)
            if (quoteFault(name, next)) continue
            value = next
            rig.polls(feed, name, value)
            expect(at(name)).toBe(`${value} a`)
          }
        },
      ),
      { numRuns: 30 },
    )
  })
})

describe('a list with a price that leaps', () => {
  const rows = (name: QuoteName, values: readonly number[], fromHour = -2): FeedQuote[] =>
    values.map((value, i) => ({ name, value, fromMs: T0 + (fromHour + i) * HOUR_MS }))
  const hours = (
    at: (name: QuoteName, ms: number) => string | undefined,
    name: QuoteName,
    count: number,
    fromHour = -2,
  ) => Array.from({ length: count }, (_, i) => at(name, T0 + (fromHour + i) * HOUR_MS))

  it('leaves that row out, also the first, and the price before it is stale meanwhile', async () => {
    const list = new TestFeed('list', ['btcUsd'])
    const { at, selector } = await rig.open([list])
    list.sink?.publish(rows('btcUsd', [91, 91_000, 91_100, 91_200, 9_130_000, 91_400]))
    expect(hours(at, 'btcUsd', 6)).toEqual([
      undefined,
      '91000 list',
      '91100 list',
      '91200 list',
      '91200 list',
      '91400 list',
    ])
    const held = selector.history('btcUsd', T0 + HOUR_MS, T0 + 2 * HOUR_MS)[0]
    expect(held).toMatchObject({ value: 91_200, staleAfterMs: T0 + 2 * HOUR_MS - 1 })
    expect(selector.heldBack()).toMatchObject([{ value: 91, source: 'list' }])
  })

  it('goes on with its price of before where its first row is left out, and not with what another said longer ago', async () => {
    const [market, list] = [new TestFeed('market', ['btcUsd']), new TestFeed('list', ['btcUsd'])]
    const { at, selector } = await rig.open([market, list])
    rig.polls(market, 'btcUsd', 90_000)
    list.sink?.publish(rows('btcUsd', [91_000]))
    rig.nowMs += HOUR_MS
    selector.tick()
    expect(at('btcUsd')).toBe('91000 list')
    list.sink?.publish([
      { name: 'btcUsd', value: 9_130_000, fromMs: rig.nowMs },
      { name: 'btcUsd', value: 91_400, fromMs: rig.nowMs + HOUR_MS },
    ])
    expect(selector.view().quotes).toMatchObject([{ value: 91_000, source: 'list', stale: true }])
    expect(at('btcUsd', rig.nowMs + HOUR_MS)).toBe('91400 list')
  })

  it('takes a row that the next one confirms', async () => {
    const list = new TestFeed('list', ['btcUsd'])
    const { at } = await rig.open([list])
    list.sink?.publish(rows('btcUsd', [91_000, 91_000, 91_000, 30_000, 31_000]))
    expect(hours(at, 'btcUsd', 5).at(3)).toBe('30000 list')
  })

  it('takes one that a person accepts, at each later reading of the list too', async () => {
    const list = new TestFeed('list', ['btcUsd'])
    const { at, selector } = await rig.open([list])
    const all = rows('btcUsd', [91_000, 91_000, 91_000, 5_000])
    list.sink?.publish(all)
    expect(at('btcUsd', T0 + HOUR_MS)).toBe('91000 list')
    expect(selector.accept('btcUsd', 'ann')).toEqual(['list'])
    expect(at('btcUsd', T0 + HOUR_MS)).toBe('5000 list (accepted by ann)')
    list.sink?.publish(all)
    expect([at('btcUsd', T0 + HOUR_MS), selector.heldBack()]).toEqual(['5000 list', []])
  })

  it('of years back is held against its neighbours too', async () => {
    const list = new TestFeed('list', ['btcUsd'])
    const { at } = await rig.open([list])
    list.sink?.publish(rows('btcUsd', [91_000, 91_000], 0))
    list.sink?.earlier(rows('btcUsd', [434, 435, 434_000, 436], -90_000))
    expect(hours(at, 'btcUsd', 4, -90_000)).toEqual(['434 list', '435 list', '435 list', '436 list'])
  })
})

describe('the range of a quote', () => {
  it('is declared beside its unit, and refuses a thousandfold of today’s figures', () => {
    const usual = { ...USUAL, blockHeight: 925_000, energyUsdPerKwh: 0.05, feesBtcPerBlock: 0.03 }
    for (const name of QUOTE_NAMES) {
      expect(quoteFault(name, usual[name])).toBeUndefined()
      expect(quoteFault(name, 1000 * usual[name]), name).toMatch(/expected at most/)
      const { least, most } = QUOTE_RANGES[name]
      expect([quoteFault(name, least), quoteFault(name, most)]).toEqual([undefined, undefined])
    }
  })

  it('stands in the table of collector/README.md', () => {
    const readme = readFileSync('collector/README.md', 'utf8')
    const text = (value: number) => [value.toExponential().replace('+', ''), value.toLocaleString('en')]
    for (const name of QUOTE_NAMES) {
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\` `)) ?? ''
      const { least, most } = QUOTE_RANGES[name]
      const ranges = text(least).flatMap((from) => text(most).map((to) => `${from} to ${to}`))
      expect(
        ranges.some((range) => row.includes(`| ${range} `)),
        `${name}: ${row}`,
      ).toBe(true)
      expect(row).toContain(unitOf(name))
    }
  })
})
