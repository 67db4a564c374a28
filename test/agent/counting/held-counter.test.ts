import { describe, expect, test } from 'vitest'
import { HeldCounter } from '../../../agent/counting/held-counter.ts'

const KWH = 3_600_000
const POLL_MS = 5_000

/** Reads a counter at each poll. @param energyKwh the counter by seconds since the start */
function polls(
  {
    stepKwh = 0.001,
    powerW = () => 10_000 as number,
    energyKwh,
  }: { stepKwh?: number; powerW?: (s: number) => number; energyKwh: (s: number) => number },
  seconds: number,
) {
  const counter = new HeldCounter(stepKwh * KWH)
  const told: (number | undefined)[] = []
  let fault: string | undefined
  for (let s = 0; s <= seconds; s += POLL_MS / 1000) {
    const steps = Math.floor(energyKwh(s) / stepKwh + 1e-9)
    const reading = counter.read(steps * stepKwh * KWH, powerW(s), s * 1000)
    told.push(reading.energyJ)
    fault = reading.fault
  }
  return { told, fault }
}

describe('a counter that keeps within its meter’s power is used', () => {
  test.each([
    ['of 1 Wh at 10 kW', { energyKwh: (s: number) => (10 * s) / 3600 }],
    ['of 0.1 kWh at 10 kW', { stepKwh: 0.1, energyKwh: (s: number) => 500 + (10 * s) / 3600 }],
    ['of 1 kWh at 300 W', { stepKwh: 1, powerW: () => 300, energyKwh: (s: number) => (0.3 * s) / 3600 }],
    [
      'while the load comes and goes between the readings',
      {
        powerW: (s: number) => (s % 7 < 3 ? 90_000 : 200),
        energyKwh: (s: number) => (Math.floor(s / 7) * 270_800 + Math.min(s % 7, 3) * 90_000) / KWH,
      },
    ],
    ['of export, while power flows in', { powerW: () => -4000, energyKwh: () => 70 }],
    [
      'that counts each phase by itself, while the sum flows out',
      { powerW: () => -1000, energyKwh: (s: number) => (0.4 * s) / 3600 },
    ],
  ])('%s', (_, meter) => {
    const { told, fault } = polls(meter, 4 * 3600)
    expect(fault).toBeUndefined()
    expect(told[0]).toBeDefined()
  })
})

test('power factors read as a counter are not used, and the fault tells both figures', () => {
  // the classic EM24 by the map of the EM24_E1: 0x34 = 983, 0x35 = 980 to 983, the low word first, in 0.1 kWh, at 10 kW
  const factors = [980, 980, 981, 983, 982, 981, 983]
  const { told, fault } = polls(
    { stepKwh: 0.1, energyKwh: (s) => (factors[(s / 5) % factors.length]! * 65_536 + 983) / 10 },
    60,
  )
  expect(told.slice(1).filter((energyJ) => energyJ !== undefined)).toEqual([])
  expect(fault).toBe(
    'its energy counter booked 6,554 kWh in 10 s, far more than the 0.028 kWh of its own power; the counter is not used: check the map and its scale',
  )
})

test.each([
  ['a thousand times too small', 0.001],
  ['that stands still', 0],
  ['ten times too large', 10],
])('a counter %s is not used', (_, factor) => {
  expect(polls({ energyKwh: (s) => (factor * 10 * s) / 3600 }, 3600).fault).toMatch(/far (more|less) than/)
})

test('over a long time without readings nothing is held against the power at its two ends', () => {
  const counter = new HeldCounter(3600)
  expect(counter.read(0, 5_000, 0)).toEqual({ energyJ: 0 })
  // a night of 3 MW between two readings of a curtailed site
  expect(counter.read(20_000 * KWH, 5_000, 8 * 3_600_000)).toEqual({ energyJ: 20_000 * KWH })
})

test('a meter without power is taken as it is, and so is one whose counter starts again', () => {
  const counter = new HeldCounter(3600)
  expect(counter.read(KWH, undefined, 0)).toEqual({ energyJ: KWH })
  expect(counter.read(9000 * KWH, undefined, 5000)).toEqual({ energyJ: 9000 * KWH })
  expect(counter.read(9000 * KWH, 1000, 10_000)).toEqual({ energyJ: 9000 * KWH })
  expect(counter.read(5 * KWH, 1000, 15_000)).toEqual({ energyJ: 5 * KWH })
})

test('a counter that falls again and again, and never to its beginning, is none', () => {
  const counter = new HeldCounter(3600)
  const faults = [980, 983, 980, 982, 981, 985, 980].map(
    (kWh, i) => counter.read(kWh * 10, 10_000, i * 5000).fault,
  )
  expect(faults.slice(0, -1)).toEqual(Array(6).fill(undefined))
  expect(faults.at(-1)).toBe('its energy counter fell 3 times; the counter is not used: check the map')
})

test('over a gap, growth of a thousand times the highest power that was seen is refused', () => {
  const counter = new HeldCounter(3600)
  counter.read(0, 10_000, 0)
  expect(counter.read(19_660.8 * KWH, 10_000, 301_000)).toEqual({
    fault:
      'its energy counter grew by 19,661 kWh in 301 s without a reading, more than its power can make; the counter is not used: check the map and its scale',
  })
})
