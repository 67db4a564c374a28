import { expect, test } from 'vitest'
import { besideMetrics, type MetricsSeen } from '../../../../agent/drivers/redfish/metrics-beside.ts'

const MINUTE_MS = 60_000
const control = (powerW: number, metrics: object) => ({ PowerConsumedWatts: powerW, PowerMetrics: metrics })
// DSP2046, PowerMetrics
const OF_A_MINUTE = { AverageConsumedWatts: 600, IntervalInMin: 1 }
const OF_TWENTY = {
  AverageConsumedWatts: 600,
  MinConsumedWatts: 540,
  MaxConsumedWatts: 710,
  IntervalInMin: 20,
}

const after = (minutes: number, powerW: number, metrics: object) => {
  const seen: MetricsSeen = {}
  besideMetrics(control(powerW, metrics), powerW, seen, 0)
  return besideMetrics(control(powerW, metrics), powerW, seen, minutes * MINUTE_MS)
}

test.each([
  [153, OF_A_MINUTE, 3],
  [153_000, OF_A_MINUTE, 3],
  [255, OF_TWENTY, 60],
])(
  '%d W that stay outside of their own metrics are not used, and their average is',
  (powerW, metrics, minutes) => {
    expect(after(minutes, powerW, metrics)).toMatchObject({
      powerW: 600,
      changed: expect.stringContaining(`PowerConsumedWatts of ${powerW} W is ignored`),
    })
  },
)

test('a load that leaps is outside until the interval has passed', () => {
  expect(after(2, 153, OF_A_MINUTE)).toBeUndefined()
  expect(after(50, 255, OF_TWENTY)).toBeUndefined()
})

test('a load that comes back is not told later', () => {
  const seen: MetricsSeen = {}
  const at = (minutes: number, powerW: number) =>
    besideMetrics(control(powerW, OF_A_MINUTE), powerW, seen, minutes * MINUTE_MS)
  expect([at(0, 153), at(2, 612), at(4, 153), at(6, 153)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test.each([
  ['an average of a day', { AverageConsumedWatts: 600, IntervalInMin: 1440 }],
  ['an interval that is not told', { AverageConsumedWatts: 600 }],
  ['what is near', { AverageConsumedWatts: 200, IntervalInMin: 1 }],
])('%s says nothing against it', (_what, metrics) => {
  expect(after(600, 153, metrics)).toBeUndefined()
})
