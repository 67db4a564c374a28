import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LedgerRow } from '../../../collector/economics/ledger-row.ts'
import { isAssumed } from '../../../collector/prices/assumed.ts'
import type { QuoteName } from '../../../protocol/quote.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { T0 } from '../ledger-rig.ts'
import { MemorySite, NETWORK } from '../priced-site.ts'

const ordered = (rows: readonly LedgerRow[]) =>
  rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

describe('a minute that no price was known for', () => {
  const open = async (known?: Readonly<Record<string, number>>) => {
    const site = await new MemorySite(known).start()
    return { site, [Symbol.asyncDispose]: () => site.stop() }
  }

  it('is unpriced, not worth 0 and not priced by what is known later', async () => {
    await using opened = await open()
    const { site } = opened
    await site.deliver(0)
    await site.settleAll()
    site.rig.nowMs = T0 + HOUR_MS
    site.polls('btcUsd', 90_000)
    await site.settleAll()
    expect(site.missing(0)).toEqual(['btcUsd'])
    expect(site.row(0)).toMatchObject({ revenueNanoUsd: 0, unpricedWorkDiff1: 1_000_000 })
    expect(site.row(0)?.costNanoUsd).toBeGreaterThan(0)
    expect(site.rig.latePrices.times).toEqual([{ name: 'btcUsd', fromMs: T0, toMs: T0 + MINUTE_MS }])
  })

  it('lacks the energy price for its cost alone', async () => {
    await using opened = await open({ ...NETWORK, btcUsd: 1e5, energyUsdPerKwh: 0.05 })
    const { site } = opened
    const cheap = await new MemorySite({ btcUsd: 1e5, difficulty: 1e14, blockHeight: 900_000 }).start()
    for (const one of [site, cheap]) {
      await one.deliver(0)
      await one.settleAll()
    }
    const { costNanoUsd, unpricedEnergyMilliJ, ...priced } = site.row(0) ?? {}
    expect(costNanoUsd).toBeGreaterThan(0)
    expect(unpricedEnergyMilliJ).toBe(0)
    expect(cheap.row(0)).toEqual({ ...priced, costNanoUsd: 0, unpricedEnergyMilliJ: 180_000_000 })
    expect(cheap.missing(0)).toEqual(['energyUsdPerKwh'])
    await cheap.stop()
  })

  it.each([
    [
      'is pushed',
      (site: MemorySite) => {
        site.polls('btcUsd', 90_000)
        site.selector.push({ name: 'btcUsd', value: 80_000, by: 'desk', fromMs: T0 - HOUR_MS })
      },
      80_000,
    ],
    [
      'stands in a list',
      (site: MemorySite) =>
        site.lists('btcUsd', [
          [T0 - HOUR_MS, 70_000],
          [T0 + HOUR_MS, 71_000],
        ]),
      70_000,
    ],
    [
      'is told within one interval of its source',
      (site: MemorySite) => site.polls('btcUsd', 90_000, 2 * HOUR_MS),
      90_000,
    ],
  ])('is priced by itself when its price %s, and says why its figures changed', async (_, comes, btcUsd) => {
    await using opened = await open()
    const { site } = opened
    await site.deliver(0)
    await site.settleAll()
    site.rig.nowMs = T0 + HOUR_MS
    comes(site)
    await site.settleAll()
    expect(site.missing(0)).toBeUndefined()
    expect(site.rig.latePrices.times).toEqual([])
    // 1,000,000 shares x 3.125 BTC / 1e14, less 2 %
    expect(site.row(0)?.revenueNanoUsd).toBe(Math.round(1e6 * 3.125 * btcUsd * 1e-14 * 0.98 * 1e9))
    expect(site.store.settled.get(T0)).toMatchObject({
      revision: 2,
      causes: [{ why: 'a price of that time came' }],
    })
  })

  it('is found again after a restart, and priced by what was pushed before it', async () => {
    const before = await new MemorySite().start()
    await before.deliver(0)
    await before.settleAll()
    before.rig.nowMs = T0 + HOUR_MS
    before.store.kept.push({
      ...{ name: 'btcUsd', value: 8e4, unit: '', source: 'pushed by desk', fromMs: T0 - 1 },
    })
    const after = await before.killed()
    expect(after.rig.latePrices.counts).toEqual([{ name: 'btcUsd', minutes: 1 }])
    await after.settleAll()
    expect(after.missing(0)).toBeUndefined()
    await after.stop()
  })

  it('is unpriced, listed, and priced when its price comes, also where its record comes after a restart', async () => {
    const before = await new MemorySite().start()
    before.lists('btcUsd', [[before.rig.nowMs, 70_000]])
    await before.deliver(11)
    await before.settleAll()
    const after = await before.killed()
    await after.deliver(0)
    await after.settleAll()
    expect(after.row(0)).toMatchObject({ revenueNanoUsd: 0, unpricedWorkDiff1: 1_000_000 })
    expect(after.rig.latePrices.times).toEqual([{ name: 'btcUsd', fromMs: T0, toMs: T0 + MINUTE_MS }])
    after.selector.push({ name: 'btcUsd', value: 80_000, by: 'desk', fromMs: T0 - HOUR_MS })
    await after.settleAll()
    expect(after.rig.latePrices.times).toEqual([])
    expect(after.row(0)?.revenueNanoUsd).toBe(Math.round(1e6 * 3.125 * 80_000 * 1e-14 * 0.98 * 1e9))
    await after.stop()
  })

  it('has the list’s price of before its first known one after a restart too, though the list has moved on', async () => {
    const before = await new MemorySite().start()
    before.lists('btcUsd', [
      [T0 - HOUR_MS, 70_000],
      [T0 + 5 * MINUTE_MS, 71_000],
    ])
    await before.selector.stop()
    const after = await before.killed()
    after.rig.nowMs = T0 + HOUR_MS
    after.lists('btcUsd', [[T0 + HOUR_MS, 72_000]])
    await after.deliver(0)
    await after.settleAll()
    expect(after.row(0)?.revenueNanoUsd).toBe(Math.round(1e6 * 3.125 * 70_000 * 1e-14 * 0.98 * 1e9))
    await after.stop()
  })

  it('keeps what its list told before a restart, also where only an assumed price was stored of that time', async () => {
    const before = await new MemorySite().start()
    before.polls('btcUsd', 90_000)
    before.lists('btcUsd', [
      [T0, 70_000],
      [T0 + HOUR_MS, 71_000],
    ])
    await before.deliver(7)
    await before.settleAll()
    const earned = before.row(7)?.revenueNanoUsd
    expect(earned).toBe(Math.round(1e6 * 3.125 * 70_000 * 1e-14 * 0.98 * 1e9))
    await before.stop()
    const { kept, rows, records, settled } = before.store
    const after = new MemorySite()
    Object.assign(after.store, { rows, records, settled })
    after.rig.nowMs = before.rig.nowMs
    // an earlier version did not store the rows of before the first known price
    const stored = kept.filter(
      ({ source, fromMs, knownMs = fromMs }) => knownMs <= fromMs || isAssumed({ source }),
    )
    for (const quote of stored.toSorted((a, b) => a.fromMs - b.fromMs)) after.rig.quotes.add(quote)
    await after.start()
    expect(after.rig.quotes.at(T0 + 7 * MINUTE_MS).btcUsd?.value).toBe(90_000)
    after.rig.settler.note([T0 + 7 * MINUTE_MS])
    await after.settleAll()
    expect(after.row(7)?.revenueNanoUsd).toBe(earned)
    await after.stop()
  })

  it('gets the list’s row where its feed was not heard, and keeps what a person corrected', async () => {
    await using opened = await open({ difficulty: 1e14, blockHeight: 900_000, btcUsd: 1e5 })
    const { site } = opened
    site.rig.nowMs = T0
    site.lists('energyUsdPerKwh', [[T0 - HOUR_MS, 0.04]])
    for (const minute of [0, 1, 2]) await site.deliver(minute)
    site.rig.nowMs = T0 + 30 * MINUTE_MS
    await site.settleAll()
    const priced = (usdPerKwh: number) => Math.round(0.05 * usdPerKwh * 1e9)
    expect([0, 1, 2].map((m) => site.row(m)?.costNanoUsd)).toEqual(Array(3).fill(priced(0.04)))
    await site.rig.repricer.request({
      fromMs: T0 + 2 * MINUTE_MS,
      toMs: T0 + 3 * MINUTE_MS,
      by: 'ann',
      reason: 'contract',
      presentRules: false,
      quotes: [
        {
          name: 'energyUsdPerKwh',
          value: 0.01,
          unit: 'USD/kWh',
          source: 'corrected by ann',
          fromMs: T0 + 2 * MINUTE_MS,
        },
      ],
    })
    await site.settleAll()
    site.lists('energyUsdPerKwh', [
      [T0 - HOUR_MS, 0.04],
      [T0 + MINUTE_MS, 0.07],
      [T0 + HOUR_MS, 0.08],
    ])
    await site.settleAll()
    expect([0, 1, 2].map((m) => site.row(m)?.costNanoUsd)).toEqual([0.04, 0.07, 0.01].map(priced))
    expect(site.store.settled.get(T0 + 2 * MINUTE_MS)?.causes).toMatchObject([
      { why: 'repriced by ann: contract' },
    ])
  })

  it('gets the list’s row also where the collector was killed before it was settled again', async () => {
    const before = await new MemorySite({ difficulty: 1e14, blockHeight: 900_000, btcUsd: 1e5 }).start()
    before.rig.nowMs = T0
    before.lists('energyUsdPerKwh', [[T0 - HOUR_MS, 0.04]])
    for (const minute of [0, 1]) await before.deliver(minute)
    before.rig.nowMs = T0 + 30 * MINUTE_MS
    await before.settleAll()
    before.lists('energyUsdPerKwh', [
      [T0 - HOUR_MS, 0.04],
      [T0 + MINUTE_MS, 0.07],
      [T0 + HOUR_MS, 0.08],
    ])
    await before.selector.stop()
    const after = await before.killed()
    await after.settleAll()
    const cost = (usdPerKwh: number) => Math.round(0.05 * usdPerKwh * 1e9)
    expect([0, 1].map((m) => after.row(m)?.costNanoUsd)).toEqual([0.04, 0.07].map(cost))
    await after.stop()
  })

  it('keeps what a person corrected for a part of a minute', async () => {
    await using opened = await open({ difficulty: 1e14, blockHeight: 900_000, btcUsd: 1e5 })
    const { site } = opened
    site.rig.nowMs = T0
    site.lists('energyUsdPerKwh', [[T0 - HOUR_MS, 0.04]])
    await site.deliver(1)
    site.rig.nowMs = T0 + 30 * MINUTE_MS
    await site.settleAll()
    const fromMs = T0 + MINUTE_MS
    const right = {
      name: 'energyUsdPerKwh',
      value: 0.01,
      unit: 'USD/kWh',
      source: 'corrected by ann',
    } as const
    await site.rig.repricer.request({
      ...{ fromMs, toMs: fromMs + MINUTE_MS, by: 'ann', reason: 'contract', presentRules: false },
      quotes: [{ ...right, fromMs: fromMs + 30_000 }],
    })
    await site.settleAll()
    expect(site.store.settled.get(fromMs)?.quotes).toContainEqual(
      expect.objectContaining({ source: 'corrected by ann (30 s at 0.04, 30 s at 0.01)', value: 0.025 }),
    )
    site.lists('energyUsdPerKwh', [
      [T0 - HOUR_MS, 0.04],
      [T0 + 30_000, 0.07],
    ])
    await site.deliver(2)
    await site.settleAll()
    expect([1, 2].map((m) => site.row(m)?.costNanoUsd)).toEqual([
      Math.round(0.05 * 0.025 * 1e9),
      Math.round(0.05 * 0.07 * 1e9),
    ])
  })
})

describe('the ledger', () => {
  const name = fc.constantFrom<QuoteName>('btcUsd', 'energyUsdPerKwh')
  // near each other: what waits to be confirmed is not kept over a restart
  const value = fc.integer({ min: 10, max: 13 })
  const event = fc.oneof(
    fc.record({ kind: fc.constant('record' as const), ago: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('poll' as const), name, value }),
    fc.record({ kind: fc.constant('kill' as const) }),
    fc.record({ kind: fc.constant('push' as const), name, value, ago: fc.integer({ min: 0, max: 90 }) }),
    fc.record({
      kind: fc.constant('list' as const),
      name,
      rows: fc.uniqueArray(fc.tuple(fc.integer({ min: -60, max: 20 }), value), {
        selector: ([minute]) => minute,
        minLength: 1,
        maxLength: 5,
      }),
    }),
  )
  const step = fc.record({ afterS: fc.integer({ min: 1, max: 900 }), event })

  type Happening = typeof event extends fc.Arbitrary<infer E> ? E : never
  type Lists = Map<QuoteName, (readonly [number, number])[]>
  const happens = async (site: MemorySite, e: Happening, lists: Lists) => {
    const now = site.rig.nowMs
    // after a restart each list is read again, and holds only what holds now and later
    if (e.kind === 'kill')
      for (const [name, rows] of lists) {
        const current = rows.filter((_, i) => (rows[i + 1]?.[0] ?? Number.POSITIVE_INFINITY) > now)
        site.lists(name, current)
      }
    if (e.kind === 'record') await site.deliver(Math.floor((now - T0) / MINUTE_MS) - e.ago)
    if (e.kind === 'poll') site.polls(e.name, e.value)
    if (e.kind === 'list') {
      const rows = e.rows.toSorted(([a], [b]) => a - b)
      lists.set(
        e.name,
        rows.map(([minute, price]) => [now + minute * MINUTE_MS, price]),
      )
      site.lists(e.name, lists.get(e.name) ?? [])
    }
    if (e.kind !== 'push') return
    const fromMs = now - e.ago * MINUTE_MS
    site.selector.push({ name: e.name, value: e.value, by: 'desk', fromMs })
  }

  /** Fails unless a ledger whose minutes are settled at once, by a collector that is killed now and then, ends as one that is settled later. */
  const settlesAlike = async (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
    let now = await new MemorySite({ difficulty: 1e14, blockHeight: 900_000 }).start()
    const later = await new MemorySite({ difficulty: 1e14, blockHeight: 900_000 }).start()
    const lists: Lists = new Map()
    for (const { afterS, event: e } of steps) {
      for (const site of [now, later]) {
        site.rig.nowMs += afterS * 1000
        site.selector.tick()
        // what a second before had to be stored is
        if (e.kind === 'kill') await site.selector.stop()
      }
      if (e.kind === 'kill') now = await now.killed()
      for (const site of [now, later]) await happens(site, e, lists)
      const { nowMs } = now.rig
      await now.rig.latePrices.look()
      await now.rig.settler.settleDue()
      now.rig.nowMs = nowMs
    }
    await now.settleAll()
    await later.settleAll()
    const [minutes, same] = [now, later].map(({ store }) => [...store.settled.keys()].sort((a, b) => a - b))
    expect(minutes).toEqual(same)
    expect(ordered(now.store.rows)).toEqual(ordered(later.store.rows))
    for (const [minute, { missing }] of later.store.settled)
      expect(now.store.settled.get(minute)?.missing).toEqual(missing)
    await now.stop()
    await later.stop()
  }

  it('has each minute once where a list fills the time up to a price that was pushed for within a minute', () =>
    settlesAlike([
      { afterS: 1, event: { kind: 'record', ago: 15 } },
      { afterS: 839, event: { kind: 'record', ago: 30 } },
      { afterS: 1, event: { kind: 'push', name: 'energyUsdPerKwh', value: 1, ago: 29 } },
      { afterS: 1, event: { kind: 'poll', name: 'btcUsd', value: 1 } },
      {
        afterS: 29,
        event: {
          kind: 'list',
          name: 'energyUsdPerKwh',
          rows: [
            [-30, 1],
            [0, 1],
          ],
        },
      },
    ]))

  it('is the same where a list later tells that its price changed within the minute in which it first began', () =>
    settlesAlike([
      { afterS: 1, event: { kind: 'list', name: 'energyUsdPerKwh', rows: [[0, 1]] } },
      { afterS: 480, event: { kind: 'record', ago: 8 } },
      { afterS: 590, event: { kind: 'poll', name: 'btcUsd', value: 1 } },
      {
        afterS: 371,
        event: {
          kind: 'list',
          name: 'energyUsdPerKwh',
          rows: [
            [-24, 2],
            [0, 1],
          ],
        },
      },
      { afterS: 2, event: { kind: 'record', ago: 1 } },
    ]))

  it('is the same whether its minutes are settled at once or later, whatever prices come in whatever order', () =>
    fc.assert(fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 14 }), settlesAlike), {
      numRuns: 60,
    }))
})
