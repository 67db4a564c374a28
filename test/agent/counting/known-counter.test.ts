import { describe, expect, test } from 'vitest'
import { HeldCounter } from '../../../agent/counting/held-counter.ts'
import { TwoWayCounters } from '../../../agent/counting/two-way-counters.ts'
import { booked } from './booked.ts'

const KWH = 3_600_000
const HOUR = 3600

/** A counter at 10 kW of which so many times the truth is shown. */
const atKw = (factor: number | ((s: number) => number)) => ({
  powerW: () => 10_000,
  energyKwh: (s: number) =>
    Math.floor((500 + s / 360) * (typeof factor === 'number' ? factor : factor(s)) * 1000 + 1e-6) / 1000,
})
const readFor = (counter: HeldCounter, seconds: number, factor: number) => {
  const told: number[] = []
  let fault: string | undefined
  for (let s = 0; s <= seconds; s += 5) {
    const reading = counter.read(atKw(factor).energyKwh(s) * KWH, 10_000, s * 1000)
    if (reading.energyJ !== undefined) told.push(s)
    fault = reading.fault
  }
  return { told, fault }
}
const refused = () => {
  const counter = new HeldCounter(3600)
  readFor(counter, HOUR, 10)
  return counter
}
const nextRun = (counter: HeldCounter) => new HeldCounter(3600, JSON.parse(JSON.stringify(counter.known)))

describe('a counter that an earlier run of the agent refused', () => {
  test('stays refused by the next run, with the same fault from its first reading on', () => {
    const before = refused()
    const { told, fault } = readFor(nextRun(before), 2 * HOUR, 10)
    expect(told).toEqual([])
    expect(fault).toMatch(/^its energy counter booked .* far more than/)
    expect(before.known.fault).toBe(before.read(0, 10_000, 9e6).fault)
  })

  test('is used again once it has agreed with its power for an hour, from there on', () => {
    const counter = nextRun(refused())
    const { told, fault } = readFor(counter, 2 * HOUR, 1)
    expect(fault).toBeUndefined()
    expect(told[0]).toBeGreaterThanOrEqual(HOUR)
    expect(told[0]).toBeLessThan(HOUR + 60)
    expect(counter.known).not.toHaveProperty('fault')
  })

  test('books nothing of it by restarts, however many', () => {
    const restartsS = Array.from({ length: 11 }, (_, i) => (i + 1) * HOUR)
    const { kwh, fault } = booked({ ...atKw(10), restartsS }, 12 * HOUR)
    expect(fault).toMatch(/far more than/)
    // by its power, and two windows of the wrong counter at first
    expect(Math.abs(kwh - 120)).toBeLessThan(1)
  })
})

test('steps that were learnt are known to the next run, and a counter that taught nothing is not kept', () => {
  const counters = new TwoWayCounters({ energyJ: 3600, exportedJ: 3600 })
  expect(counters.known).toBeUndefined()
  for (let s = 0; s <= 600; s += 5)
    counters.read({ powerW: 100_000, energyJ: Math.floor(s / 36) * KWH, exportedJ: 7 * KWH }, s * 1000)
  expect(counters.known).toMatchObject({ energyJ: { learntJ: KWH, hasMoved: true } })
  expect(counters.known).not.toHaveProperty('exportedJ')
  const next = new TwoWayCounters({ energyJ: 3600, exportedJ: 3600 }, counters.known)
  expect(next.known).toEqual(counters.known)
})

test.each([
  {},
  { learntJ: 'far', fault: 7, hasMoved: 'yes' },
  { learntJ: null, fault: null },
  { evidence: 'much', times: 'many' },
  { evidence: null, times: null },
  {
    evidence: { atJ: 5, power: {} },
    times: { doubt: { than: 'much', disagreed: 9, stretch: {} }, standing: 7 },
  },
])('what another version of the agent left is taken for what it can be: %j', (known) => {
  const counter = new HeldCounter(3600, known as object)
  expect(counter.known).toEqual({})
  expect(counter.read(KWH, 10_000, 0)).toEqual({ energyJ: KWH })
})

describe('what a counter in coarse steps has shown is known to the next run', () => {
  /** Steps of 10 kWh at 10 kW: the wrong counter makes one each half hour, the true one each hour. */
  const coarse = (factor: number, restartS: number, hours: number) =>
    booked(
      {
        pollS: 10,
        powerW: () => 10_000,
        energyKwh: (s) => Math.floor(52.33 + (factor * s) / HOUR) * 10,
        restartsS: Array.from(
          { length: Math.floor((hours * HOUR) / restartS) },
          (_, i) => (i + 1) * restartS,
        ),
      },
      hours * HOUR,
    )

  test.each([4000, 7200, 11_000])(
    'so that one of another scale is refused though the agent is restarted each %d s',
    (restartS) => {
      for (const factor of [2, 2.5]) expect(coarse(factor, restartS, 36).fault).toMatch(/far more than/)
      expect(coarse(0.5, 3 * restartS, 60).fault).toMatch(/far less than/)
    },
  )

  test.each([1000, 4000, 7300, 11_000])(
    'and a true one is not, though the agent is restarted each %d s',
    (restartS) => {
      for (const factor of [0.95, 1, 1.05]) expect(coarse(factor, restartS, 60).faults).toEqual([])
    },
  )

  test('unless the counter is another one now', () => {
    const before = new HeldCounter(KWH)
    for (let s = 0; s < 2 * HOUR; s += 10)
      before.read(Math.floor(700.5 + s / 1800) * 10 * KWH, 10_000, s * 1000)
    for (const fromKwh of [0, 90_000]) {
      const next = nextRun(before)
      expect(next.known).toHaveProperty('evidence')
      next.read(fromKwh * KWH, 10_000, 0)
      expect(next.known).not.toHaveProperty('evidence')
    }
  })
})
