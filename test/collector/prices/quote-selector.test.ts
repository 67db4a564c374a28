import { beforeEach, describe, expect, it } from 'vitest'
import type { QuoteSelector } from '../../../collector/prices/quote-selector.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { SelectorRig, T0, TestFeed } from '../selector-rig.ts'

let rig: SelectorRig
beforeEach(() => {
  rig = new SelectorRig()
})

describe('whose price counts', () => {
  it('a typed price until a feed has spoken, and not again when the feed is stale', async () => {
    const feed = new TestFeed('tickers', ['btcUsd'])
    const { at, selector } = await rig.open([feed], { btcUsd: 95_000 })
    expect(at('btcUsd')).toBe('95000 configuration')
    feed.says('btcUsd', 91_000, { staleAfterMs: rig.nowMs + 10 })
    expect(at('btcUsd')).toBe('91000 tickers')
    rig.nowMs += 1_000
    selector.tick()
    expect(at('btcUsd')).toBe('91000 tickers')
    expect(selector.view().quotes).toMatchObject([{ value: 91_000, stale: true }])
  })

  it('the first feed in the order of the configuration that is fresh', async () => {
    const [first, second] = [new TestFeed('a', ['btcUsd']), new TestFeed('b', ['btcUsd'])]
    const { at, selector } = await rig.open([first, second])
    second.says('btcUsd', 2, { staleAfterMs: rig.nowMs + 1_000_000 })
    expect(at('btcUsd')).toBe('2 b')
    first.says('btcUsd', 1, { staleAfterMs: rig.nowMs + 100 })
    expect(at('btcUsd')).toBe('1 a')
    rig.nowMs += 101
    selector.tick()
    expect(at('btcUsd')).toBe('2 b')
    first.says('btcUsd', 1.5, { staleAfterMs: rig.nowMs + 100 })
    expect(at('btcUsd')).toBe('1.5 a')
  })

  it('of stale ones the one that was heard last', async () => {
    const [first, second] = [new TestFeed('a', ['btcUsd']), new TestFeed('b', ['btcUsd'])]
    const { at, selector } = await rig.open([first, second])
    first.says('btcUsd', 1, { staleAfterMs: rig.nowMs + 100 })
    rig.nowMs += 50
    second.says('btcUsd', 2, { staleAfterMs: rig.nowMs + 100 })
    rig.nowMs += 1_000
    selector.tick()
    expect(at('btcUsd')).toBe('2 b')
  })

  it('the past keeps the price that it had', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at } = await rig.open([feed])
    feed.says('btcUsd', 1)
    rig.nowMs += MINUTE_MS
    feed.says('btcUsd', 2)
    expect([at('btcUsd', T0), at('btcUsd', rig.nowMs - 1), at('btcUsd')]).toEqual(['1 a', '1 a', '2 a'])
  })

  it('after a restart the last quote of a feed, though it has not answered yet', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const first = await rig.open([feed], { btcUsd: 95_000 })
    feed.says('btcUsd', 91_000, { staleAfterMs: rig.nowMs + 1_000 })
    await first.selector.stop()
    rig.nowMs += 10 * MINUTE_MS
    const { at, selector } = await rig.open([new TestFeed('a', ['btcUsd'])], { btcUsd: 95_000 })
    expect(at('btcUsd')).toBe('91000 a')
    expect(selector.view().quotes).toMatchObject([{ stale: true }])
  })

  it('the typed price again where the feed is not configured any more', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const first = await rig.open([feed])
    feed.says('btcUsd', 91_000)
    await first.selector.stop()
    rig.nowMs += MINUTE_MS
    const { at } = await rig.open([], { btcUsd: 95_000 })
    expect([at('btcUsd', rig.nowMs - 1), at('btcUsd')]).toEqual(['91000 a', '95000 configuration'])
  })
})

describe('a pushed quote', () => {
  const push = (selector: QuoteSelector, value: number, fromMs?: number, staleAfterMs?: number) =>
    selector.push({
      name: 'btcUsd',
      value,
      by: 'desk',
      ...(fromMs === undefined ? {} : { fromMs }),
      ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    })

  it('counts before every feed while it holds, and ends though the collector be down', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    feed.says('btcUsd', 5, { staleAfterMs: rig.nowMs + 2 * HOUR_MS })
    expect(push(selector, 7, rig.nowMs, rig.nowMs + HOUR_MS)).toMatchObject({
      value: 7,
      source: 'pushed by desk',
    })
    feed.says('btcUsd', 5.1, { staleAfterMs: rig.nowMs + 2 * HOUR_MS })
    expect(at('btcUsd')).toBe('7 pushed by desk')
    expect(at('btcUsd', rig.nowMs + HOUR_MS + 1)).toBe('5.1 a')
    await selector.stop()
    expect(rig.stored.get(`btcUsd ${rig.nowMs + HOUR_MS + 1}`)).toMatchObject({ value: 5.1 })
  })

  it('without an end counts until the next, over a restart', async () => {
    const first = await rig.open([], { btcUsd: 5 })
    push(first.selector, 7)
    await first.selector.stop()
    rig.nowMs += HOUR_MS
    const { at, selector } = await rig.open([], { btcUsd: 5 })
    expect(at('btcUsd')).toBe('7 pushed by desk')
    push(selector, 8)
    expect(at('btcUsd')).toBe('8 pushed by desk')
  })

  it.each([['over a restart'], ['without one']])(
    'for a past time that had no price fills that time alone where the name has a feed, %s',
    async (how) => {
      const feed = new TestFeed('a', ['btcUsd'])
      let { at, selector } = await rig.open([feed])
      push(selector, 7, rig.nowMs - HOUR_MS)
      await selector.stop()
      if (how === 'over a restart') ({ at, selector } = await rig.open([feed]))
      expect(at('btcUsd')).toBe('7 pushed by desk (for a time before)')
      feed.says('btcUsd', 8)
      expect(at('btcUsd')).toBe('8 a')
      expect(at('btcUsd', rig.nowMs - 1)).toBe('7 pushed by desk (for a time before)')
    },
  )

  it.each([
    ['before', [7, -2, 7]],
    ['after', [7, 7, -2]],
  ])(
    'for now counts before the feeds after a restart, though the same was pushed %s it for a past time',
    async (_, [value = 0, ...hours]) => {
      const feed = new TestFeed('a', ['btcUsd'])
      const { selector } = await rig.open([feed])
      for (const hour of hours) {
        rig.nowMs += MINUTE_MS
        push(selector, value, hour < 0 ? rig.nowMs + hour * HOUR_MS : rig.nowMs)
      }
      await selector.stop()
      const { at } = await rig.open([feed])
      feed.says('btcUsd', 8)
      expect(at('btcUsd')).toBe('7 pushed by desk')
    },
  )

  it('for a past time takes the place of what was only assumed of it, over a restart', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { selector } = await rig.open([feed])
    feed.says('btcUsd', 8, { intervalMs: 5 * MINUTE_MS })
    push(selector, 7, rig.nowMs - HOUR_MS)
    await selector.stop()
    const { at } = await rig.open([feed])
    expect(at('btcUsd', rig.nowMs - MINUTE_MS)).toBe('7 pushed by desk (for a time before)')
    expect(at('btcUsd')).toBe('8 a')
  })

  it('for a past time that has a price counts from now on, and does so after a restart', async () => {
    let { at, selector } = await rig.open([])
    push(selector, 7)
    rig.nowMs += HOUR_MS
    push(selector, 8)
    rig.nowMs += HOUR_MS
    const pushed = push(selector, 9, rig.nowMs - 1.5 * HOUR_MS)
    expect(pushed).toMatchObject({ value: 9, fromMs: rig.nowMs })
    await selector.stop()
    const kept = [-2, -1, 0].map((h) => at('btcUsd', rig.nowMs + h * HOUR_MS))
    expect(kept).toEqual(['7 pushed by desk', '8 pushed by desk', '9 pushed by desk'])
    ;({ at, selector } = await rig.open([]))
    rig.nowMs += HOUR_MS
    expect(at('btcUsd')).toBe('9 pushed by desk')
  })

  it('may lie ahead, in any order and with others between', async () => {
    const { at, selector } = await rig.open([], { btcUsd: 5 })
    push(selector, 9, rig.nowMs + 2 * HOUR_MS)
    push(selector, 8, rig.nowMs + HOUR_MS)
    push(selector, 7)
    const hours = [0, 1, 2].map((h) => at('btcUsd', rig.nowMs + h * HOUR_MS))
    expect(hours).toEqual(['7 pushed by desk', '8 pushed by desk', '9 pushed by desk'])
    push(selector, 8.5, rig.nowMs + HOUR_MS)
    expect(at('btcUsd', rig.nowMs + HOUR_MS)).toBe('8.5 pushed by desk')
  })

  it('that lies ahead changes nothing before its time, though nobody else says anything', async () => {
    const { at, selector } = await rig.open([])
    push(selector, 9, rig.nowMs + HOUR_MS)
    await selector.stop()
    expect([...rig.stored.values()].map((q) => [q.fromMs, q.value])).toEqual([[rig.nowMs + HOUR_MS, 9]])
    expect(at('btcUsd', rig.nowMs + HOUR_MS)).toBe('9 pushed by desk')
  })

  it('is refused where it can’t be a price', async () => {
    const { selector } = await rig.open([])
    expect(push(selector, 0)).toEqual({ refused: 'expected more than 0' })
    expect(push(selector, Number.POSITIVE_INFINITY)).toEqual({ refused: 'expected a number' })
    expect(selector.push({ name: 'energyUsdPerKwh', value: 45, by: 'desk' })).toEqual({
      refused: expect.stringMatching(/if it is a price per MWh/),
    })
  })
})

describe('the store', () => {
  it('has every quote in the end, though it failed for a while', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { selector } = await rig.open([feed])
    rig.failure = new Error('disk full')
    for (const value of [1, 2, 3]) {
      feed.says('btcUsd', value)
      rig.nowMs += MINUTE_MS
    }
    await selector.stop()
    expect(rig.stored.size).toBe(0)
    rig.failure = undefined
    await selector.stop()
    expect([...rig.stored.values()].map((q) => q.value)).toEqual([1, 2, 3])
    expect(rig.lines.filter((event) => event.startsWith('quotes'))).toEqual([
      'quotes not stored; will try again',
      'quotes are stored again',
    ])
  })
})

describe('a feed that fails', () => {
  it('is said once, and once when it is well again', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { selector } = await rig.open([feed])
    feed.sink?.failing('no answer')
    feed.sink?.failing('no route')
    expect(selector.reports()[0]).toEqual({
      name: 'a',
      feed: 'test',
      quotes: ['btcUsd'],
      failing: 'no route',
      // its tries gave nothing at all
      silent: true,
    })
    feed.sink?.failing(undefined)
    expect(rig.lines).toEqual(['a feed fails', 'a feed is well again'])
  })
})
