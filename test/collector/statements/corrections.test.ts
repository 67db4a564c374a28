import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { correctionsInCents, type ExactCorrection } from '../../../collector/statements/corrections.ts'

const line = (oldNanoUsd: number, newNanoUsd: number, issuedNanoUsd = oldNanoUsd): ExactCorrection => ({
  statement: 'plains-2026-11-own',
  month: '2026-11',
  workload: 'mining',
  item: 'amount',
  from: '2026-11-01T00:00:00.000Z',
  to: '2026-11-01T00:01:00.000Z',
  minutes: 1,
  why: 'repriced by ben: wrong price',
  oldNanoUsd,
  newNanoUsd,
  issuedNanoUsd,
})
const usd = (amount: number) => Math.round(amount * 1e9)

describe('corrections in cents', () => {
  it('go from the amount that was issued to the rounded new one', () => {
    expect(correctionsInCents([line(usd(0.0474), usd(0.0237))], 'customer')).toMatchObject([
      { oldUsd: 0.05, newUsd: 0.02, changeUsd: -0.03 },
    ])
    expect(correctionsInCents([line(usd(0.045), usd(0.0449))], 'customer')).toMatchObject([
      { oldUsd: 0.05, newUsd: 0.04, changeUsd: -0.01 },
    ])
  })

  it('and what was issued are the new sum, rounded once, of amounts and of costs (property)', () => {
    const amount = fc.oneof(
      fc.integer({ min: 0, max: 3e8 }),
      fc.integer({ min: 0, max: 60 }).map((n) => n * 5e6),
    )
    const lines = fc.array(fc.tuple(amount, amount), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        lines,
        amount,
        fc.constantFrom('amount' as const, 'energy-cost' as const),
        (found, rest, item) => {
          const issued = rest + found.reduce((sum, [old]) => sum + old, 0)
          const now = rest + found.reduce((sum, [, next]) => sum + next, 0)
          const exact = found.map(([old, next]) => ({ ...line(old, next, issued), item }))
          const shown = correctionsInCents(exact, 'own')
          const change = shown.reduce((sum, c) => sum + Math.round(c.changeUsd * 100), 0)
          expect(Math.round(issued / 1e7) + change).toBe(Math.round(now / 1e7))
          for (const [i, c] of shown.entries()) {
            expect(Math.round(c.oldUsd * 100) + Math.round(c.changeUsd * 100)).toBe(
              Math.round(c.newUsd * 100),
            )
            expect(c.oldUsd).toBe(Math.round((found[i]?.[0] ?? 0) / 1e7) / 100)
            expect(Math.abs(c.newUsd * 1e9 - (found[i]?.[1] ?? 0))).toBeLessThanOrEqual(1.5e7 + 1)
          }
        },
      ),
    )
  })
})
