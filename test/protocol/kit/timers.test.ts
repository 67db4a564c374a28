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

  it.each([
    ['takes 20 ms, comes as often as asked', 20, 60],
    ['takes 700 ms, has at most a third of the time', 700, 28],
    ['takes 5 s, has at most a third of the time', 5_000, 4],
  ])('work that %s', (_what, tookMs, calls) => {
    let [nowMs, busyMs, called] = [0, 0, 0]
    timers.everySparing(
      1000,
      () => {
        called++
        busyMs += tookMs
        nowMs += tookMs
      },
      () => nowMs,
    )
    for (let fires = 0; fires < 60; fires++) {
      nowMs = Math.max(nowMs, fires * 1000)
      vi.advanceTimersByTime(1000)
    }
    expect(called).toBeLessThanOrEqual(calls)
    expect(called).toBeGreaterThanOrEqual(Math.floor(calls * 0.7))
    expect(busyMs).toBeLessThanOrEqual(nowMs / 3 + 2 * tookMs)
    vi.clearAllTimers()
  })

  it('a wait below 0 is none, and one that is no number is an error where it is set', () => {
    expect(boundedWaitMs(-5)).toBe(0)
    expect(() => timers.after(Number.NaN, () => {})).toThrow('must be a number of milliseconds')
  })
})
