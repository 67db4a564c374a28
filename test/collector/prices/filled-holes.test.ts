import { describe, expect, it } from 'vitest'
import type { FeedQuote } from '../../../collector/plugin/feed.ts'
import { timed } from '../../../collector/prices/price-series.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { SelectorRig, T0, TestFeed } from '../selector-rig.ts'

const QUARTER_MS = 15 * MINUTE_MS
const at = (quarter: number) => T0 + quarter * QUARTER_MS
const price = (quarter: number) => (25 - quarter) / 1000
/** A list of four hours of the past and one ahead, in quarters, without some of them. */
const list = (without: (quarter: number) => boolean, nowMs: number): FeedQuote[] => {
  const quarters = Array.from({ length: 21 }, (_, i) => i - 16).filter((quarter) => !without(quarter))
  const prices = quarters.map((quarter) => ({ fromMs: at(quarter), value: price(quarter) }))
  return timed('energyUsdPerKwh', prices, nowMs).quotes
}
const isHole = (quarter: number) => quarter >= -10 && quarter <= -6
const nothing = () => false

describe('a hole of a price list', () => {
  it('that is filled late has its prices at once, is told for its minutes, and is the same after a restart', async () => {
    const rig = new SelectorRig()
    const feed = new TestFeed('market', ['energyUsdPerKwh'])
    const { at: priceAt, selector, filled } = await rig.open([feed])
    const says = (without: (quarter: number) => boolean) => {
      rig.nowMs += MINUTE_MS
      feed.sink?.publish(list(without, rig.nowMs))
    }
    says(isHole)
    says(isHole)
    expect(priceAt('energyUsdPerKwh', at(-8))).toBe(`${price(-11)} market`)
    filled.length = 0
    // one quarter of it first
    says((quarter) => isHole(quarter) && quarter !== -10)
    expect(filled).toEqual([
      { name: 'energyUsdPerKwh', fromMs: at(-10), toMs: at(-5), replacedFromMs: at(-10) },
    ])
    says(nothing)
    says(nothing)
    expect(filled.length).toBe(2)
    const all = () => Array.from({ length: 16 }, (_, i) => priceAt('energyUsdPerKwh', at(i - 16)))
    expect(all()).toEqual(Array.from({ length: 16 }, (_, i) => `${price(i - 16)} market`))
    await selector.stop()
    const again = await rig.open([new TestFeed('market', ['energyUsdPerKwh'])])
    expect(again.at('energyUsdPerKwh', at(-8))).toBe(`${price(-8)} market`)
  })

  it('in which another source counted keeps its price', async () => {
    const rig = new SelectorRig()
    const market = new TestFeed('market', ['energyUsdPerKwh'])
    const tariff = new TestFeed('tariff', ['energyUsdPerKwh'])
    const { at: priceAt } = await rig.open([market, tariff])
    tariff.says('energyUsdPerKwh', 0.05, { staleAfterMs: T0 + 100 * QUARTER_MS })
    rig.nowMs = at(4) + MINUTE_MS
    market.sink?.publish(list(nothing, rig.nowMs).filter(({ fromMs = 0 }) => fromMs < at(0)))
    expect(priceAt('energyUsdPerKwh', at(2))).toBe('0.05 tariff')
    market.sink?.publish(list(nothing, rig.nowMs))
    expect(priceAt('energyUsdPerKwh', at(2))).toBe('0.05 tariff')
  })
})
