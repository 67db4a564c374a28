import { describe, expect, test } from 'vitest'
import { CounterSteps } from '../../../agent/counting/counter-steps.ts'
import { CounterWindow, leastW } from '../../../agent/counting/counter-window.ts'

const KWH = 3_600_000
const SHOWN = { mostW: 10_000, alongW: 10_000, stepW: 1 }
/** A window of so many hours at 10 kW, polled every 10 s. */
function steady(hours: number, from = 0) {
  const window = new CounterWindow(from)
  for (let s = 0; s < hours * 3600; s += 10) window.power.add(10_000, 10_000, 10_000)
  window.rises = 100
  return window
}
const moved = () => new CounterSteps(3600, { hasMoved: true })

describe('a window of two hours at 10 kW', () => {
  test.each([
    [20, undefined],
    [22, undefined],
    [23, 'more'],
    [18, undefined],
    [17, 'less'],
  ] as const)('that counted %d kWh: %s', (kwh, verdict) => {
    expect(steady(2).verdict(kwh * KWH, SHOWN, moved())).toBe(verdict)
  })

  test('that counted nothing is no verdict before the counter has moved, and one after 200 kWh', () => {
    const stands = steady(2)
    stands.rises = 0
    expect(stands.verdict(0, SHOWN, new CounterSteps(3600))).toBeUndefined()
    const long = steady(24)
    long.rises = 0
    expect(long.verdict(0, SHOWN, new CounterSteps(3600))).toBe('less')
  })

  test('where power flowed both ways needs more than that', () => {
    const window = steady(2)
    window.twoWay = true
    expect(window.verdict(50 * KWH, SHOWN, moved())).toBeUndefined()
    expect(window.verdict(90 * KWH, SHOWN, moved())).toBe('more')
  })
})

describe('at a steady load a counter that moves is judged sooner the more readings there are', () => {
  /** `minutes` at 10 kW, polled each `pollS`. */
  const polled = (pollS: number, minutes: number) => {
    const window = new CounterWindow(0)
    for (let s = 0; s < minutes * 60; s += pollS) window.power.add(10_000, 10_000, pollS * 1000)
    window.rises = 100
    return window
  }
  const judged = (pollS: number, minutes: number, factor: number) =>
    polled(pollS, minutes).verdict((factor * minutes * 10 * KWH) / 60, SHOWN, moved())

  test.each([
    [5, 4, 1.25, undefined],
    [5, 6, 1.25, 'more'],
    [5, 6, 0.75, 'less'],
    [5, 6, 1.15, undefined],
    [5, 30, 1.15, 'more'],
    [5, 60, 1.09, undefined],
    [30, 6, 1.25, undefined],
    [30, 30, 1.25, 'more'],
    [60, 30, 1.25, undefined],
  ] as const)('polls of %d s for %d min, %d times: %s', (pollS, minutes, factor, verdict) =>
    expect(judged(pollS, minutes, factor)).toBe(verdict),
  )

  test('a load that was once far higher leaves more open', () => {
    const once = { mostW: 50_000, alongW: 50_000, stepW: 1 }
    expect(polled(5, 6).verdict(1.25 * KWH, once, moved())).toBeUndefined()
  })
})

test('a window is over after an hour, after a quarter where it is far off, and never before some steps', () => {
  expect(steady(0.9).isOver(9 * KWH, moved())).toBe(false)
  expect(steady(1).isOver(10 * KWH, moved())).toBe(true)
  expect(steady(0.25).isOver(25 * KWH, moved())).toBe(true)
  expect(steady(1).isOver(10 * KWH, new CounterSteps(KWH))).toBe(false)
})

test('a low power says less the coarser the meter, and the higher its load has been', () => {
  expect(leastW({ mostW: 100, stepW: 0 })).toBe(10)
  expect(leastW({ mostW: 100, stepW: 400 })).toBe(400)
  expect(leastW({ mostW: 900_000, stepW: 1 })).toBe(9000)
})
