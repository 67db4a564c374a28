import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { QuoteSelector } from '../../../collector/prices/quote-selector.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { LEAPING, POLL_MS, SelectorRig, T0, TestFeed, USUAL } from '../selector-rig.ts'

let rig: SelectorRig
beforeEach(() => {
  rig = new SelectorRig()
})

describe('a pushed price that leaps', () => {
  it('is held back, whoever pushes it, and told with what confirms it', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    const pushed = selector.push({ name: 'btcUsd', value: 910_000, by: 'desk' })
    expect(pushed).toMatchObject({
      heldBack: {
        source: 'pushed by desk',
        reason: '10 times the last value',
        waitsFor: 'another source or a person',
      },
    })
    expect(at('btcUsd')).toBe('91000 a')
    expect(selector.heldBack()).toMatchObject([{ value: 910_000 }])
    expect(selector.accept('btcUsd', 'ann')).toEqual(['pushed by desk (accepted by ann)'])
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['910000 pushed by desk (accepted by ann)', []])
  })

  it('is taken at once from one who is sure, and not because it is pushed once more, under whatever name', async () => {
    const { at, selector } = await rig.open([])
    const push = (value: number, by: string, sure = false) => {
      rig.nowMs += MINUTE_MS
      return selector.push({ name: 'btcUsd', value, by, sure })
    }
    push(91_000, 'desk')
    for (const by of ['desk', 'desk2', 'mqtt', 'desk2']) {
      for (const value of [500_000, 9_100_000]) expect(push(value, by)).toHaveProperty('heldBack')
      expect(at('btcUsd')).toBe('91000 pushed by desk')
    }
    push(500_000, 'desk', true)
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['500000 pushed by desk (said to be sure)', []])
  })

  it('is taken where a feed says the same, in use or held back', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    rig.polls(feed, 'btcUsd', 9_000)
    selector.push({ name: 'btcUsd', value: 9_100, by: 'desk' })
    expect([at('btcUsd'), selector.heldBack()]).toMatchObject(['9100 pushed by desk', [{ source: 'a' }]])
  })

  it('is held against what feeds say now, though an old push still holds', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    selector.push({ name: 'btcUsd', value: 91_000, by: 'desk' })
    rig.nowMs += 40 * 24 * HOUR_MS
    rig.polls(feed, 'btcUsd', 91_000)
    expect(selector.push({ name: 'btcUsd', value: 910_000, by: 'desk' })).toHaveProperty('heldBack')
    expect(at('btcUsd')).toBe('91000 pushed by desk')
  })

  it('is held for a hundredfold however long nothing was pushed', async () => {
    const { selector } = await rig.open([])
    for (const name of LEAPING) selector.push({ name, value: USUAL[name], by: 'desk' })
    rig.nowMs += 360 * 24 * HOUR_MS
    for (const name of LEAPING)
      for (const factor of name === 'feesBtcPerBlock' ? [100] : [50, 0.01])
        expect(selector.push({ name, value: USUAL[name] * factor, by: 'desk' }), name).toHaveProperty(
          'heldBack',
        )
  })

  it('is held against what others say, and not against earlier pushes, which each moved a little', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    for (let n = 0; n < 4; n++) rig.polls(feed, 'btcUsd', 91_000)
    const push = (value: number, minutes: number) =>
      selector.push({ name: 'btcUsd', value, by: 'desk', fromMs: rig.nowMs + minutes * MINUTE_MS })
    // before the first known price: twofold at once, and five times as much over a day and a half
    expect(push(181_000, -30)).toHaveProperty('value')
    expect(push(900_000, -2_200)).toHaveProperty('heldBack')
    // a past time whose price is known: it would count from now on
    expect(push(181_000, -3)).toHaveProperty('value')
    rig.polls(feed, 'btcUsd', 91_000)
    expect(push(361_000, -3)).toHaveProperty('heldBack')
    expect(at('btcUsd')).toBe('181000 pushed by desk')
  })

  it('never moves a price ten times away, in whatever order, from whomever and for whatever time it is pushed', async () => {
    const push = fc.record({
      value: fc.oneof(
        fc.double({ min: 1, max: 1e7, noNaN: true }),
        // each as far from the one before as a price may move at once
        fc.integer({ min: -6, max: 6 }).map((n) => 91_000 * 1.99 ** n),
      ),
      by: fc.constantFrom('desk', 'desk2', 'mqtt'),
      minutes: fc.integer({ min: -3_000, max: 60 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(push, { maxLength: 12 }), async (pushes) => {
        rig = new SelectorRig()
        const feed = new TestFeed('a', ['btcUsd'])
        const { selector } = await rig.open([feed])
        for (let n = 0; n < 4; n++) rig.polls(feed, 'btcUsd', 91_000)
        for (const { value, by, minutes } of pushes) {
          selector.push({ name: 'btcUsd', value, by, fromMs: rig.nowMs + minutes * MINUTE_MS })
          rig.polls(feed, 'btcUsd', 91_000)
        }
        const used = selector.history('btcUsd', 0, rig.nowMs + 24 * HOUR_MS)
        // within two days a price may have moved sixfold
        for (const { value } of used) expect(Math.max(value / 91_000, 91_000 / value)).toBeLessThan(10)
      }),
      { numRuns: 60 },
    )
  })

  it('waits until a right one is taken for its time or after it, or it would have ended', async () => {
    const { selector } = await rig.open([])
    const push = (value: number, more = {}) => selector.push({ name: 'btcUsd', value, by: 'desk', ...more })
    push(91_000)
    push(9_100_000, { fromMs: T0 + HOUR_MS })
    push(9_200_000, { staleAfterMs: T0 + HOUR_MS })
    expect(selector.heldBack().map(({ value }) => value)).toEqual([9_100_000, 9_200_000])
    rig.nowMs += HOUR_MS + 1
    expect(selector.heldBack().map(({ value }) => value)).toEqual([9_100_000])
    push(92_000)
    expect(selector.heldBack()).toEqual([])
  })

  it('waits over a restart, and is accepted then', async () => {
    const first = await rig.open([], { btcUsd: 91_000 })
    first.selector.push({ name: 'btcUsd', value: 910_000, by: 'desk' })
    const kept = first.selector.memory()
    await first.selector.stop()
    rig.nowMs += HOUR_MS
    const { at, selector } = await rig.open([], { btcUsd: 91_000 })
    selector.restore(kept)
    expect(selector.heldBack()).toMatchObject([{ value: 910_000, source: 'pushed by desk' }])
    expect(selector.accept('btcUsd', 'ann')).toEqual(['pushed by desk (accepted by ann)'])
    expect(at('btcUsd')).toBe('910000 pushed by desk (accepted by ann)')
  })
})

describe('a price that is pushed ahead', () => {
  const ahead = (selector: QuoteSelector, value: number, hours: number, more = {}) =>
    selector.push({ name: 'btcUsd', value, by: 'desk', fromMs: T0 + hours * HOUR_MS, ...more })

  it('leaps as one of now does, however far its time is', async () => {
    const { selector } = await rig.open([], { btcUsd: 91_000 })
    expect(ahead(selector, 910_000, 24 * 90)).toMatchObject({ heldBack: { value: 910_000 } })
    expect(ahead(selector, 100_000, 24 * 90)).toMatchObject({ value: 100_000 })
    // the chain grows by a block in ten minutes
    const typed = await rig.open([], { blockHeight: 900_000 })
    expect(
      typed.selector.push({
        name: 'blockHeight',
        value: 904_320,
        by: 'desk',
        fromMs: T0 + 30 * 24 * HOUR_MS,
      }),
    ).toMatchObject({ value: 904_320 })
  })

  it('is judged again when its time comes, also after a restart: where it leaps then, the price before it goes on', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const first = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    expect(ahead(first.selector, 120_000, 24 * 30)).toMatchObject({ value: 120_000 })
    await first.selector.stop()
    const { at, selector } = await rig.open([feed])
    // a month later it is worth a third
    rig.nowMs = T0 + 24 * 30 * HOUR_MS - 2 * POLL_MS - 1_000
    rig.polls(feed, 'btcUsd', 30_000)
    rig.polls(feed, 'btcUsd', 30_000)
    expect(at('btcUsd')).toBe('30000 a')
    selector.tick()
    rig.nowMs += 1_000
    selector.tick()
    expect(at('btcUsd')).toBe('30000 a')
    expect(selector.heldBack()).toMatchObject([{ value: 120_000, source: 'pushed by desk' }])
    expect(selector.accept('btcUsd', 'ann')).toEqual(['pushed by desk (accepted by ann)'])
    expect(at('btcUsd')).toBe('120000 pushed by desk (accepted by ann)')
  })

  it('holds from its time on where it is still likely then', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    ahead(selector, 120_000, 2)
    rig.nowMs = T0 + 2 * HOUR_MS - 1_000
    selector.tick()
    expect(at('btcUsd')).toBe('91000 a')
    rig.nowMs += 2_000
    selector.tick()
    expect(at('btcUsd')).toBe('120000 pushed by desk')
  })
})

describe('a price that is pushed for a past time', () => {
  const push = (selector: QuoteSelector, value: number, hours: number, more = {}) =>
    selector.push({ name: 'btcUsd', value, by: 'desk', fromMs: T0 + hours * HOUR_MS, ...more })

  it('is held against the first that is known after it, and is accepted for its own time', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector, filled } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    expect(push(selector, 91, -0.5)).toMatchObject({
      heldBack: {
        fromMs: T0 - HOUR_MS / 2,
        reason: expect.stringContaining('of the next known value, of 2026-06-15T1'),
      },
    })
    expect(push(selector, 9_100_000, -48)).toHaveProperty('heldBack')
    expect([at('btcUsd', T0 - HOUR_MS), filled.length]).toEqual([undefined, 1])
    expect(selector.accept('btcUsd', 'ann').length).toBe(2)
    expect([-48, -0.5].map((h) => at('btcUsd', T0 + h * HOUR_MS))).toEqual([
      '9100000 pushed by desk (accepted by ann; for a time before)',
      '91 pushed by desk (accepted by ann; for a time before)',
    ])
    expect(at('btcUsd')).toBe('91000 a')
  })

  it('is taken where it fits, and the right one takes the place of a wrong one that waits', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    push(selector, 9_100_000, -24)
    expect(push(selector, 88_000, -24)).toMatchObject({ value: 88_000 })
    expect([at('btcUsd', T0 - HOUR_MS), selector.heldBack()]).toEqual([
      '88000 pushed by desk (for a time before)',
      [],
    ])
    expect(push(selector, 880_000, -36, { sure: true })).toMatchObject({ value: 880_000 })
    expect(at('btcUsd', T0 - 30 * HOUR_MS)).toBe('880000 pushed by desk (said to be sure; for a time before)')
  })

  it('never holds from now where a price of its time has come meanwhile', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const { at, selector } = await rig.open([feed])
    rig.polls(feed, 'btcUsd', 91_000)
    push(selector, 9_100_000, -24)
    push(selector, 90_000, -30)
    expect(selector.accept('btcUsd', 'ann')).toEqual([])
    expect([at('btcUsd', T0 - HOUR_MS), at('btcUsd')]).toEqual([
      '90000 pushed by desk (for a time before)',
      '91000 a',
    ])
  })

  it.each([
    ['difficulty', 1.5e14, 1.5e11],
    ['blockHeight', 925_000, 92_500],
    ['feesBtcPerBlock', 0.03, 24],
    ['energyUsdPerKwh', 0.05, 15],
    ['fx.EUR', 0.92, 920],
  ] as const)('of %s is judged too', async (name, usual, wrong) => {
    const { selector } = await rig.open([])
    const pushed = (value: number, fromMs?: number) =>
      selector.push({ name, value, by: 'desk', ...(fromMs === undefined ? {} : { fromMs }) })
    expect(pushed(usual)).toMatchObject({ value: usual })
    expect(pushed(wrong, T0 - 48 * HOUR_MS)).toHaveProperty('heldBack')
    expect(pushed(name === 'blockHeight' ? 924_712 : usual, T0 - 48 * HOUR_MS)).toMatchObject({ knownMs: T0 })
  })
})

describe('a pushed energy price', () => {
  const push = (selector: QuoteSelector, value: number, fromMs?: number) =>
    selector.push({ name: 'energyUsdPerKwh', value, by: 'desk', ...(fromMs === undefined ? {} : { fromMs }) })

  it.each([0.00008, 0.0016, 0, -0.00001, -0.5, -0.08, 4, 5, 8])(
    'waits where it moves from 0.08 to %d',
    async (value) => {
      const { at, selector } = await rig.open([], { energyUsdPerKwh: 0.08 })
      const waits = { heldBack: { value, waitsFor: 'another source or a person' } }
      expect(push(selector, value)).toMatchObject(waits)
      expect(push(selector, value, T0 + HOUR_MS)).toMatchObject(waits)
      expect(at('energyUsdPerKwh')).toBe('0.08 configuration')
      selector.accept('energyUsdPerKwh', 'ann')
      expect(at('energyUsdPerKwh')).toBe(`${value} pushed by desk (accepted by ann)`)
    },
  )

  it.each([0.03, 0.01, 0.002, 0.3, 3.9])('is taken where it moves from 0.08 to %d', async (value) => {
    const { at, selector } = await rig.open([], { energyUsdPerKwh: 0.08 })
    push(selector, value)
    expect(at('energyUsdPerKwh')).toBe(`${value} pushed by desk`)
  })

  it('of a market is taken near 0 and below once a person has accepted the first, and its days ahead', async () => {
    const { at, selector } = await rig.open([])
    push(selector, 0.06)
    expect(push(selector, -0.02)).toHaveProperty('heldBack')
    selector.accept('energyUsdPerKwh', 'ann')
    for (const value of [0.06, 0.0001, 0, -0.5, 0.06]) {
      rig.nowMs += HOUR_MS
      push(selector, value)
      expect(at('energyUsdPerKwh')).toBe(`${value} pushed by desk`)
    }
    for (const [n, value] of [0.02, 0, -0.001].entries())
      expect(push(selector, value, rig.nowMs + (n + 1) * HOUR_MS)).toMatchObject({ value })
  })

  it('follows a market feed near 0, below, and back', async () => {
    const feed = new TestFeed('market', ['energyUsdPerKwh'])
    const { selector } = await rig.open([feed])
    for (const value of [0.06, -0.5, 0.06]) rig.polls(feed, 'energyUsdPerKwh', value)
    expect(selector.heldBack()).toEqual([])
    expect(push(selector, -0.1)).toMatchObject({ value: -0.1 })
  })
})

describe('pushes that each move a price as far as one may', () => {
  const typed = { btcUsd: 91_000, difficulty: 1.5e14, feesBtcPerBlock: 0.03, energyUsdPerKwh: 0.02 } as const
  const STEP = { btcUsd: 1.9, difficulty: 1 / 3.9, feesBtcPerBlock: 9, energyUsdPerKwh: 25 } as const
  const names = Object.keys(typed) as (keyof typeof typed)[]

  it.each(names)('move a typed %s once, now and ahead, also after a restart', async (name) => {
    let selector = (await rig.open([], typed)).selector
    const push = (n: number, hours = 0) =>
      selector.push({
        name,
        value: typed[name] * STEP[name] ** n,
        by: 'bot',
        fromMs: rig.nowMs + hours * HOUR_MS,
      })
    expect(push(1)).toHaveProperty('value')
    for (const hours of [0, 0, 1, 2]) expect(push(2, hours)).toHaveProperty('heldBack')
    const kept = selector.memory()
    await selector.stop()
    selector = (await rig.open([], typed)).selector
    selector.restore(kept)
    rig.nowMs += 300
    for (const n of [2, 2]) expect(push(n)).toHaveProperty('heldBack')
  })

  it('move no further where the feed is away since, after a restart too', async () => {
    const feed = new TestFeed('a', ['btcUsd'])
    const first = await rig.open([feed])
    for (let n = 0; n < 4; n++) rig.polls(feed, 'btcUsd', 91_000)
    const push = (selector: QuoteSelector, value: number) =>
      selector.push({ name: 'btcUsd', value, by: 'bot', staleAfterMs: rig.nowMs + 90 * 24 * HOUR_MS })
    expect(push(first.selector, 172_900)).toHaveProperty('value')
    for (let n = 0; n < 20; n++) rig.polls(feed, 'btcUsd', 91_000)
    rig.nowMs += HOUR_MS
    expect(push(first.selector, 328_510)).toHaveProperty('heldBack')
    const kept = first.selector.memory()
    await first.selector.stop()
    const { at, selector } = await rig.open([new TestFeed('a', ['btcUsd'])])
    selector.restore(kept)
    expect(push(selector, 328_510)).toHaveProperty('heldBack')
    expect(at('btcUsd')).toBe('172900 pushed by bot')
    expect(push(selector, 89_000)).toHaveProperty('value')
  })

  it('go on from what a person has accepted, and nobody can name himself so', async () => {
    const { at, selector } = await rig.open([], typed)
    const push = (value: number, by = 'bot') => {
      rig.nowMs += 1
      return selector.push({ name: 'btcUsd', value, by })
    }
    for (const by of ['bot (accepted by ann)', 'bot (said to be sure)', 'x) (accepted by ann']) {
      expect(push(172_900, by)).toHaveProperty('value')
      expect(push(328_510, by)).toHaveProperty('heldBack')
    }
    selector.accept('btcUsd', 'ann')
    expect(at('btcUsd')).toMatch(/^328510 pushed by .*\(accepted by ann\)$/)
    expect(push(330_000)).toHaveProperty('value')
    expect(push(600_000)).toHaveProperty('value')
    expect(push(700_000)).toHaveProperty('heldBack')
  })

  it('are taken back by one that fits what was confirmed, and a slip beside steady pushes is not', async () => {
    const { selector } = await rig.open([], typed)
    const push = (value: number) => selector.push({ name: 'btcUsd', value, by: 'bot' })
    push(181_000)
    expect(push(80_000)).toHaveProperty('value')
    for (let day = 0; day < 10; day++) {
      rig.nowMs += 24 * HOUR_MS
      expect(push(90_000 + day)).toHaveProperty('value')
    }
    rig.nowMs += HOUR_MS
    expect(push(300_000)).toHaveProperty('heldBack')
  })

  it('stay within what the time since the confirmed value allows, in whatever order, over restarts', async () => {
    const act = fc.record({
      value: fc.oneof(
        fc.double({ min: 1, max: 1e7, noNaN: true }),
        fc.integer({ min: -8, max: 8 }).map((n) => 91_000 * 1.9 ** n),
      ),
      hours: fc.integer({ min: -100, max: 100 }),
      laterHours: fc.integer({ min: 0, max: 30 }),
      restarts: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        rig = new SelectorRig()
        let { selector } = await rig.open([], { btcUsd: 91_000 })
        for (const { value, hours, laterHours, restarts } of acts) {
          selector.push({ name: 'btcUsd', value, by: 'bot', fromMs: rig.nowMs + hours * HOUR_MS })
          rig.nowMs += laterHours * HOUR_MS
          if (!restarts) continue
          const kept = selector.memory()
          await selector.stop()
          selector = (await rig.open([], { btcUsd: 91_000 })).selector
          selector.restore(kept)
        }
        for (const { value, fromMs } of selector.history('btcUsd', 0, Number.MAX_SAFE_INTEGER)) {
          const most = 2 * (1 + Math.abs(fromMs - T0) / (24 * HOUR_MS))
          expect(Math.max(value / 91_000, 91_000 / value)).toBeLessThanOrEqual(most * 1.000001)
        }
      }),
      { numRuns: 60 },
    )
  })
})
