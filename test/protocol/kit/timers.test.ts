import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as timers from '../../../protocol/kit/timers.ts'

const { LONGEST_WAIT_MS, boundedWaitMs } = timers

describe('timers', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each([LONGEST_WAIT_MS + 1, 30 * 86_400_000, 1e308, Number.POSITIVE_INFINITY])(
    'a wait of %d ms is the longest that a timer can have, not one of 1 ms',
    (ms) => {
      expect(boundedWaitMs(ms)).toBe(LONGEST_WAIT_MS)
      const run = vi.fn()
      timers.after(ms, run)
      timers.every(ms, run)
      vi.advanceTimersByTime(LONGEST_WAIT_MS - 1)
      expect(run).not.toHaveBeenCalled()
      vi.advanceTimersByTime(1)
      expect(run).toHaveBeenCalledTimes(2)
      vi.clearAllTimers()
    },
  )

  it('a wait below 0 is none, and one that is no number is an error where it is set', () => {
    expect(boundedWaitMs(-5)).toBe(0)
    expect(() => timers.after(Number.NaN, () => {})).toThrow('must be a number of milliseconds')
  })
})
