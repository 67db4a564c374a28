import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WrapCounter } from '../../../agent/counting/wrap-counter.ts'
import { Counter } from '../../../agent/metering/counter.ts'

const ANYTHING = { atMs: 0, perMs: 0, atOnce: Number.POSITIVE_INFINITY, growthPerMs: 0 }

const RANGE = 1000

/** What a counter of this range shows, for all that was counted in truth. */
const shown = (truth: number): number => truth % (RANGE + 1)

test('what is added comes out, however often the counter wraps on the way', () => {
  fc.assert(
    fc.property(fc.nat(RANGE), fc.array(fc.nat(RANGE)), (start, steps) => {
      const counter = new WrapCounter()
      let truth = start
      expect(counter.add(shown(truth), RANGE)).toBe(0)
      for (const step of steps) {
        truth += step
        // a wrap itself is one step of the register
        const wraps = Math.floor(truth / (RANGE + 1)) - Math.floor(start / (RANGE + 1))
        expect(counter.add(shown(truth), RANGE)).toBe(truth - start - wraps)
      }
    }),
  )
})

test('the ledger never counts more than was drawn, across wraps and restarts of the agent', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(RANGE), { minLength: 1 }), { minLength: 1 }), (lives) => {
      const ledger = new Counter()
      let truth = 0
      let counted = 0
      for (const steps of lives) {
        const counter = new WrapCounter()
        for (const step of steps) {
          truth += step
          counted += ledger.advance(counter.add(shown(truth), RANGE), undefined, ANYTHING) ?? 0
        }
      }
      expect(counted).toBeLessThanOrEqual(truth)
    }),
  )
})

test('without a range a smaller value is a new start', () => {
  const counter = new WrapCounter()
  expect([10, 25, 5, 6].map((value) => counter.add(value, undefined))).toEqual([0, 15, 20, 21])
})
