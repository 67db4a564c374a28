import fc from 'fast-check'
import { expect, it } from 'vitest'
import { summedText } from '../../../../collector/economics/choices/terms.ts'

it('terms that are shown add up to the sum that is shown', () => {
  expect(summedText([0.5, 0.5], 0)).toEqual({ terms: ['0', '1'], sum: '1' })
  expect(summedText([10.4, 20.4, 30.4], 0)).toEqual({ terms: ['11', '20', '30'], sum: '61' })
  expect(summedText([1.005, -0.004], 2)).toEqual({ terms: ['1.00', '0.00'], sum: '1.00' })
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e7, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 4 }),
      (terms, digits) => {
        const shown = summedText(terms, digits)
        const units = (text: string) => Math.round(Number(text) * 10 ** digits)
        expect(shown.terms.reduce((total, text) => total + units(text), 0)).toBe(units(shown.sum))
        for (const [i, term] of terms.entries())
          expect(Math.abs(term - Number(shown.terms[i]))).toBeLessThan(1.01 / 10 ** digits)
      },
    ),
  )
})
