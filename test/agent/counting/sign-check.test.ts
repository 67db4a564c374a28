import { describe, expect, test } from 'vitest'
import { TwoWayCounters } from '../../../agent/counting/two-way-counters.ts'

const KWH = 3_600_000

/** The faults of a meter after an hour of polls. @param meter power, and how fast its counters count, kW */
function faultsOf(
  meter: { powerKw: number | ((s: number) => number); inKw: number; outKw: number },
  { hours = 1, stepKwh = 0.1 } = {},
): string[] {
  const stepJ = stepKwh * KWH
  const counters = new TwoWayCounters({ energyJ: stepJ, exportedJ: stepJ })
  let faults: string[] = []
  const counted = (kw: number, s: number) => Math.floor((kw * s) / 3600 / stepKwh + 1e-9) * stepJ
  const { powerKw } = meter
  for (let s = 0; s <= hours * 3600; s += 10)
    ({ faults } = counters.read(
      {
        powerW: (typeof powerKw === 'number' ? powerKw : powerKw(s)) * 1000,
        energyJ: 500 * KWH + counted(meter.inKw, s),
        exportedJ: 20 * KWH + counted(meter.outKw, s),
      },
      s * 1000,
    ))
  return faults
}

test('a meter whose power says out where its counter says in is a fault that names the setting', () => {
  const [fault] = faultsOf({ powerKw: -12, inKw: 12, outKw: 0 })
  expect(fault).toMatch(
    /^its power says that [\d.]+ kWh flowed out in \d+ s, and its counters that [\d.]+ kWh flowed in; if the counters are right set invert: power, else invert: true$/,
  )
  expect(faultsOf({ powerKw: 12, inKw: 0, outKw: 12 }).at(-1)).toMatch(/flowed in in \d+ s.* flowed out/)
})

test.each([
  ['that draws', { powerKw: 12, inKw: 12, outKw: 0 }],
  ['that exports', { powerKw: -12, inKw: 0, outKw: 12 }],
  ['that counts each phase by itself', { powerKw: -4, inKw: 4, outKw: 8 }],
  ['that idles', { powerKw: 0, inKw: 0, outKw: 0 }],
])('a meter %s has none', (_, meter) => {
  expect(faultsOf(meter)).toEqual([])
})

describe('a swap is a fault as soon as it is sure', () => {
  test.each([
    [0.001, 4],
    [0.01, 4],
    [0.1, 11],
  ])('at a steady load and steps of %d kWh, within %d minutes', (stepKwh, minutes) => {
    const swapped = { powerKw: -12, inKw: 12, outKw: 0 }
    expect(faultsOf(swapped, { stepKwh, hours: minutes / 60 }).at(-1)).toMatch(/set invert: power/)
    expect(faultsOf({ powerKw: 12, inKw: 0, outKw: 12 }, { stepKwh, hours: minutes / 60 }).at(-1)).toMatch(
      /set invert: power/,
    )
  })

  test('but not of a site whose load turns round while its power is the average of the last quarter of an hour', () => {
    const averageKw = (s: number) => 12 - 24 * Math.min(1, s / 900)
    for (let minutes = 2; minutes < 60; minutes++)
      expect(
        faultsOf({ powerKw: averageKw, inKw: 0, outKw: 12 }, { stepKwh: 0.001, hours: minutes / 60 }),
      ).not.toContainEqual(expect.stringMatching(/invert/))
  })
})
