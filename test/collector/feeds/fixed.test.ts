import { expect, test } from 'vitest'
import fixed from '../../../collector/feeds/fixed.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import { FeedRig } from './feed-rig.ts'

const said = (settings: unknown) => {
  const rig = new FeedRig()
  const parsed = fixed.settings.parse(settings)
  const start = fixed.open(parsed, rig.context)
  start(
    { publish: (s) => rig.said.push(s), earlier: () => {}, failing: () => {} },
    new AbortController().signal,
  )
  return { said: rig.said, quotes: fixed.quotes(parsed) }
}

test('says what is typed, at once and without an age', () => {
  expect(said({ btcUsd: 95_000, energyUsdPerKwh: -0.01, fx: { EUR: 0.92 } })).toEqual({
    said: [
      [
        { name: 'btcUsd', value: 95_000, intervalMs: HOUR_MS },
        { name: 'energyUsdPerKwh', value: -0.01, intervalMs: HOUR_MS },
        { name: 'fx.EUR', value: 0.92, intervalMs: HOUR_MS },
      ],
    ],
    quotes: ['btcUsd', 'energyUsdPerKwh', 'fx.EUR'],
  })
})

test.each([
  [{ btcUsd: 0 }],
  [{ difficulty: -1 }],
  [{ blockHeight: 1.5 }],
  [{ feesBtcPerBlock: -0.1 }],
  [{ energyUsdPerKwh: 45 }],
  [{ fx: { euro: 0.92 } }],
])('refuses %j', (settings) => {
  expect(fixed.settings.safeParse(settings).success).toBe(false)
})
