import { describe, expect, test } from 'vitest'
import { TwoWayCounters } from '../../../agent/counting/two-way-counters.ts'
import { booked } from './booked.ts'

const HOUR = 3600
const KWH = 3_600_000

describe('a power that shows nothing but 0 beside a counter that counts: the counter is booked, and that is told', () => {
  test.each([
    [5, 0.001, 10],
    [60, 0.001, 100],
    [5, 0.1, 0.3],
    [60, 1, 10],
    [10, 100, 1000],
  ])('polls of %d s, steps of %d kWh, at %d kW', (pollS, stepKwh, kw) => {
    const energyKwh = (s: number) => Math.floor((500 + (kw * s) / HOUR) / stepKwh + 1e-9) * stepKwh
    const { kwh, faults, fault } = booked({ stepKwh, pollS, powerW: () => 0, energyKwh }, 6 * HOUR)
    // the first step may have begun before the agent, and the last one is not over
    expect(Math.abs(kwh - 6 * kw)).toBeLessThan(2 * stepKwh + (15 * kw) / 60 + (kw * pollS) / HOUR)
    expect(faults).toHaveLength(1)
    expect(fault).toMatch(
      /^its power shows 0 W, and its energy counter booked [\d.,]+ kWh in .* the counter is used/,
    )
  })

  test('polled each 10 min too', () => {
    const energyKwh = (s: number) => 500 + (100 * s) / HOUR
    const { kwh, fault } = booked({ pollS: 600, powerW: () => 0, energyKwh }, 24 * HOUR)
    expect(kwh).toBeCloseTo(2400, 0)
    expect(fault).toMatch(/it is used on/)
  })

  test('of the export counter, which is named', () => {
    const exportedKwh = (s: number) => 70 + (10 * s) / HOUR
    const { outKwh, fault } = booked({ powerW: () => 0, energyKwh: () => 5, exportedKwh }, 3 * HOUR)
    expect(outKwh).toBeGreaterThan(29.5)
    expect(fault).toMatch(/its export counter booked/)
  })
})

test('no power is shown meanwhile: 0 W would be one', () => {
  const meter = new TwoWayCounters({ energyJ: 3600, exportedJ: 3600 })
  let told = meter.read({ powerW: 0, energyJ: 0 }, 0)
  expect(told.powerW).toBe(0)
  for (let s = 5; s <= HOUR; s += 5)
    told = meter.read({ powerW: 0, energyJ: (10 * KWH * s) / HOUR }, s * 1000)
  expect(told).toEqual({ counters: { energyJ: 10 * KWH }, faults: [expect.stringMatching(/shows 0 W/)] })
})

describe.each([5, 60])('polled each %d s, a power that is 0 for the first 30 min', (pollS) => {
  test.each([
    [0.001, 10],
    [0.001, 100],
    [1, 100],
  ])('loses nothing, and is used from then on: steps of %d kWh, %d kW', (stepKwh, kw) => {
    const energyKwh = (s: number) => Math.floor((500 + (kw * s) / HOUR) / stepKwh + 1e-9) * stepKwh
    const powerW = (s: number) => (s < HOUR / 2 ? 0 : 1000 * kw)
    const { kwh, fault, faults } = booked({ stepKwh, pollS, powerW, energyKwh }, 6 * HOUR)
    expect(Math.abs(kwh - 6 * kw)).toBeLessThan(2 * stepKwh + 0.01 * 6 * kw)
    expect(faults.join()).toMatch(/shows 0 W/)
    expect(fault).toBeUndefined()
  })

  test('and then shows that the counter is of another scale is refused by it', () => {
    const powerW = (s: number) => (s < HOUR / 2 ? 0 : 10_000)
    const { fault } = booked({ pollS, powerW, energyKwh: (s) => 500 + (100 * s) / HOUR }, 3 * HOUR)
    expect(fault).toMatch(/the counter is not used/)
  })
})

test('an outlet that is off, and one whose few watts are shown as 0, are no fault', () => {
  for (const kw of [0, 0.004])
    expect(
      booked({ stepKwh: 0.1, pollS: 60, powerW: () => 0, energyKwh: (s) => 5 + (kw * s) / HOUR }, 48 * HOUR)
        .faults,
    ).toEqual([])
})

test('a site that was off when the agent started is booked from its first load on', () => {
  const energyKwh = (s: number) => 500 + (33 * Math.max(0, s - HOUR)) / HOUR
  const { kwh, faults } = booked({ powerW: (s) => (s <= HOUR ? 0 : 33_000), energyKwh }, 3 * HOUR)
  expect(kwh).toBeCloseTo(66, 1)
  expect(faults.filter((fault) => !/unless the next reading/.test(fault))).toEqual([])
})

test('power factors that are read as a counter beside a power of 0 are not used', () => {
  const factors = [980, 980, 981, 983, 982, 981, 983]
  const energyKwh = (s: number) => (factors[(s / 5) % factors.length]! * 65_536 + 983) / 10
  const { kwh, fault } = booked({ stepKwh: 0.1, powerW: () => 0, energyKwh }, HOUR)
  expect(fault).toMatch(/leapt or fell 5 times/)
  expect(kwh).toBe(0)
})
