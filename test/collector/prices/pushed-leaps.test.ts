import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { QuoteSelector } from '../../../collector/prices/quote-selector.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { LEAPING, SelectorRig, T0, TestFeed, USUAL } from '../selector-rig.ts'

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
    expect([at('btcUsd'), selector.heldBack()]).toEqual(['500000 pushed by desk', []])
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
    const kept = first.selector.waiting()
    await first.selector.stop()
    rig.nowMs += HOUR_MS
    const { at, selector } = await rig.open([], { btcUsd: 91_000 })
    selector.restoreWaiting(kept)
    expect(selector.heldBack()).toMatchObject([{ value: 910_000, source: 'pushed by desk' }])
    expect(selector.accept('btcUsd', 'ann')).toEqual(['pushed by desk (accepted by ann)'])
    expect(at('btcUsd')).toBe('910000 pushed by desk (accepted by ann)')
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
    expect(at('btcUsd', T0 - 30 * HOUR_MS)).toBe('880000 pushed by desk (for a time before)')
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
