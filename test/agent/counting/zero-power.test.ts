import { describe, expect, test } from 'vitest'
import { TwoWayCounters } from '../../../agent/counting/two-way-counters.ts'
import { booked } from './booked.ts'

const HOUR = 3600
const steps = (kwh: number, stepKwh: number) => Math.floor(kwh / stepKwh + 1e-9) * stepKwh

describe('a meter that shows 0 W while its counter goes on', () => {
  test.each([
    [0.001, 5],
    [0.01, 5],
    [0.1, 10],
    [0.01, 60],
  ])('is booked by its counter of %d kWh at polls of %d s, and the fault tells both', (stepKwh, pollS) => {
    const { kwh, fault } = booked(
      { stepKwh, pollS, powerW: () => 0, energyKwh: (s) => 500 + steps((3 * s) / HOUR, stepKwh) },
      4 * HOUR,
    )
    expect(kwh).toBeGreaterThan(12 - 3 * stepKwh - 0.3)
    expect(kwh).toBeLessThanOrEqual(12 + 1e-6)
    expect(fault).toMatch(/^its power of 0 W is not used: its energy counter has grown by [23],\d{3} W since/)
  })

  test('is booked by its counter where its power was right for hours before', () => {
    const { kwh } = booked(
      { powerW: (s) => (s < 2 * HOUR ? 3000 : 0), energyKwh: (s) => 500 + steps((3 * s) / HOUR, 0.001) },
      4 * HOUR,
    )
    expect(kwh).toBeGreaterThan(11.7)
    expect(kwh).toBeLessThanOrEqual(12.01)
  })

  test('is booked by its counter that an earlier version refused for it', () => {
    const counters = new TwoWayCounters({ energyJ: 3600, exportedJ: 3600 }, { energyJ: { fault: 'refused' } })
    let told: ReturnType<TwoWayCounters['read']> | undefined
    for (let s = 0; s <= HOUR; s += 5)
      told = counters.read({ powerW: 0, energyJ: 3_600_000 + 3600 * Math.floor((3000 * s) / 3600) }, 1000 * s)
    expect(told?.powerW).toBeUndefined()
    expect(told?.faults).not.toContain('refused')
  })
})

test('an outlet that is off shows 0 W, also where its counter takes its last steps late', () => {
  const { kwh, faults } = booked(
    {
      pollS: 5,
      powerW: (s) => (s < HOUR ? 3000 : 0),
      energyKwh: (s) => 500 + steps((3 * Math.min(HOUR, Math.max(0, s - 20))) / HOUR, 0.001),
    },
    3 * HOUR,
  )
  expect(faults).toEqual([])
  expect(kwh).toBeCloseTo(3, 1)
})

test('a load that its power is too coarse to show is no contradiction', () => {
  const counters = new TwoWayCounters({ energyJ: 3600, exportedJ: 3600 })
  const told = []
  for (let s = 0; s <= HOUR; s += 5)
    told.push(
      counters.read(
        { powerW: 0, powerStepW: 100, energyJ: 3_600_000 + 3600 * Math.floor((40 * s) / 3600) },
        1000 * s,
      ),
    )
  expect(
    told.flatMap(({ faults }) => faults.filter((fault) => fault.startsWith('its power of 0 W'))),
  ).toEqual([])
})

test('a meter that shows 0 W while its counter goes on is booked by it at polls of 10 min too, and that is told', () => {
  const { kwh, fault } = booked(
    { pollS: 600, powerW: () => 0, energyKwh: (s) => 500 + steps((100 * s) / HOUR, 0.1) },
    24 * HOUR,
  )
  expect(kwh).toBeCloseTo(2400, 0)
  expect(fault).toMatch(/more than the 0 kWh of its own power .* it is used on/)
})
