import { beforeEach, describe, expect, it } from 'vitest'
import type { FeedQuote } from '../../../collector/plugin/feed.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import { POLL_MS, SelectorRig, T0, TestFeed } from '../selector-rig.ts'

let rig: SelectorRig
beforeEach(() => {
  rig = new SelectorRig()
})

describe('a price typed in the configuration', () => {
  it.each([
    ['btcUsd', 91_000, 9_100_000],
    ['difficulty', 1.5e14, 1.5e11],
    ['feesBtcPerBlock', 0.03, 24],
    ['feesBtcPerBlock', 0.03, 0],
    ['blockHeight', 925_000, 92_500],
    ['energyUsdPerKwh', 0.05, 15],
    ['fx.EUR', 0.92, 92],
  ] as const)(
    'of %s, %d, is what a first push and a feed’s first reading of %d are held against',
    async (name, typed, value) => {
      const first = await rig.open([], { [name]: typed })
      expect(first.selector.push({ name, value, by: 'desk' })).toHaveProperty('heldBack')
      expect(first.at(name)).toBe(`${typed} configuration`)
      rig = new SelectorRig()
      const feed = new TestFeed('a', [name])
      const { at, selector } = await rig.open([feed], { [name]: typed })
      for (let n = 0; n < 20; n++) rig.polls(feed, name, value)
      expect([at(name), selector.heldBack()]).toMatchObject([`${typed} configuration`, [{ source: 'a' }]])
    },
  )

  it('that is years old holds a feed’s first reading until its second, and far from it until another source says so', async () => {
    const [a, b] = [new TestFeed('a', ['btcUsd']), new TestFeed('b', ['btcUsd'])]
    const { at, selector } = await rig.open([a, b], { btcUsd: 23_000 })
    rig.polls(a, 'btcUsd', 91_000)
    expect([at('btcUsd'), selector.heldBack()]).toMatchObject([
      '23000 configuration',
      [{ source: 'a', waitsFor: 'its next reading, another source or a person' }],
    ])
    rig.polls(a, 'btcUsd', 91_500)
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['91500 a', []])
    rig = new SelectorRig()
    const far = await rig.open([a, b], { btcUsd: 1_000 })
    for (let n = 0; n < 20; n++) rig.polls(a, 'btcUsd', 91_000)
    expect([far.at('btcUsd'), far.selector.heldBack()]).toMatchObject([
      '1000 configuration',
      [{ source: 'a' }],
    ])
    rig.polls(b, 'btcUsd', 91_100)
    expect(far.at('btcUsd')).toBe('91100 b')
  })

  it('of a height may be two years behind, and not ahead', async () => {
    const { selector } = await rig.open([], { blockHeight: 900_000 })
    const push = (value: number) => selector.push({ name: 'blockHeight', value, by: 'desk' })
    expect(push(899_000)).toHaveProperty('heldBack')
    expect(push(954_000)).toMatchObject({ value: 954_000 })
  })

  it('holds no list back for one wrong row, near or of earlier times', async () => {
    const list = new TestFeed('list', ['btcUsd'])
    const { at, selector } = await rig.open([list], { btcUsd: 91_000 })
    const rows = (values: number[], hour: number) =>
      values.map((value, i): FeedQuote => ({ name: 'btcUsd', value, fromMs: T0 + (hour + i) * HOUR_MS }))
    list.sink?.publish(rows([90_000, 90_100, 9_020_000], -2))
    list.sink?.earlier(rows([89_000, 89_100, 89_200_000], -9))
    expect([-9, -8, -7, -2, -1].map((h) => at('btcUsd', T0 + h * HOUR_MS))).toEqual([
      '89000 list',
      '89100 list',
      '89100 list',
      '90000 list',
      '90100 list',
    ])
    expect(selector.heldBack()).toMatchObject([{ value: 9_020_000 }])
  })

  it('is what a new list is held against, whose rows can’t confirm each other from ten times on', async () => {
    const list = new TestFeed('list', ['btcUsd'])
    const { at, selector } = await rig.open([list], { btcUsd: 91_000 })
    const rows = [-1, 0, 1].map(
      (hour): FeedQuote => ({ name: 'btcUsd', value: 9_100_000, fromMs: T0 + hour * HOUR_MS }),
    )
    list.sink?.publish(rows)
    expect([at('btcUsd'), selector.heldBack()]).toMatchObject(['91000 configuration', [{ source: 'list' }]])
    list.sink?.earlier([{ name: 'btcUsd', value: 9_100_000, fromMs: T0 - 9 * HOUR_MS }])
    expect(at('btcUsd', T0 - 8 * HOUR_MS)).toBeUndefined()
    expect(selector.accept('btcUsd', 'ann')).toEqual(['list'])
    expect(at('btcUsd')).toBe('9100000 list (accepted by ann)')
  })
})

describe('a value that was read once', () => {
  it('gives way to five readings over minutes that say otherwise, and its rows are told and marked', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 9_100_000)
    const wrongMs = rig.nowMs
    for (let n = 0; n < 4; n++) rig.polls(feed, 'btcUsd', 91_000 + n)
    expect([at('btcUsd'), selector.heldBack()]).toMatchObject([
      '9100000 a',
      [{ value: 91_003, waitsFor: '5 such readings over minutes, another source or a person' }],
    ])
    rig.polls(feed, 'btcUsd', 91_004)
    expect(at('btcUsd')).toBe('91004 a')
    expect(selector.heldBack()).toEqual([
      expect.objectContaining({ value: 9_100_000, usedFromMs: wrongMs, sinceMs: rig.nowMs }),
    ])
    expect(at('btcUsd', wrongMs)).toBe('9100000 a (never confirmed)')
    expect(selector.history('btcUsd', wrongMs, wrongMs + 1)).toMatchObject([{ staleAfterMs: wrongMs - 1 }])
    expect(at('btcUsd', wrongMs - 1)).toBe('9100000 a (before it was known; never confirmed)')
    await selector.stop()
    expect(rig.stored.get(`btcUsd ${wrongMs}`)?.source).toBe('a (never confirmed)')
    rig.polls(feed, 'btcUsd', 91_010)
    rig.nowMs += 24 * HOUR_MS
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['91010 a', []])
  })

  it('holds no list of many rows back that is new', async () => {
    const [a, list] = [new TestFeed('a', ['btcUsd']), new TestFeed('list', ['btcUsd'])]
    const { at } = await rig.open([list, a])
    rig.polls(a, 'btcUsd', 9_100_000)
    const rows = [-3, -2, -1, 0, 1].map(
      (hour): FeedQuote => ({ name: 'btcUsd', value: 91_000, fromMs: T0 + hour * HOUR_MS }),
    )
    list.sink?.publish(rows.slice(0, 4))
    expect(at('btcUsd')).toBe('9100000 a')
    list.sink?.publish(rows)
    expect(at('btcUsd')).toBe('91000 list')
  })

  it('does not give way to one answer that comes many times within seconds', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 9_100_000)
    for (let n = 0; n < 50; n++) {
      rig.nowMs += 1_000
      feed.says('btcUsd', 91_000, { intervalMs: POLL_MS })
    }
    expect(at('btcUsd')).toBe('9100000 a')
  })

  it('stays where another source says the same, or a person accepted it', async () => {
    const [a, b] = [new TestFeed('a', ['btcUsd']), new TestFeed('b', ['btcUsd'])]
    const { at } = await rig.open([a, b])
    rig.polls(b, 'btcUsd', 91_000)
    rig.polls(a, 'btcUsd', 91_100)
    for (let n = 0; n < 20; n++) rig.polls(a, 'btcUsd', 910)
    expect(at('btcUsd')).toMatch(/^91[01]00 /)
  })

  it('stays weak over a restart, and one of a steady course strong', async () => {
    const restarted = async (before: number[], after: number) => {
      rig = new SelectorRig()
      const feed = new TestFeed('a', ['btcUsd'])
      const first = await rig.open([feed])
      for (const value of before) rig.polls(feed, 'btcUsd', value)
      await first.selector.stop()
      const again = new TestFeed('a', ['btcUsd'])
      const { at } = await rig.open([again])
      for (let n = 0; n < 20; n++) rig.polls(again, 'btcUsd', after)
      return at('btcUsd')
    }
    expect(await restarted([9_100_000], 91_000)).toBe('91000 a')
    expect(await restarted([91_000, 91_100, 91_200, 91_300, 91_400], 910)).toBe('91400 a')
  })
})

describe('an energy price', () => {
  const name = 'energyUsdPerKwh'

  it('beyond the cap of every market is held back, whoever says it, and a person or another source takes it', async () => {
    const [a, b] = [new TestFeed('a', [name]), new TestFeed('b', [name])]
    const { at, selector } = await rig.open([a, b])
    for (let n = 0; n < 20; n++) rig.polls(a, name, n === 0 ? 0.05 : 15)
    expect([at(name), selector.heldBack()]).toMatchObject(['0.05 a', [{ value: 15 }]])
    expect(selector.push({ name, value: -15, by: 'desk' })).toHaveProperty('heldBack')
    expect(selector.accept(name, 'ann').length).toBe(2)
    rig.polls(a, name, 15.2)
    rig.polls(b, name, 15.1)
    expect(selector.heldBack()).toEqual([])
  })

  it('of a market leaps within its cap; a pushed or typed one never by a hundredfold', async () => {
    const market = new TestFeed('a', [name])
    const { at, selector } = await rig.open([market], { [name]: 0.05 })
    for (const value of [0.02, 9, -4, 13.3]) rig.polls(market, name, value)
    expect([at(name), selector.heldBack()]).toEqual(['13.3 a', []])
    rig.polls(market, name, 0.05)
    expect(selector.push({ name, value: 5, by: 'desk' })).toMatchObject({
      heldBack: { reason: '5 USD/kWh, where the last value is 0.05' },
    })
    expect(selector.push({ name, value: 0.9, by: 'desk' })).toMatchObject({ value: 0.9 })
  })

  it('that is typed beside a tariff, or a tariff beside a typed one, is held a hundred times from it', async () => {
    const tariff = new TestFeed('night', [name], [], 'time-of-use')
    const { at, selector } = await rig.open([tariff], { [name]: 0.05 })
    tariff.sink?.publish([{ name, value: 6, fromMs: T0 - HOUR_MS }])
    expect([at(name), selector.heldBack()]).toMatchObject(['0.05 configuration', [{ source: 'night' }]])
    rig = new SelectorRig()
    const wrong = await rig.open([], { [name]: 15 })
    expect([wrong.at(name), wrong.selector.heldBack()]).toMatchObject([
      undefined,
      [{ source: 'configuration', value: 15, reason: expect.stringContaining('divide it by 1000') }],
    ])
    expect(wrong.selector.accept(name, 'ann')).toEqual(['configuration'])
    expect(wrong.at(name)).toBe('15 configuration (accepted by ann)')
  })
})
