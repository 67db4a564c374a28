import { describe, expect, test } from 'vitest'
import { CounterSteps } from '../../../agent/counting/counter-steps.ts'
import { CounterWindow, leastW } from '../../../agent/counting/counter-window.ts'

const KWH = 3_600_000
const SHOWN = { mostW: 10_000, stepW: 1 }
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
    [23, undefined],
    [25, 'more'],
    [17, undefined],
    [14, 'less'],
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
