import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inCents } from '../../../../collector/economics/statement/cents.ts'

const amounts = fc.array(
  fc.oneof(
    fc.integer({ min: -9e12, max: 9e12 }),
    fc.integer({ min: -2e8, max: 2e8 }),
    // halves of a cent, where rounding each by itself goes wrong
    fc.integer({ min: -1e6, max: 1e6 }).map((n) => n * 5e6),
  ),
  { maxLength: 200 },
)

it('amounts in cents add up to their exact sum rounded to a cent, and none is a cent or more off', () => {
  fc.assert(
    fc.property(amounts, (nanoUsd) => {
      const { cents, totalCents } = inCents(nanoUsd)
      const sum = nanoUsd.reduce((a, n) => a + BigInt(n), 0n)
      expect(cents.reduce((a, c) => a + c, 0)).toBe(totalCents)
      // half up
      const rounded = (2n * sum + 10_000_000n) / 20_000_000n
      const exact = (2n * sum + 10_000_000n) % 20_000_000n
      expect(totalCents).toBe(Number(exact < 0n ? rounded - 1n : rounded))
      for (const [i, n] of nanoUsd.entries()) expect(Math.abs(n - (cents[i] ?? 0) * 1e7)).toBeLessThan(1e7)
    }),
  )
})

it('an amount of nothing gets no cent of another', () => {
  expect(inCents([0, 4_000_000, 0, 4_000_000]).cents).toEqual([0, 1, 0, 0])
  expect(inCents([]).totalCents).toBe(0)
})
