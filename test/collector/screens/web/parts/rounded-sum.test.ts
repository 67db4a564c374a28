import fc from 'fast-check'
import { expect, test } from 'vitest'
import { moneyOf } from '../../../../../collector/screens/web/parts/money.ts'
import { roundedSum } from '../../../../../collector/screens/web/parts/rounded-sum.ts'

test('0.2652 less 0.0038 is shown as sums that add up, not as 0.27 - 0.00 = 0.26', () => {
  const { terms, total } = moneyOf(undefined).sum([0.2652, -0.0038])
  expect(total).toBe('$0.26')
  expect(terms).toEqual(['$0.26', '$0.00'])
})

test('one amount of a hundred puts the whole line in whole units', () => {
  expect(moneyOf(undefined).sum([150.4, -12.35])).toEqual({ terms: ['$150', '−$12'], total: '$138' })
})

test('a minute’s amounts are shown to the nano-dollar', () => {
  const { terms, total } = moneyOf(undefined).sum([0.002_319_457, -0.001_000_001], 9)
  expect([...terms, total]).toEqual(['$0.002319457', '−$0.001000001', '$0.001319456'])
})

test('rounded terms add up to the rounded sum, and none is off by a step (property)', () =>
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(1, 0.01, 0.001),
      (terms, step) => {
        const rounded = roundedSum(terms, step)
        expect(rounded.terms.reduce((a, b) => a + b, 0)).toBe(rounded.total)
        for (const [i, term] of terms.entries())
          expect(Math.abs((rounded.terms[i] ?? Number.NaN) - term / step)).toBeLessThan(1.001)
      },
    ),
  ))
