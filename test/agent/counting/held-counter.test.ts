import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeldCounter } from '../../../agent/counting/held-counter.ts'
import { booked } from './booked.ts'

const KWH = 3_600_000

interface Meter {
  stepKwh?: number
  pollS?: number
  powerW?: (s: number) => number
  /** the counter by seconds since the start, before it is cut to its steps */
  energyKwh: (s: number) => number
}

/** Reads a counter at each poll. */
function polls({ stepKwh = 0.001, pollS = 5, powerW = () => 10_000, energyKwh }: Meter, seconds: number) {
  const counter = new HeldCounter(stepKwh * KWH)
  const told: number[] = []
  for (let s = 0; s <= seconds; s += pollS) {
    const shownJ = Math.floor(energyKwh(s) / stepKwh + 1e-9) * stepKwh * KWH
    const reading = counter.read(shownJ, powerW(s), s * 1000)
    if (reading.fault !== undefined) return { told, fault: reading.fault, afterS: s }
    if (reading.energyJ !== undefined) told.push(reading.energyJ / KWH)
  }
  return { told, fault: undefined, afterS: seconds }
}
const HOUR = 3600
const atKw = (kw: number, factor = 1) => ({
  powerW: () => kw * 1000,
  energyKwh: (s: number) => 500 + (factor * kw * s) / HOUR,
})

describe('a counter that keeps within its meter’s power is used', () => {
  test.each<[string, Meter]>([
    ['of 1 Wh at 10 kW', atKw(10)],
    ['of 0.1 kWh at 10 kW', { stepKwh: 0.1, ...atKw(10) }],
    ['of 1 kWh at 300 W', { stepKwh: 1, ...atKw(0.3) }],
    ['that is 7 % off', atKw(10, 1.07)],
    ['that is 7 % off, the other way', atKw(10, 0.93)],
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
      { powerW: () => -1000, energyKwh: (s: number) => (0.4 * s) / HOUR },
    ],
    [
      'of an outlet whose 4 W are shown as 0',
      { stepKwh: 0.1, pollS: 60, powerW: () => 0, energyKwh: (s: number) => (0.004 * s) / HOUR },
    ],
  ])(
    '%s',
    (_, meter) => {
      const { told, fault } = polls(meter, 48 * HOUR)
      expect(fault).toBeUndefined()
      expect(told.at(-1)! / (Math.floor(meter.energyKwh(48 * HOUR) / 0.1) * 0.1)).toBeCloseTo(1, 1)
    },
    20_000,
  )
})

test('it is told when it has moved, whatever its last digit says', () => {
  // Socomec in steps of 100 kWh, in a register that counts kWh
  const meter = { stepKwh: 100, ...atKw(40) }
  const counter = new HeldCounter(KWH)
  const told: number[] = []
  let fault: string | undefined
  for (let s = 0; s < 40 * HOUR; s += 10) {
    const reading = counter.read(Math.floor(meter.energyKwh(s) / 100) * 100 * KWH, 40_000, s * 1000)
    if (reading.energyJ !== undefined) told.push(reading.energyJ / KWH)
    fault ??= reading.fault
  }
  expect(fault).toBeUndefined()
  expect(told).toEqual(Array.from({ length: 16 }, (_, i) => 500 + 100 * i))
})

describe('what only one reading says is not told', () => {
  test.each([
    ['a single 0', 0],
    ['a torn value, too high', 65_536_503],
    ['a torn value, too low', 12],
  ])('%s', (_, wild) => {
    const meter = atKw(10)
    const { told, fault } = polls(
      { ...meter, energyKwh: (s) => (s === 500 ? wild : meter.energyKwh(s)) },
      HOUR,
    )
    expect(fault).toBeUndefined()
    expect(told).not.toContain(wild)
    expect(told.at(-1)).toBeCloseTo(510)
  })

  test('a wild value a day, for a month, leaves the counter in use', () => {
    const meter = atKw(10)
    const read = (s: number) => (s % 86_400 === 600 ? 9e7 : meter.energyKwh(s))
    const { told, fault } = polls({ ...meter, pollS: 20, energyKwh: read }, 30 * 24 * HOUR)
    expect(fault).toBeUndefined()
    expect(told.at(-1)).toBeCloseTo(500 + 10 * 720, 1)
  })
})

describe('of a counter in large steps only what was drawn since the first start is booked', () => {
  test('whatever its step, its load, its polls, and how far the first step has come', () => {
    fc.assert(
      fc.property(
        fc.record({
          stepKwh: fc.constantFrom(0.1, 1, 10, 100),
          declared: fc.boolean(),
          stepS: fc.integer({ min: 120, max: 3600 }),
          phase: fc.double({ min: 0, max: 1, noNaN: true }),
          pollS: fc.constantFrom(1, 5, 10, 30),
          steps: fc.integer({ min: 1, max: 8 }),
        }),
        ({ stepKwh, declared, stepS, phase, pollS, steps }) => {
          const kw = (stepKwh * HOUR) / stepS
          const seconds = Math.ceil(((steps + 0.5) * stepS) / pollS) * pollS
          const { kwh, faults } = booked(
            {
              stepKwh: declared ? stepKwh : 0.001,
              pollS,
              powerW: () => kw * 1000,
              energyKwh: (s) => Math.floor(700 + phase + s / stepS) * stepKwh,
            },
            seconds,
          )
          expect(faults).toEqual([])
          // a step is seen a poll late, and so is the first
          expect(Math.abs(kwh - (kw * seconds) / HOUR)).toBeLessThanOrEqual((2.01 * kw * pollS) / HOUR)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('and a restart of the agent before the first step, or after it, books nothing of the time before', () => {
    for (const restartS of [20, 60, 200, 900]) {
      const { kwh } = booked(
        {
          powerW: () => 10_000,
          energyKwh: (s) => Math.floor(700.9 + (10 * s) / HOUR),
          restartsS: [restartS],
        },
        2 * HOUR,
      )
      expect(Math.abs(kwh - 20)).toBeLessThan(0.1)
    }
  })

  test('a fine counter that stood before its load came is exact too', () => {
    const { kwh } = booked(
      {
        pollS: 4,
        powerW: (s) => (s <= 56 ? 0 : 33_000),
        energyKwh: (s) => Math.floor((514.137 + (33.3 * Math.max(0, s - 52)) / HOUR) * 1000) / 1000,
      },
      600,
    )
    expect(kwh).toBeCloseTo((33.3 * (600 - 52)) / HOUR, 2)
  })

  test('a fine counter is exact from its first reading on', () => {
    const { kwh } = booked(
      {
        // the readings miss that the load is twice as high between them
        powerW: () => 5000,
        energyKwh: (s) => 500 + (5.5 * s) / HOUR,
      },
      600,
    )
    expect(kwh).toBeCloseTo(5.5 / 6, 6)
  })
})

describe('one leap or fall is one', () => {
  test.each([
    ['up', 13_107],
    ['down', -150],
  ])('%s, of a counter that then goes on from there', (_, byKwh) => {
    const meter = atKw(10)
    const energyKwh = (s: number) => meter.energyKwh(s) + (s >= 600 ? byKwh : 0)
    const { kwh, faults } = booked({ ...meter, energyKwh }, 2 * HOUR)
    expect(faults).toEqual([])
    expect(kwh).toBeCloseTo(20, 0)
  })

  test('five of them within an hour are a fault, and its count is right', () => {
    const meter = atKw(10)
    const energyKwh = (s: number) => meter.energyKwh(s) + (s > 0 && s % 200 === 0 ? 5000 : 0)
    const { fault, afterS } = polls({ ...meter, energyKwh }, 2 * HOUR)
    expect(fault).toMatch(/leapt or fell 5 times in 800 s/)
    expect(afterS).toBe(1000)
  })
})

describe('a counter that begins again is accepted at its second reading', () => {
  test.each([
    ['a reset', 0.4],
    ['a meter in its place, with another count', 300],
    ['a wrap', 0],
  ])('%s', (_, from) => {
    const meter = atKw(10)
    const energyKwh = (s: number) => (s < 600 ? meter.energyKwh(s) : from + (10 * (s - 600)) / HOUR)
    const { told, fault } = polls({ ...meter, energyKwh }, 2 * HOUR)
    expect(fault).toBeUndefined()
    const after = told.findIndex((kwh) => kwh < 500)
    expect(told[after]).toBeCloseTo(from + 0.013, 2)
    expect(told.at(-1)).toBeCloseTo(from + 18.333, 2)
  })

  test('a meter that was exchanged for one with a higher count is taken as its second reading finds it, and nothing of the leap is told', () => {
    const counter = new HeldCounter(3600)
    for (let s = 0; s < 60; s += 5) counter.read(500 * KWH + s * 10_000, 10_000, s * 1000)
    const found = 90_000 * KWH
    expect(counter.read(found, 10_000, 1_000_000)).toEqual({})
    const second = found + 50_000
    expect(counter.read(second, 10_000, 1_005_000)).toEqual({ energyJ: second, startsAgain: true })
    expect(counter.read(second + 50_000, 10_000, 1_010_000)).toEqual({ energyJ: second + 50_000 })
  })
})

test('a counter that leaps once, without a gap, is used again within half an hour, and no leap is booked', () => {
  const meter = atKw(10)
  const energyKwh = (s: number) => meter.energyKwh(s) + (s > 200 ? 4_999_000 : 0)
  for (const pollS of [5, 10, 60]) {
    const { told, fault } = polls({ ...meter, pollS, energyKwh }, 2 * HOUR)
    expect(fault).toBeUndefined()
    expect(told.at(-1)).toBeCloseTo(energyKwh(2 * HOUR), 1)
    const from = told.findIndex((kwh) => kwh > 1000)
    expect(told[from]! - energyKwh(0)).toBeLessThan(4_999_000 + 10)
  }
})

test('power factors read as a counter are not used, and the fault tells both figures', () => {
  // the classic EM24 by the map of the EM24_E1: 0x34 = 983, 0x35 = 980 to 983, the low word first, in 0.1 kWh, at 10 kW
  const factors = [980, 980, 981, 983, 982, 981, 983]
  const { told, fault, afterS } = polls(
    { stepKwh: 0.1, energyKwh: (s) => (factors[(s / 5) % factors.length]! * 65_536 + 983) / 10 },
    60,
  )
  expect(told).toHaveLength(1)
  expect(afterS).toBe(30)
  expect(fault).toBe(
    'its energy counter leapt or fell 5 times in 20 s, by up to 19,661 kWh, far more than the 0.056 kWh that its highest power makes in that time; the counter is not used: check the map and its scale',
  )
})

describe('a counter of another scale is not used, and next to nothing of it is told', () => {
  test.each([
    [1.25, 4],
    [1.5, 3],
    [2, 3],
    [2.9, 3],
    [10, 1],
    [1000, 1],
    [1e6, 1],
    [0.75, 4],
    [0.5, 3],
    [0.1, 3],
    [0.001, 3],
  ])('%d times', (factor, hours) => {
    const { kwh, fault } = booked({ ...atKw(10, factor) }, hours * HOUR)
    expect(fault).toMatch(/far (more|less) than the [\d.,]+ kWh/)
    // wrong by at most two minutes at the highest power, twice, and by the part that counter and power may differ by
    expect(Math.abs(kwh - 10 * hours)).toBeLessThan(2 * 0.34 + 0.25 * 10 * Math.min(hours, 3))
    if (factor > 2) expect(Math.abs(kwh - 10 * hours)).toBeLessThan(1.1)
  })

  test.each([0.1, 0.2, 5, 10, 20])(
    '%d times is a fault within ten minutes at a steady load, and the fault tells both figures',
    (factor) => {
      for (const stepKwh of [0.001, 0.01]) {
        const { fault, afterS } = polls({ ...atKw(10, factor), stepKwh }, HOUR)
        expect(fault).toMatch(
          /booked [\d.,]+ kWh in \d+ s, far (more|less) than the [\d.,]+ kWh of its own power/,
        )
        expect(afterS).toBeLessThan(600)
      }
    },
  )

  test.each([
    [1.25, 5, 15],
    [0.75, 5, 15],
    [1.25, 10, 25],
    [1.25, 30, 70],
    [1.25, 60, 180],
    [1.15, 5, 120],
  ])('%d times is a fault at a steady load: polls of %d s, within %d minutes', (factor, pollS, minutes) => {
    for (const stepKwh of [0.001, 0.01]) {
      const { fault } = polls({ ...atKw(10, factor), pollS, stepKwh }, minutes * 60)
      expect(fault).toMatch(/far (more|less) than the [\d.,]+ kWh of its own power/)
    }
  })

  test('a load that changes each half minute is judged within two hours', () => {
    const meter = { ...atKw(10, 1.25), powerW: (s: number) => (s % 60 < 30 ? 9000 : 11_000) }
    expect(polls(meter, 2 * HOUR + 60).fault).toMatch(/far more than/)
    expect(polls({ ...meter, ...{ energyKwh: atKw(10).energyKwh } }, 8 * HOUR).fault).toBeUndefined()
  })

  test('a load that was unsteady meanwhile is judged over the longer time', () => {
    const meter = atKw(10, 10)
    const { fault, afterS } = polls({ ...meter, powerW: (s) => (s % 60 < 30 ? 10_000 : 8000) }, HOUR)
    expect(fault).toBeDefined()
    expect(afterS).toBeGreaterThan(1200)
  })

  test('one that stands still is told once, and named after 200 kWh of its own power', () => {
    const { told, fault, afterS } = polls({ ...atKw(10, 0) }, 24 * HOUR)
    expect(told).toEqual([500])
    expect(afterS / HOUR).toBeCloseTo(20, 0)
    expect(fault).toMatch(/booked 0 kWh in 7\d{4} s, far less than the 20\d kWh of its own power/)
  })
})

test('over a long time without readings nothing is held against the power at its two ends', () => {
  const counter = new HeldCounter(3600)
  expect(counter.read(0, 5_000, 0)).toEqual({ energyJ: 0 })
  // a night of 3 MW between two readings of a curtailed site
  expect(counter.read(20_000 * KWH, 5_000, 8 * 3_600_000)).toEqual({ energyJ: 20_000 * KWH })
})

test('what was in doubt before a gap is not told after it', () => {
  const counter = new HeldCounter(3600)
  const read = (s: number, kwh: number) => counter.read(kwh * KWH, 10_000, s * 1000)
  read(0, 500)
  expect([read(5, 700), read(10, 702), read(15, 704), read(20, 706)]).toEqual([
    {},
    {},
    { startsAgain: true },
    {},
  ])
  expect(read(900, 790)).toEqual({ energyJ: 790 * KWH, startsAgain: true })
})

test('a meter without power is taken as it is', () => {
  const counter = new HeldCounter(3600)
  const read = (kwh: number, s: number) => counter.read(kwh * KWH, undefined, s * 1000)
  expect([read(1, 0), read(9000, 5), read(9000, 10), read(5, 15)]).toEqual(
    [1, 9000, 9000, 5].map((kwh) => ({ energyJ: kwh * KWH })),
  )
})

test('of a meter without power the first large step is not booked, because a part of it may be older', () => {
  const counter = new HeldCounter(KWH)
  const read = (kwh: number, s: number) => counter.read(kwh * KWH, undefined, s * 1000)
  expect([read(700, 0), read(700, 5), read(701, 10), read(701, 15), read(702, 20)]).toEqual([
    { energyJ: 700 * KWH },
    {},
    { energyJ: 701 * KWH, startsAgain: true },
    {},
    { energyJ: 702 * KWH },
  ])
})

describe('a counter that was wrong for some minutes and is right again', () => {
  const wrongUntil = (wrongS: number, factor: number) => (s: number) =>
    500 + (10 * (s + (factor - 1) * Math.min(s, wrongS))) / HOUR

  test.each([5, 10])(
    'is used and told until it has agreed for a window: 2.2 times for 5 min, polled each %d s',
    (pollS) => {
      const meter = { ...atKw(10), pollS, energyKwh: wrongUntil(300, 2.2) }
      const { kwh, faults, fault } = booked(meter, HOUR)
      expect(faults).toEqual([
        expect.stringMatching(/booked 1\.8\d+ kWh in 3\d\d s, more than the 0\.8\d+ kWh of .* used again/),
      ])
      expect(fault).toBe(faults[0])
      expect(kwh).toBeGreaterThan(10.3)
      expect(booked(meter, 3 * HOUR).fault).toBeUndefined()
    },
  )

  test.each([
    // the load leaps by a third
    [0.3, 4, 390],
    [0.3, 2.2, 700],
    [0, 1.5, 390],
    [0, 2.2, 150],
  ])(
    'books at most 12 min of its highest power where it is not told: load %d, %d times for %d s',
    (leaps, factor, wrongS) => {
      const powerW = (s: number) => 10_000 * (1 + leaps * Math.sin(s * s))
      const kwh = new Float64Array(4 * HOUR + 1)
      for (let s = 1; s <= 4 * HOUR; s++)
        kwh[s] = kwh[s - 1]! + (powerW(s) * (s > HOUR && s <= HOUR + wrongS ? factor : 1)) / KWH
      let trueKwh = 0
      for (let s = 1; s <= 4 * HOUR; s++) trueKwh += powerW(s) / KWH
      for (const pollS of [5, 10, 30]) {
        const found = booked({ pollS, powerW, energyKwh: (s) => 500 + kwh[s]! }, 4 * HOUR)
        expect(found.kwh - trueKwh).toBeLessThan((12 * 10 * (1 + leaps)) / 60)
      }
    },
  )
})
