import { expect, test } from 'vitest'
import {
  logTicks,
  seriesOf,
  spreadLabels,
} from '../../../../../../collector/screens/web/wall/charts/trend-series.ts'
import { createScene } from '../../../scene.ts'

const scene = createScene()

test('lines are per MWh, highest first, the energy price last; workloads that never earn are left out', () => {
  const series = seriesOf(scene.trend(), scene.workloads())
  expect(series?.lines.map((l) => l.name)).toEqual([
    'inference',
    'training-on-demand',
    'training-reserved',
    'bitcoin',
    'energy price',
  ])
  expect(series?.lines.at(-1)?.perMwh.at(-1)).toBeCloseTo(41.4)
})

test('a display currency converts every line, the energy price too', () => {
  const series = seriesOf(scene.trend(), scene.workloads(), 0.5)
  expect(series?.lines.at(-1)?.perMwh.at(-1)).toBeCloseTo(20.7)
})

test('a gap in the ledger stays a gap', () => {
  const trend = {
    startMs: [0, 60_000],
    revenueUsdPerKwh: { bitcoin: [0.09, null] },
    energyUsdPerKwh: [0.04, 0.05],
  }
  expect(seriesOf(trend, [])?.lines[0]?.perMwh).toEqual([90, null])
})

test('the scale is logarithmic only if a linear one would squeeze lines together', () => {
  const of = (revenue: number) =>
    seriesOf({ startMs: [0], revenueUsdPerKwh: { a: [revenue] }, energyUsdPerKwh: [0.04] }, [])?.logarithmic
  expect([of(0.09), of(2.2)]).toEqual([false, true])
})

test('there is nothing to draw before the first settled minute', () => {
  expect(seriesOf(undefined, [])).toBeUndefined()
  expect(seriesOf({ startMs: [], revenueUsdPerKwh: {}, energyUsdPerKwh: [] }, [])).toBeUndefined()
  expect(
    seriesOf({ startMs: [0], revenueUsdPerKwh: { a: [null] }, energyUsdPerKwh: [null] }, []),
  ).toBeUndefined()
})

test('ticks of the logarithmic scale cross zero, for hours with negative prices', () => {
  expect(logTicks(-30, 250)).toEqual([-20, -10, 0, 10, 20, 50, 100, 200])
})

test('labels keep their order and their distance, and stay inside', () => {
  expect(spreadLabels([50, 10, 52], 10, 0, 100)).toEqual([50, 10, 60])
  expect(spreadLabels([99, 98, 97], 10, 0, 100)).toEqual([100, 90, 80])
  expect(spreadLabels([-5, 1], 10, 0, 100)).toEqual([0, 10])
})
