import { expect, test } from 'vitest'
import { SelectorRig, T0, TestFeed } from '../selector-rig.ts'

const DAY_MS = 86_400_000

test('a price that comes while the collector’s clock is wrong holds from when the clock is right, and no price of another day changes', async () => {
  const rig = new SelectorRig()
  const feed = new TestFeed('kraken', ['btcUsd'])
  const { selector, at } = await rig.open([feed])
  feed.says('btcUsd', 100_000)
  rig.nowMs = T0 + 60_000
  selector.tick()
  for (const offMs of [-DAY_MS, 500 * DAY_MS]) {
    rig.clockWrong = true
    rig.nowMs = T0 + 60_000 + offMs
    feed.says('btcUsd', 101_000)
    feed.says('btcUsd', 102_000)
    selector.tick()
    expect(selector.push({ name: 'btcUsd', value: 99_000, by: 'ann' })).toEqual({
      refused: expect.stringContaining('other clocks contradict'),
    })
  }
  rig.clockWrong = false
  rig.nowMs = T0 + 120_000
  expect(at('btcUsd')).toBe('100000 kraken')
  selector.tick()
  expect(at('btcUsd')).toBe('102000 kraken')
  expect(at('btcUsd', T0 + 119_000)).toBe('100000 kraken')
  expect(at('btcUsd', T0 - DAY_MS)).toBeUndefined()
  await selector.stop()
  expect([...rig.stored.values()].map(({ fromMs }) => fromMs)).toEqual([T0, T0 + 120_000])
})

test('a start in 1970 takes up its prices once its clock is set', async () => {
  const rig = new SelectorRig()
  rig.clockWrong = true
  rig.nowMs = 60_000
  const { selector, at } = await rig.open([], { btcUsd: 100_000 })
  expect(at('btcUsd', T0)).toBeUndefined()
  rig.clockWrong = false
  rig.nowMs = T0
  selector.tick()
  expect(at('btcUsd')).toBe('100000 configuration')
  await selector.stop()
  expect([...rig.stored.values()].map(({ fromMs }) => fromMs)).toEqual([T0])
})
