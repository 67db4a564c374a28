import { beforeEach, describe, expect, it } from 'vitest'
import type { FeedQuote } from '../../collector/plugin/feed.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { SelectorRig, T0, TestFeed } from './selector-rig.ts'

let rig: SelectorRig
beforeEach(() => {
  rig = new SelectorRig()
})

describe('a tariff that is known ahead', () => {
  const change = (hours: number, value: number): FeedQuote => ({
    name: 'energyUsdPerKwh',
    value,
    fromMs: T0 + hours * HOUR_MS,
  })
  const tariff = () =>
    new TestFeed('tariff', ['energyUsdPerKwh'], [change(-3, 0.05), change(2, 0.12), change(6, 0.05)])

  it('is stored ahead, and a collector that is down at the change finds it done', async () => {
    const first = await rig.open([tariff()])
    expect(first.at('energyUsdPerKwh', T0 + 3 * HOUR_MS)).toBe('0.12 tariff')
    rig.nowMs = T0 + 8 * HOUR_MS
    const later = await rig.open([], {})
    expect([1, 3, 7].map((h) => later.at('energyUsdPerKwh', T0 + h * HOUR_MS))).toEqual([
      '0.05 tariff',
      '0.12 tariff',
      '0.05 tariff',
    ])
  })

  it('keeps its times over a restart, though its feed has not been asked again yet', async () => {
    await rig.open([tariff()])
    rig.nowMs += HOUR_MS
    const stored = [...rig.stored.values()]
    const { at } = await rig.open([new TestFeed('tariff', ['energyUsdPerKwh'])])
    expect([1, 2, 6].map((h) => at('energyUsdPerKwh', T0 + h * HOUR_MS))).toEqual([
      '0.05 tariff',
      '0.12 tariff',
      '0.05 tariff',
    ])
    expect([...rig.stored.values()].map(({ value, fromMs }) => [value, fromMs])).toEqual(
      stored.map(({ value, fromMs }) => [value, fromMs]),
    )
  })

  it('is forgotten with all its changes ahead where the configuration has another', async () => {
    await rig.open([tariff()])
    rig.nowMs += HOUR_MS
    const { at } = await rig.open([], { energyUsdPerKwh: 0.04 })
    const hours = [0.5, 1, 2, 6].map((h) => at('energyUsdPerKwh', T0 + h * HOUR_MS))
    expect(hours).toEqual(['0.05 tariff', ...Array(3).fill('0.04 configuration')])
    rig.nowMs += 24 * HOUR_MS
    const again = await rig.open([], { energyUsdPerKwh: 0.04 })
    expect(again.at('energyUsdPerKwh', T0 + 3 * HOUR_MS)).toBe('0.04 configuration')
  })

  it('takes over from a feed that fell silent before it, and not from one that speaks', async () => {
    const live = new TestFeed('market', ['energyUsdPerKwh'])
    const { at } = await rig.open([live, tariff()])
    rig.nowMs = T0 + 2 * HOUR_MS - MINUTE_MS
    live.says('energyUsdPerKwh', 0.3, { staleAfterMs: rig.nowMs + 5 * MINUTE_MS })
    expect(at('energyUsdPerKwh', T0 + 2 * HOUR_MS)).toBe('0.3 market')
    expect(at('energyUsdPerKwh', T0 + 6 * HOUR_MS)).toBe('0.05 tariff')
  })

  it('that ends gives way at its end to the next in the order, though the collector be down', async () => {
    const list = new TestFeed(
      'list',
      ['energyUsdPerKwh'],
      [change(0, 0.2), { ...change(1, 0.3), staleAfterMs: T0 + 2 * HOUR_MS - 1 }],
    )
    const { at } = await rig.open([list, tariff()])
    const hours = [0, 1, 1.999, 2, 6].map((h) => at('energyUsdPerKwh', T0 + h * HOUR_MS))
    expect(hours).toEqual(['0.2 list', '0.3 list', '0.3 list', '0.12 tariff', '0.05 tariff'])
    rig.nowMs = T0 + 1.5 * HOUR_MS
    list.sink?.publish([change(0, 0.2), { ...change(1, 0.3), staleAfterMs: T0 + 2 * HOUR_MS - 1 }])
    expect(at('energyUsdPerKwh', T0 + 2 * HOUR_MS)).toBe('0.12 tariff')
  })

  it('fills the time in which the collector was down with what it knows of it', async () => {
    const hours = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => change(from + i, (from + i) / 100))
    const first = new TestFeed('day-ahead', ['energyUsdPerKwh'], hours(0, 3))
    await rig.open([first])
    rig.nowMs = T0 + 30 * HOUR_MS
    const { at } = await rig.open([new TestFeed('day-ahead', ['energyUsdPerKwh'], hours(0, 40))])
    expect([2, 3, 17, 29, 30, 39].map((h) => at('energyUsdPerKwh', T0 + h * HOUR_MS + 1))).toEqual(
      [2, 3, 17, 29, 30, 39].map((h) => `${h / 100} day-ahead`),
    )
  })

  it('leaves the past alone where another source came between', async () => {
    await rig.open([], { energyUsdPerKwh: 0.04 })
    rig.nowMs = T0 + 5 * HOUR_MS
    const { at } = await rig.open([tariff()])
    expect(at('energyUsdPerKwh', T0 + 3 * HOUR_MS)).toBe('0.04 configuration')
    expect(at('energyUsdPerKwh')).toBe('0.12 tariff')
  })
})

describe('the time before the first price', () => {
  const at12 = (hours: number, value: number): FeedQuote => ({
    name: 'btcUsd',
    value,
    fromMs: T0 + hours * HOUR_MS,
  })

  it('is priced by the rows of a price list, each in its time, also those that are told apart for their age', async () => {
    const list = new TestFeed('list', ['btcUsd'], [at12(-2, 7), at12(-1, 8), at12(1, 9)])
    const { at, filled } = await rig.open([list])
    list.sink?.earlier([at12(-90_000, 1), at12(-80_000, 2)])
    expect([-90_001, -90_000, -80_001, -3, -2, -1, 0, 1].map((h) => at('btcUsd', T0 + h * HOUR_MS))).toEqual([
      undefined,
      '1 list',
      '1 list',
      '2 list',
      '7 list',
      '8 list',
      '8 list',
      '9 list',
    ])
    expect(filled).toContainEqual(
      expect.objectContaining({ name: 'btcUsd', fromMs: T0 - 2 * HOUR_MS, toMs: T0 }),
    )
    expect(filled).toContainEqual(
      expect.objectContaining({ fromMs: T0 - 90_000 * HOUR_MS, toMs: T0 - 2 * HOUR_MS }),
    )
    // the others are stored at the next tick
    const stored = [...rig.stored.values()].map((q) => (q.fromMs - T0) / HOUR_MS)
    expect(stored.sort((one, other) => one - other)).toEqual([-2, -1, 0, 1])
  })

  it('has the first answer of a polled source for one poll, over a restart too, and nothing before', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const first = await rig.open([feed])
    feed.says('btcUsd', 5, { staleAfterMs: rig.nowMs + 15 * MINUTE_MS, intervalMs: 5 * MINUTE_MS })
    const seen = ({ at }: typeof first) => [-5.01, -5, 0].map((m) => at('btcUsd', T0 + m * MINUTE_MS))
    expect(seen(first)).toEqual([undefined, '5 a (before it was known)', '5 a'])
    await first.selector.stop()
    rig.nowMs += HOUR_MS
    expect(seen(await rig.open([new TestFeed('a', ['btcUsd'])]))).toEqual(seen(first))
  })

  it('takes a price that is pushed for it, which ends where a price was known, and overrides nothing now', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector, filled } = await rig.open([feed])
    feed.says('btcUsd', 5, { staleAfterMs: rig.nowMs + HOUR_MS, intervalMs: MINUTE_MS })
    expect(selector.push({ name: 'btcUsd', value: 3, by: 'desk', fromMs: T0 - 3 * HOUR_MS })).toMatchObject({
      knownMs: T0,
    })
    expect([-3.01, -3, -0.001, 0].map((h) => at('btcUsd', T0 + h * HOUR_MS))).toEqual([
      undefined,
      '3 pushed by desk (for a time before)',
      '3 pushed by desk (for a time before)',
      '5 a',
    ])
    expect(filled.at(-1)).toMatchObject({ name: 'btcUsd', fromMs: T0 - 3 * HOUR_MS, toMs: T0 })
    await selector.stop()
    rig.nowMs += MINUTE_MS
    const later = await rig.open([feed])
    expect(later.at('btcUsd', T0 - HOUR_MS)).toBe('3 pushed by desk (for a time before)')
    expect(later.at('btcUsd')).toBe('5 a')
  })

  it('and now have a price that is pushed for the past where none is known at all', async () => {
    const { at, selector } = await rig.open([])
    selector.push({ name: 'btcUsd', value: 3, by: 'desk', fromMs: T0 - 3 * HOUR_MS })
    expect([-3, 0].map((h) => at('btcUsd', T0 + h * HOUR_MS))).toEqual([
      '3 pushed by desk',
      '3 pushed by desk',
    ])
  })

  it('has a typed price again after the clock was set back behind its first reading', async () => {
    rig.nowMs = T0 + 24 * HOUR_MS
    const { at, selector } = await rig.open([], { btcUsd: 5 })
    selector.tick()
    rig.nowMs = T0
    expect(at('btcUsd')).toBeUndefined()
    selector.tick()
    expect(at('btcUsd')).toBe('5 configuration')
    expect(at('btcUsd', T0 + 25 * HOUR_MS)).toBe('5 configuration')
  })
})

describe('a value that is not to be believed', () => {
  it('is held back when it leaps, said once, and used when it is pushed or comes back', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    feed.says('btcUsd', 91_000, { staleAfterMs: rig.nowMs + MINUTE_MS })
    feed.says('btcUsd', 910, { staleAfterMs: rig.nowMs + MINUTE_MS })
    feed.says('btcUsd', 911, { staleAfterMs: rig.nowMs + MINUTE_MS })
    expect(at('btcUsd')).toBe('91000 a')
    expect(selector.heldBack()).toMatchObject([
      { name: 'btcUsd', value: 911, source: 'a', reason: '1 % of the last value' },
    ])
    expect(rig.lines.filter((event) => event === 'a quote is held back').length).toBe(1)
    feed.says('btcUsd', 91_500)
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['91500 a', []])
    feed.says('btcUsd', 1_000)
    selector.push({ name: 'btcUsd', value: 1_000, by: 'desk', staleAfterMs: rig.nowMs + 10 })
    feed.says('btcUsd', 1_001)
    rig.nowMs += 11
    selector.tick()
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['1001 a', []])
  })

  it('is held back where a feed says that blocks have no fees: the last ones stay; a person may say so', async () => {
    const feed = new TestFeed('a', ['feesBtcPerBlock'])
    const { at, selector } = await rig.open([feed])
    feed.says('feesBtcPerBlock', 0.02)
    feed.says('feesBtcPerBlock', 0)
    expect(at('feesBtcPerBlock')).toBe('0.02 a')
    expect(selector.heldBack()).toMatchObject([{ value: 0, reason: expect.stringMatching(/without fees/) }])
    expect(selector.push({ name: 'feesBtcPerBlock', value: 0, by: 'desk' })).toMatchObject({
      heldBack: { reason: '0, where the last value is 0.02' },
    })
    selector.push({ name: 'feesBtcPerBlock', value: 0, by: 'desk', sure: true })
    expect(at('feesBtcPerBlock')).toBe('0 pushed by desk (said to be sure)')
  })

  it('is left out of a list, and the rest of the list counts', async () => {
    const feed = new TestFeed('list', ['energyUsdPerKwh'])
    const { at, selector } = await rig.open([feed])
    const values = [0.05, 52, 0.06]
    feed.sink?.publish(
      values.map((value, h) => ({ name: 'energyUsdPerKwh', value, fromMs: T0 + h * HOUR_MS })),
    )
    expect([0, 1, 2].map((h) => at('energyUsdPerKwh', T0 + h * HOUR_MS))).toEqual([
      '0.05 list',
      '0.05 list',
      '0.06 list',
    ])
    expect(selector.history('energyUsdPerKwh', T0, T0 + 1)).toMatchObject([
      { staleAfterMs: T0 + HOUR_MS - 1 },
    ])
    expect(selector.heldBack()).toMatchObject([{ value: 52 }])
  })

  it.each([
    ['btcUsd', 0],
    ['difficulty', -1],
    ['blockHeight', 1.5],
    ['feesBtcPerBlock', -0.1],
    ['energyUsdPerKwh', 45],
    ['fx.EUR', Number.NaN],
  ] as const)('is held back where %s is %d', async (name, value) => {
    const feed = new TestFeed('a', [name])
    const { at, selector } = await rig.open([feed])
    feed.says(name, value)
    expect(at(name)).toBeUndefined()
    expect(selector.heldBack()).toMatchObject([{ name, source: 'a' }])
  })
})
