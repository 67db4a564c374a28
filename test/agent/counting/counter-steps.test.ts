import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CounterSteps } from '../../../agent/counting/counter-steps.ts'

test('a step is at least the last digit, and what a counter grew by after it stood still', () => {
  const steps = new CounterSteps(100)
  expect(steps.knownJ).toBe(100)
  for (const grownJ of [700, 0, 500, 0, 0, 900]) steps.grew(grownJ)
  // the first 700 may be several steps, and 900 too
  expect(steps.knownJ).toBe(500)
  expect(steps.hasMoved).toBe(true)
})

test('over a time without readings only a growth that its power can’t make shows a step', () => {
  const steps = new CounterSteps(1)
  steps.grew(0)
  steps.grewOverGap(50_000, 40_000)
  expect([steps.knownJ, steps.hasMoved]).toEqual([1, true])
  steps.grewOverGap(0, 40_000)
  steps.grewOverGap(900_000, 40_000)
  expect(steps.knownJ).toBe(900_000)
})

test('the next run knows what this one has learnt, and nothing of a counter that never moved', () => {
  const stood = new CounterSteps(100)
  stood.grew(0)
  expect(stood.known).toEqual({})
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 }), (moves) => {
      const steps = new CounterSteps(1)
      for (const n of moves) steps.grew(n * 360)
      const next = new CounterSteps(1, JSON.parse(JSON.stringify(steps.known)))
      expect([next.knownJ, next.hasMoved]).toEqual([steps.knownJ, steps.hasMoved])
      // growths are whole steps, so no step is learnt that is larger than one of them
      expect([1, 360, 720, 1080, 1440, 1800]).toContain(steps.knownJ)
    }),
  )
})

test.each([
  [1_000, 12_345_000, 1_000],
  [500, 12_345_500, 1_000],
  [1, 12_345_678, 37],
  [2, 12_345_678, 40],
])('%d digits is the largest step that makes a value of %d and a growth of %d', (digits, value, grown) => {
  const digitJ = 3_600
  const steps = new CounterSteps(digitJ)
  expect(steps.largestJ(value * digitJ, grown * digitJ)).toBe(digits * digitJ)
})

test('where the last digit is not known, any step may be the largest', () => {
  expect(new CounterSteps(0).largestJ(12_345, 678)).toBe(Number.POSITIVE_INFINITY)
})

test('a step may be as large as its values allow, up to that of the largest meter', () => {
  const steps = new CounterSteps(3600)
  expect(steps.possibleJ).toBe(100 * 3_600_000)
  for (const [kwh, possibleKwh] of [
    [700, 100],
    [750, 50],
    [751, 1],
    [751.02, 0.02],
    [751.021, 0.001],
  ] as const) {
    steps.showed(kwh * 3_600_000)
    expect(steps.possibleJ).toBeCloseTo(possibleKwh * 3_600_000, 3)
  }
  const learnt = new CounterSteps(3600, { learntJ: 36_000_000 })
  learnt.showed(751.021 * 3_600_000)
  expect(learnt.possibleJ).toBe(36_000_000)
})
