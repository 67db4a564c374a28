import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeldCounter } from '../../../agent/counting/held-counter.ts'
import { booked } from './booked.ts'

const KWH = 3_600_000
const HOUR = 3600

interface Steps {
  kw: number
  /** what the counter shows of the truth */
  factor: number
  stepKwh: number
  pollS: number
}

/** A counter in whole steps at a steady load; how many steps it made until it was refused. Undefined: within `most` steps it never was. */
function stepsToFault({ kw, factor, stepKwh, pollS }: Steps, most: number): number | undefined {
  const counter = new HeldCounter(3600)
  for (let s = 0; s < (most * stepKwh * HOUR) / (kw * factor); s += pollS) {
    const kwh = 523.3 * stepKwh + (kw * factor * s) / HOUR
    const { fault } = counter.read(Math.floor(kwh / stepKwh + 1e-9) * stepKwh * KWH, kw * 1000, s * 1000)
    if (fault !== undefined) return Math.floor((kw * factor * s) / HOUR / stepKwh)
  }
  return undefined
}

describe('a counter in coarse steps of another scale is refused after some steps at a steady load, whatever their size', () => {
  test.each([
    [2.5, 7],
    [2, 7],
    [1.5, 9],
    [1.25, 18],
    [0.75, 13],
    [0.5, 8],
  ])('%d times, within %d', (factor, most) => {
    for (const [kw, stepKwh] of [
      [10, 1],
      [3, 1],
      [100, 10],
      [60, 10],
      [300, 100],
    ] as const)
      for (const pollS of [5, 10, 30])
        expect(stepsToFault({ kw, factor, stepKwh, pollS }, 40), `${kw} kW, ${pollS} s`).toBeLessThanOrEqual(
          most,
        )
  })

  test('and little more than those is booked', () => {
    for (const factor of [1.5, 2, 2.5]) {
      const energyKwh = (s: number) => Math.floor(523.3 + (10 * factor * s) / HOUR)
      const { kwh, fault } = booked({ pollS: 10, powerW: () => 10_000, energyKwh }, 12 * HOUR)
      expect(fault).toMatch(/far more than the [\d.]+ kWh of its own power/)
      expect(Math.abs(kwh - 120)).toBeLessThan(4)
    }
  })

  test.each([
    [30, 1, 4],
    [30, 1, 10],
    [3, 0.1, 4],
    [300, 1, 4],
  ])(
    'also of %d kW that change by a fifth all the time, in steps of %d kWh a minute apart, at polls of %d s',
    (kw, stepKwh, pollS) => {
      for (const factor of [2, 0.5]) {
        // load and counter by polls; a golden angle's part makes a load that never repeats
        const wattsAt = (s: number) => kw * 1000 * (0.8 + 0.4 * ((Math.floor(s / pollS) * 0.618034) % 1))
        const kwhAt = [1000]
        for (let s = 0; s < 4 * HOUR; s++) kwhAt.push((kwhAt[s] ?? 0) + (wattsAt(s) * factor) / KWH)
        const energyKwh = (s: number) => Math.floor((kwhAt[s] ?? 0) / stepKwh + 1e-9) * stepKwh
        const { kwh, fault } = booked({ stepKwh, pollS, powerW: wattsAt, energyKwh }, 4 * HOUR)
        expect(fault).toMatch(/of its own power/)
        expect(kwh / (4 * kw)).toBeGreaterThan(0.9)
        expect(kwh / (4 * kw)).toBeLessThan(1.1)
      }
    },
  )

  test('where the load leaps each ten minutes, after an hour', () => {
    const powerW = (s: number) => (s % 1200 < 600 ? 200 : 30_000)
    const drawnKwh = (s: number) => {
      const into = s % 1200
      return (
        Math.floor(s / 1200) * 5 * 1.00667 +
        (into < 600 ? (into * 0.2) / HOUR : 1 / 30 + ((into - 600) * 30) / HOUR)
      )
    }
    const shown = (factor: number) => (s: number) => Math.floor(523 + factor * drawnKwh(s))
    const twice = booked({ pollS: 10, powerW, energyKwh: shown(2) }, 12 * HOUR)
    expect(twice.fault).toMatch(/far more than/)
    expect(Math.abs(twice.kwh - drawnKwh(12 * HOUR))).toBeLessThan(30)
    expect(booked({ pollS: 10, powerW, energyKwh: shown(1) }, 12 * HOUR).fault).toBeUndefined()
  })
})

describe('a true counter in coarse steps is never refused', () => {
  test('whatever its load, its steps, its polls, how exact it is and how often its agent is restarted', () => {
    fc.assert(
      fc.property(
        fc.record({
          stepKwh: fc.constantFrom(0.1, 1, 10, 100),
          /** s of a step at the highest load */
          stepS: fc.integer({ min: 10, max: 3000 }),
          pollS: fc.constantFrom(1, 5, 10, 30, 60, 120),
          counterIs: fc.double({ min: 0.93, max: 1.07, noNaN: true }),
          /** parts of the highest load, and how long each lasts at least, in polls */
          loads: fc.array(fc.double({ min: 0.02, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }),
          lastsPolls: fc.double({ min: 0.3, max: 200, noNaN: true }),
          restartPolls: fc.integer({ min: 5, max: 8000 }),
          seed: fc.integer({ min: 1, max: 1e9 }),
        }),
        ({ stepKwh, stepS, pollS, counterIs, loads, lastsPolls, restartPolls, seed }) => {
          const kw = (stepKwh * HOUR) / stepS
          let counter = new HeldCounter(3600)
          let random = seed
          const chance = () => {
            random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
            return random / 2 ** 32
          }
          let [atS, untilS, part, kwh] = [0, 0, loads[0] ?? 1, 700.37 * stepKwh]
          for (let s = 0; s < 4000 * pollS; s += pollS) {
            while (atS < s) {
              if (atS >= untilS) {
                part = loads[Math.floor(chance() * loads.length)] ?? 1
                untilS = atS + lastsPolls * pollS * (0.5 + 2 * chance())
              }
              const toS = Math.min(s, untilS)
              kwh += (counterIs * part * kw * (toS - atS)) / HOUR
              atS = toS
            }
            if (s % (restartPolls * pollS) === 0)
              counter = new HeldCounter(3600, JSON.parse(JSON.stringify(counter.known)))
            const shownJ = Math.floor(kwh / stepKwh) * stepKwh * KWH
            expect(counter.read(shownJ, part * kw * 1000, s * 1000).fault).toBeUndefined()
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('nor one behind a power that is the average of the last quarter of an hour', () => {
    const powerKw = (s: number) => (s < 3600 ? 0.2 : 30)
    const counter = new HeldCounter(KWH)
    let kwh = 500.4
    const recent: number[] = []
    for (let s = 0; s < 4 * HOUR; s += 10) {
      recent.push(powerKw(s))
      if (recent.length > 90) recent.shift()
      kwh += (powerKw(s) * 10) / HOUR
      const averageW = (1000 * recent.reduce((sum, kw) => sum + kw, 0)) / recent.length
      expect(counter.read(Math.floor(kwh) * KWH, averageW, s * 1000).fault).toBeUndefined()
    }
  })

  test.each([
    ['is exchanged for one with seven steps more', 7],
    ['is set back by three steps', -3],
  ])('nor one that %s', (_, leapKwh) => {
    for (let at = 1; at < 12; at++) {
      const energyKwh = (s: number) => Math.floor(523.3 + (10 * s) / HOUR + (s >= at * 300 ? leapKwh : 0))
      expect(booked({ pollS: 10, powerW: () => 10_000, energyKwh }, 3 * HOUR).faults).toEqual([])
    }
  })

  test('nor one of which single readings are wild, or missing for some polls', () => {
    const energyKwh = (s: number) =>
      s % 700 === 0 && s > 0 ? (s % 1400 === 0 ? 0 : 90_000) : Math.floor(523.3 + (10 * s) / HOUR)
    const answers = (s: number) => s % 900 < 800
    expect(booked({ pollS: 10, powerW: () => 10_000, energyKwh, answers }, 3 * HOUR).fault ?? '').not.toMatch(
      /of its own power/,
    )
  })
})
