import { describe, expect, test } from 'vitest'
import { HeldCounter } from '../../../agent/counting/held-counter.ts'
import { booked } from './booked.ts'

const KWH = 3_600_000
const HOUR = 3600
/** What a torn 64-bit word shows, in kWh of a counter of Wh. */
const TORN_KWH = 2 ** 40 / 1000

describe('a single wild value of a counter books nothing, whatever its window has seen', () => {
  test.each([5, 100, 123_000])('of export, at %d kWh, while power flows in', (standsKwh) => {
    for (const atS of [600, 1800, 3000]) {
      const { kwh, outKwh, faults } = booked(
        {
          pollS: 10,
          powerW: () => 100_000,
          energyKwh: (s) => 1234 + (100 * s) / HOUR,
          exportedKwh: (s) => (s === atS ? TORN_KWH : standsKwh),
        },
        HOUR,
      )
      expect(kwh).toBeCloseTo(100, 3)
      expect(outKwh).toBe(0)
      expect(faults).toEqual([])
    }
  })

  test('of import, while nothing flows', () => {
    const { kwh } = booked(
      { pollS: 10, powerW: () => 0, energyKwh: (s) => (s === 1800 ? TORN_KWH : 5) },
      HOUR,
    )
    expect(kwh).toBe(0)
  })

  test('of two readings in a row that are gone again', () => {
    const { kwh, outKwh } = booked(
      {
        pollS: 10,
        powerW: () => 100_000,
        energyKwh: (s) => 1234 + (100 * s) / HOUR,
        exportedKwh: (s) => (s === 1800 || s === 1810 ? TORN_KWH : 5),
      },
      HOUR,
    )
    expect(kwh).toBeCloseTo(100, 3)
    expect(outKwh).toBe(0)
  })
})

test('after a gap a single wild value is not told, and the next true one is told', () => {
  const counter = new HeldCounter(3600)
  const read = (s: number, kwh: number) => counter.read(kwh * KWH, 10_000, s * 1000)
  read(0, 500)
  read(600, 501)
  expect(read(1200, TORN_KWH)).toEqual({})
  expect(read(1800, 504)).toEqual({ energyJ: 504 * KWH })
})

describe('a wild value at the first reading of a session is not booked, nor does it cost what was counted meanwhile', () => {
  test.each([TORN_KWH, 5000 + 1234])('of %d kWh', (wildKwh) => {
    const { kwh } = booked(
      {
        pollS: 10,
        powerW: () => 100_000,
        restartsS: [1800],
        energyKwh: (s) => (s === 1800 ? wildKwh : 1234 + (100 * s) / HOUR),
      },
      HOUR,
    )
    expect(kwh).toBeCloseTo(100, 1)
  })
})

test('a wild value right after a gap does not cost what the counter counted over it', () => {
  const { kwh } = booked(
    {
      pollS: 10,
      powerW: () => 100_000,
      energyKwh: (s) => (s === 2410 ? TORN_KWH : 1234 + (100 * s) / HOUR),
      answers: (s) => s <= 1800 || s > 2400,
    },
    HOUR,
  )
  expect(kwh).toBeCloseTo(100, 3)
})

test('a counter that begins again is counted once: what its fall shows is in the integrated power already', () => {
  const { kwh, fault } = booked(
    {
      pollS: 10,
      powerW: () => 100_000,
      energyKwh: (s) => (s < 1800 ? 1234 : 30) + (100 * (s % 1800)) / HOUR,
    },
    HOUR - 10,
  )
  expect(fault).toBeUndefined()
  expect(kwh).toBeCloseTo(100 - 100 * (10 / HOUR), 1)
})
