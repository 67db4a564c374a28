import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeldPower } from '../../../agent/counting/held-power.ts'
import { type BookedMeter, booked } from './booked.ts'

const told = (watts: readonly (number | undefined)[]) => {
  const power = new HeldPower()
  return watts.map((powerW) => power.read(powerW).powerW)
}
const kW = 1000
const MW = 1e6
const STEADY = [100 * kW, 100 * kW]

const HOUR = 3600

describe('a single power far beyond all before is left out, and told', () => {
  test.each([
    ['of the same direction', 10 * MW],
    ['of the other direction', -50 * MW],
    ['that is ten times as much', 1 * MW],
  ])('%s', (_, wild) => {
    expect(told([...STEADY, wild, ...STEADY])).toEqual([...STEADY, undefined, ...STEADY])
  })

  test('the fault names both figures', () => {
    const power = new HeldPower()
    for (const powerW of STEADY) power.read(powerW)
    expect(power.read(-50 * MW).fault).toBe(
      'its power of -50,000,000 W is far beyond the 0 W that it has shown out before; it is left out unless the next reading confirms it',
    )
  })

  test('it is not remembered: the next one like it is left out too', () => {
    const watts = [...STEADY, 500 * MW, ...STEADY, 500 * MW, ...STEADY, 400 * MW]
    expect(told(watts)).toEqual(watts.map((w) => (w > MW ? undefined : w)))
  })
})

describe('a true load is told', () => {
  test('a step at its second reading, and from then on at once', () => {
    expect(told([5 * kW, 5 * kW, 3 * MW, 3 * MW, 5 * kW, 3 * MW])).toEqual([
      5 * kW,
      5 * kW,
      undefined,
      3 * MW,
      5 * kW,
      3 * MW,
    ])
  })
  test('a site that begins to export, at its second reading', () => {
    expect(told([...STEADY, -40 * kW, -60 * kW])).toEqual([...STEADY, undefined, -60 * kW])
  })
  test('an outlet that is switched on, at once', () => {
    expect(told([0, 0, 3500, 0, 7000])).toEqual([0, 0, 3500, 0, 7000])
  })
  test('one that is seen at a single reading each time, once the counter has shown it twice', () => {
    const powerW = (s: number) => (s % 300 === 0 ? 5 * MW : 20 * kW)
    const energyKwh = (s: number) => (20 * s) / HOUR + Math.floor((s + 30) / 300) * 83
    const { kwh, fault } = booked({ pollS: 60, powerW, energyKwh }, 6 * HOUR)
    expect(fault).toBeUndefined()
    // what was not yet known in the first ten minutes
    expect(Math.abs(kwh - energyKwh(6 * HOUR))).toBeLessThan(3 * 83)
  })
})

describe('where the first two readings contradict each other', () => {
  test('what was built on the first is forgotten once a later one confirms the second', () => {
    const power = new HeldPower()
    expect(power.read(500 * MW)).toEqual({ powerW: 500 * MW })
    expect(power.read(100 * kW)).toEqual({ fault: expect.stringMatching(/is far from the 500,000,000 W/) })
    expect(power.read(100 * kW)).toEqual({ powerW: 100 * kW, startsAgain: true })
  })
  test('and nothing is forgotten where a later one confirms the first', () => {
    const power = new HeldPower()
    expect(power.read(100 * kW)).toEqual({ powerW: 100 * kW })
    expect(power.read(500 * MW)).toHaveProperty('fault')
    expect(power.read(100 * kW)).toEqual({ powerW: 100 * kW })
  })
  test('both are true where the counter has grown by what they make between them', () => {
    const power = new HeldPower()
    power.read(0.2 * kW)
    expect(power.read(40 * kW, true)).toEqual({ powerW: 40 * kW })
    expect([0.2, 40, 0.2].map((kiloW) => power.read(kiloW * kW).powerW)).toEqual([200, 40_000, 200])
  })
  test('a load that comes and goes at each reading is known from the third on', () => {
    expect(told([40 * kW, 0.2 * kW, 40 * kW, 0.2 * kW, 40 * kW])).toEqual([
      40 * kW,
      undefined,
      40 * kW,
      0.2 * kW,
      40 * kW,
    ])
  })
})

test.each(['high low', 'low high', 'high low low', 'low high high', 'high low high'])(
  'a meter that is polled each half hour books all from its first reading on, though its first powers are %s',
  (first) => {
    // each half hour holds the same bursts, whatever the polls meet
    for (const meanKw of [8, 20]) {
      const met = [...first.split(' '), ...Array.from({ length: 30 }, (_, i) => (i % 3 > 0 ? 'low' : 'high'))]
      const powerW = (s: number) => (met[s / 1800] === 'high' ? 40_000 : 200)
      const energyKwh = (s: number) => 700 + (meanKw * s) / HOUR
      const { kwh } = booked({ pollS: 1800, powerW, energyKwh }, 30 * 1800)
      expect(kwh).toBeCloseTo(meanKw * 15, 2)
    }
  },
)

const hundredKw = (factor = 1) => ({ energyKwh: (s: number) => 1234 + (factor * 100 * s) / HOUR })
/** 100 kW, and at one reading something else. */
const wildAt = (atS: number, wildW: number, baseW = 100 * kW) => ({
  powerW: (s: number) => (s === atS ? wildW : baseW),
})

describe('one wild power does not switch off the check of the counter', () => {
  test.each([
    [10 * MW, 3],
    [100 * MW, 10],
    [500 * MW, 10],
  ])('of %d W, and a counter that counts %d times', (wildW, factor) => {
    const { kwh, fault } = booked({ pollS: 30, ...wildAt(600, wildW), ...hundredKw(factor) }, 6 * HOUR)
    expect(fault).toMatch(/the counter is not used/)
    expect(Math.abs(kwh - 600)).toBeLessThan(15)
  })

  test('nor does the first reading of a session', () => {
    const { kwh, fault } = booked({ pollS: 30, ...wildAt(0, 500 * MW), ...hundredKw(10) }, 6 * HOUR)
    expect(fault).toMatch(/the counter is not used/)
    expect(Math.abs(kwh - 600)).toBeLessThan(15)
  })

  test('power and counter that leap in one reply are both left out', () => {
    const meter = { ...wildAt(1800, 500 * MW), ...hundredKw() }
    const energyKwh = (s: number) => meter.energyKwh(s) + (s === 1800 ? 5000 : 0)
    const { kwh } = booked({ pollS: 10, ...meter, energyKwh }, HOUR)
    expect(kwh).toBeCloseTo(100, 3)
  })

  test('power factors read as a counter beside a torn power are refused as without it', () => {
    // the classic EM24 by the map of the EM24_E1, as in held-counter.test.ts
    const energyKwh = (s: number) => ((980 + (((s / 10) * 7) % 4)) * 65_536 + 983) / 10
    const { kwh, fault } = booked({ pollS: 10, ...wildAt(60, 214 * MW, 10 * kW), energyKwh }, HOUR)
    expect(fault).toMatch(/its energy counter leapt or fell 5 times/)
    expect(Math.abs(kwh - 10)).toBeLessThan(0.5)
  })
})

describe('one wild power books nothing', () => {
  const standing = { exportedKwh: () => 5 }
  test.each<[string, BookedMeter, number, number]>([
    ['out, of a site that draws', { ...wildAt(1800, -50 * MW), ...hundredKw() }, 100, 0],
    [
      'out, beside a counter of export that stands',
      { ...wildAt(1800, -50 * MW), ...hundredKw(), ...standing },
      100,
      0,
    ],
    [
      'in, of a site that exports',
      {
        ...wildAt(1800, 50 * MW, -100 * kW),
        energyKwh: () => 5,
        exportedKwh: (s) => 5 + (100 * s) / HOUR,
      },
      0,
      100,
    ],
  ])('%s', (_, meter, inKwh, outKwh) => {
    const read = booked({ ...meter, pollS: 10 }, HOUR)
    expect(read.kwh).toBeCloseTo(inKwh, 3)
    expect(read.outKwh).toBeCloseTo(outKwh, 3)
    expect(read.faults).toEqual([
      expect.stringMatching(/it is left out unless the next reading confirms it$/),
    ])
  })

  test.each([500 * MW, -500 * MW, 10 * MW])(
    '%d W of a meter without a counter: the two polls beside it are not booked',
    (wildW) => {
      const read = booked({ pollS: 10, ...wildAt(1800, wildW) }, HOUR)
      expect(read.kwh).toBeCloseTo(100 - 100 * (20 / HOUR), 2)
      expect(read.outKwh).toBe(0)
      expect(read.faults).toHaveLength(1)
    },
  )
})

test('whatever single values a load of one size has, no more is told than five times that size', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 3 * kW, max: 2 * MW, noNaN: true }),
      fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { maxLength: 20 }),
      (sizeW, wild) => {
        // twenty true readings between two wild ones
        const watts = [
          ...STEADY.map(() => sizeW),
          ...wild.flatMap((w) => [w, ...Array<number>(20).fill(sizeW)]),
        ]
        for (const powerW of told(watts)) expect(Math.abs(powerW ?? 0)).toBeLessThanOrEqual(5 * sizeW)
      },
    ),
  )
})
