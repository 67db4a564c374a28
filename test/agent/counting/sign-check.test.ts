import { expect, test } from 'vitest'
import { TwoWayCounters } from '../../../agent/counting/two-way-counters.ts'

const KWH = 3_600_000

/** The faults of a meter after an hour of polls. @param meter power, and how fast its counters count, kW */
function faultsOf(meter: { powerKw: number; inKw: number; outKw: number }, hours = 1): string[] {
  const counters = new TwoWayCounters({ energyJ: 360_000, exportedJ: 360_000 })
  let faults: string[] = []
  const counted = (kw: number, s: number) => Math.floor((kw * s) / 360) * 0.1 * KWH
  for (let s = 0; s <= hours * 3600; s += 10)
    ({ faults } = counters.read(
      {
        powerW: meter.powerKw * 1000,
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
