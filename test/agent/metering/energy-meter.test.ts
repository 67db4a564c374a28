import { expect, test } from 'vitest'
import { EnergyMeter } from '../../../agent/metering/energy-meter.ts'

const limit = { atMs: 0, perMs: 1e9, atOnce: 1e9 }

test('what was drawn before a counter began at 0 is not taken off what it counts from then on', () => {
  const meter = new EnergyMeter()
  const read = (energyJ: number | undefined) => {
    const counted = meter.count(energyJ, undefined, limit)
    return counted ?? meter.integrate(100, 100, 5000)
  }
  expect([read(1000), read(undefined)]).toEqual([500_000, 500_000])
  // the meter was exchanged: a fall counts at the second reading
  expect([read(1), read(1)]).toEqual([500_000, 0])
  expect(read(601)).toBe(600_000)
})
