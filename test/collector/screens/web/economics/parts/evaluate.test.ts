import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluate } from '../../../../../../collector/screens/web/economics/parts/evaluate.ts'
import { evaluate as reference } from '../../../recompute.ts'

test.each([
  ['a - b - c', -4],
  ['a / b * c', 1.5],
  ['-(a + b) * 2', -6],
  ['round(a / 3 * 10) + b', 5],
  ['(workDiff1 * 4e3) / 1000000', undefined],
  ['a +', undefined],
  ['a b', undefined],
  ['(a', undefined],
  ['a / 0', undefined],
  ['a; b', undefined],
])('%s is %d', (formula, value) => {
  expect(evaluate(formula, { a: 1, b: 2, c: 3 })).toBe(value)
})

test('it gives the same results as the checker of printed explanations, for any numbers', () => {
  const formula =
    'round(workDiff1 * (((subsidyBtc + feesBtcPerBlock) * btcUsd) / difficulty) * (1 - poolFeeRatio) * 1000000000)'
  const names = ['workDiff1', 'subsidyBtc', 'feesBtcPerBlock', 'btcUsd', 'difficulty', 'poolFeeRatio']
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-3, max: 1e15, noNaN: true }), { minLength: 6, maxLength: 6 }),
      (values) => {
        const inputs = Object.fromEntries(names.map((name, i) => [name, values[i] ?? 1]))
        expect(evaluate(formula, inputs)).toBe(reference(formula, new Map(Object.entries(inputs))))
      },
    ),
  )
})
