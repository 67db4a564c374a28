import { beforeEach, expect, it } from 'vitest'
import { STANDS_BY } from '../../../collector/plugin/store.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Quote } from '../../../protocol/quote.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'
import { SelectorRig, T0, TestFeed } from '../selector-rig.ts'

const standingBy = new PerwattError(STANDS_BY, 'influx: another collector uses the database; ask that one')
/** A price as the other collector has stored it. */
const others = (value: number, fromMs: number, source = 'its-feed'): Quote => ({
  name: 'btcUsd',
  value,
  unit: 'USD/BTC',
  source,
  fromMs,
})

let rig: SelectorRig
beforeEach(() => {
  rig = new SelectorRig()
  rig.failure = standingBy
})

it('prices of a time in which another collector had the store are that one’s, and the own ones count from the moment of the take-over', async () => {
  const feed = new TestFeed('own-feed', ['btcUsd'])
  const { selector, at } = await rig.open([feed])
  for (let minute = 0; minute < 10; minute++) {
    rig.nowMs = T0 + minute * MINUTE_MS
    feed.says('btcUsd', 60_000 + minute)
    selector.tick()
  }
  await selector.stop()
  expect(at('btcUsd')).toBe('60009 own-feed')
  rig.failure = undefined
  rig.nowMs = T0 + 10 * MINUTE_MS
  selector.resume([others(50_000, T0 - HOUR_MS), others(51_000, T0 + 5 * MINUTE_MS)])
  await selector.stop()
  expect([T0, T0 + 5 * MINUTE_MS, rig.nowMs - 1, rig.nowMs].map((ms) => at('btcUsd', ms))).toEqual([
    '50000 its-feed',
    '51000 its-feed',
    '51000 its-feed',
    '60009 own-feed',
  ])
  // into the store goes only what holds from now on
  expect([...rig.stored.values()].map(({ value, fromMs }) => [value, fromMs])).toEqual([[60_009, rig.nowMs]])
})

it('prices that the other collector knew ahead, and what people pushed there, still hold', async () => {
  const feed = new TestFeed('tariff', ['energyUsdPerKwh'])
  const { selector, at } = await rig.open([feed, new TestFeed('own-feed', ['btcUsd'])])
  rig.failure = undefined
  const energy = (value: number, fromMs: number): Quote => ({
    ...{ name: 'energyUsdPerKwh', value, unit: 'USD/kWh', source: 'tariff', fromMs },
    ...{ staleAfterMs: fromMs + HOUR_MS, knownMs: T0 - HOUR_MS },
  })
  const theirs = [energy(0.04, T0), energy(0.09, T0 + HOUR_MS), others(52_000, T0, 'pushed by ann')]
  selector.resume(theirs)
  await selector.stop()
  expect([T0, T0 + HOUR_MS].map((ms) => at('energyUsdPerKwh', ms))).toEqual(['0.04 tariff', '0.09 tariff'])
  expect(at('btcUsd', T0 + HOUR_MS)).toBe('52000 pushed by ann')
  // what is written again is as it was
  for (const quote of rig.stored.values()) expect(theirs).toContainEqual(quote)
})

it('while another collector has the store, prices do not pile up, and nothing is logged of them', async () => {
  const feed = new TestFeed('own-feed', ['btcUsd'])
  const { selector } = await rig.open([feed])
  for (let i = 1; i <= 3; i++) {
    rig.nowMs += MINUTE_MS
    feed.says('btcUsd', 60_000 + i)
    await selector.stop()
  }
  rig.failure = undefined
  await selector.stop()
  expect([...rig.stored.values()]).toEqual([])
  expect(rig.lines).toEqual([])
})
