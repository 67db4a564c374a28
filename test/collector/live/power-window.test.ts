import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PowerWindow } from '../../../collector/live/power-window.ts'

const S = 1000
const MIN = 60 * S

test('nothing is shown before the first reading', () => {
  expect(new PowerWindow().shown).toBeUndefined()
})

test('the highest power of at least the last 10 minutes is kept, in whatever direction it flows, and forgotten after 20 (property)', () =>
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 200 }),
      (readings) => {
        const window = new PowerWindow()
        for (const [i, powerW] of readings.entries()) window.note(powerW, i * 30 * S)
        const peak = (minutes: number) => Math.max(...readings.slice(-minutes * 2 - 1).map(Math.abs))
        expect(window.shown?.peakW).toBeGreaterThanOrEqual(peak(10))
        expect(window.shown?.peakW).toBeLessThanOrEqual(peak(22))
        expect(window.shown?.sinceMs).toBe(0)
      },
    ),
  ))

test('after a gap, or a clock that was set back, what was shown before says nothing', () => {
  const window = new PowerWindow()
  window.note(5000, 0)
  window.note(100, 2 * MIN)
  expect(window.shown).toEqual({ peakW: 100, sinceMs: 2 * MIN, lastMs: 2 * MIN })
  window.note(70, MIN)
  expect(window.shown).toEqual({ peakW: 70, sinceMs: MIN, lastMs: MIN })
})
