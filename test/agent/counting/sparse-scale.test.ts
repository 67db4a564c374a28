import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SparseScale } from '../../../agent/counting/sparse-scale.ts'
import { booked } from './booked.ts'

const DAY_S = 86_400

/** A meter at a steady 10 kW whose counter counts so many times as much. */
const steady = (factor: number, pollS: number) => ({
  pollS,
  powerW: () => 10_000,
  energyKwh: (s: number) => Math.floor((500 + (10 * factor * s) / 3600) * 1000 + 1e-6) / 1000,
})

describe('a counter that is read each 10 min, and is off by less than a load could be that comes and goes', () => {
  test.each([
    [4, 112, 'more'],
    [2.2, 310, 'more'],
    [1.5, 1050, 'more'],
    [0.6, 90, 'less'],
  ] as const)('%d times: it is told after at most %i readings, and used on', (factor, times, than) => {
    const { faults, kwh } = booked(steady(factor, 600), (times + 1) * 600)
    expect(faults).toEqual([
      expect.stringMatching(
        new RegExp(
          `booked [\\d.,]+ kWh in \\d+ s, ${than} than the [\\d.,]+ kWh of its own power .* used on`,
        ),
      ),
    ])
    expect(kwh / ((10 * factor * (times + 1)) / 6)).toBeCloseTo(1, 1)
  })

  test('is told through restarts of the agent, each of which goes on from what is known', () => {
    const restartsS = Array.from({ length: 12 }, (_, i) => (i + 1) * 6 * 3600)
    const { faults } = booked({ ...steady(2.2, 600), restartsS }, 3 * DAY_S)
    expect(faults).toEqual([expect.stringMatching(/more than .* used on/)])
  })

  test('is told no more once it has agreed for a hundred readings', () => {
    const scale = new SparseScale()
    const take = (factor: number, times: number) => {
      for (let i = 0; i < times; i++)
        scale.take(
          { elapsedMs: 600_000, fromW: 10_000, toW: 10_000, grownJ: factor * 6e6, stepJ: 3600 },
          { mostW: 10_000, alongW: 10_000, stepW: 1 },
        )
      return scale.told
    }
    expect(take(4, 112)).toMatch(/more than/)
    expect(take(1, 87)).toMatch(/more than/)
    // the first 88 make the block full that has twelve wrong ones
    expect(take(1, 101)).toBeUndefined()
    expect(scale.known).toBeUndefined()
  })

  test('is not told where both directions count, nor of one leap', () => {
    const meter = steady(1, 600)
    const leap = (s: number) => meter.energyKwh(s) + (s > DAY_S ? 300 : 0)
    expect(booked({ ...meter, energyKwh: leap }, 4 * DAY_S).faults).toEqual([])
    const both = { ...steady(2.2, 600), exportedKwh: (s: number) => (12 * s) / 3600 }
    expect(booked(both, 4 * DAY_S).faults).toEqual([])
  })
})

test('what another version left is taken for nothing', () => {
  for (const known of [
    undefined,
    null,
    7,
    {},
    { countedJ: 1, largestJ: 1 },
    { countedJ: 1, largestJ: 1, power: {} },
  ])
    expect(new SparseScale(known).known).toBeUndefined()
})

test('no true counter is told, whatever load comes and goes by chance between the polls (property)', () => {
  fc.assert(
    fc.property(
      fc.record({
        elapsedS: fc.integer({ min: 301, max: 3600 }),
        baseW: fc.double({ min: 100, max: 3000, noNaN: true }),
        times: fc.double({ min: 1, max: 20, noNaN: true }),
        part: fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        /** states last so many polls, or a part of one */
        lasts: fc.constantFrom(0.02, 0.2, 1, 5, 40),
        stepJ: fc.constantFrom(3600, 360_000, 3.6e6),
        seed: fc.integer({ min: 1, max: 1e9 }),
      }),
      ({ elapsedS, baseW, times, part, lasts, stepJ, seed }) => {
        let random = seed
        const chance = () => {
          random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
          return random / 2 ** 32
        }
        const scale = new SparseScale()
        let [on, left, trueJ, shownJ] = [false, 0, 0, 0]
        let [fromW, mostW] = [baseW, baseW]
        for (let i = 0; i < 3000; i++) {
          for (let open = 1; open > 1e-9; ) {
            if (left <= 0) {
              on = chance() < part
              left = lasts * (0.5 + chance())
            }
            const some = Math.min(open, left)
            trueJ += some * elapsedS * baseW * (on ? times : 1)
            left -= some
            open -= some
          }
          const toW = baseW * (on ? times : 1)
          mostW = Math.max(mostW, toW)
          const countedJ = Math.floor(trueJ / stepJ) * stepJ
          const time = { elapsedMs: elapsedS * 1000, fromW, toW, grownJ: countedJ - shownJ, stepJ }
          scale.take(time, { mostW, alongW: mostW, stepW: 1 })
          shownJ = countedJ
          fromW = toW
          if (scale.told !== undefined) expect.fail(scale.told)
        }
      },
    ),
    { numRuns: 60 },
  )
})
