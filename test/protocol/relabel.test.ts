import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Interval } from '../../protocol/interval.ts'
import { relabelled } from '../../protocol/relabel.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'

const M0 = Date.UTC(2026, 2, 1, 12, 0, 0)
const record = (more: Partial<Interval> = {}): Interval => ({
  deviceId: 'rig1',
  owner: {},
  startMs: M0,
  durationMs: MINUTE_MS,
  coveredMs: MINUTE_MS,
  energyMilliJ: 60_000_001,
  ...more,
})

describe('a record at its right time', () => {
  it('moves by whole minutes as one', () => {
    expect(relabelled(record(), 86_400_000)).toEqual([record({ startMs: M0 + 86_400_000 })])
  })

  it('is cut where its right time crosses a minute, in proportion to time', () => {
    expect(relabelled(record(), -20_000)).toEqual([
      record({ startMs: M0 - 20_000, durationMs: 20_000, coveredMs: 20_000, energyMilliJ: 20_000_000 }),
      record({ durationMs: 40_000, coveredMs: 40_000, energyMilliJ: 40_000_001 }),
    ])
  })

  it('keeps every quantity to the unit, stays within minutes, and covers the same time', () => {
    const amount = fc.option(fc.nat({ max: 1e12 }), { nil: undefined })
    fc.assert(
      fc.property(
        fc.nat({ max: 59_999 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: -(2 ** 40), max: 2 ** 36 }),
        amount,
        amount,
        fc.nat({ max: 60_000 }),
        (from, length, shiftMs, energyMilliJ, workDiff1, covered) => {
          const durationMs = Math.min(length, MINUTE_MS - from)
          const whole = record({ startMs: M0 + from, durationMs, coveredMs: Math.min(covered, durationMs) })
          delete whole.energyMilliJ
          if (energyMilliJ !== undefined) whole.energyMilliJ = energyMilliJ
          if (workDiff1 !== undefined) whole.workDiff1 = workDiff1
          const parts = relabelled(whole, shiftMs)
          let endMs = whole.startMs + shiftMs
          for (const part of parts) {
            expect(part.startMs).toBe(endMs)
            expect(part.durationMs).toBeGreaterThan(0)
            expect(part.coveredMs).toBeLessThanOrEqual(part.durationMs)
            endMs += part.durationMs
            expect(minuteOf(part.startMs)).toBe(minuteOf(endMs - 1))
          }
          expect(endMs).toBe(whole.startMs + shiftMs + durationMs)
          for (const name of ['energyMilliJ', 'workDiff1', 'coveredMs'] as const) {
            const found = parts.map((part) => part[name])
            if (whole[name] === undefined) expect(found).toEqual(parts.map(() => undefined))
            else expect(found.reduce((sum: number, n) => sum + (n ?? 0), 0)).toBe(whole[name])
          }
        },
      ),
    )
  })
})
