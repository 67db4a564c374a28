import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Rhythm, type RhythmOptions } from '../../../agent/polling/rhythm.ts'

const rhythm = (options: Partial<RhythmOptions> = {}) =>
  new Rhythm({ intervalMs: 1_000, timeoutMs: 5_000, index: 0, of: 1, ...options })

/** When a device whose polls take so long is polled, ms since the start. */
function pollTimes(of: Rhythm, tookMs: number, polls: number): number[] {
  const times: number[] = []
  let nowMs = of.start(0)
  for (let i = 0; i < polls; i++) {
    times.push(nowMs)
    of.took(tookMs)
    nowMs += tookMs + of.untilNext(nowMs + tookMs, nowMs)
  }
  return times
}

test('a device is polled at once, and then at its interval', () => {
  expect(pollTimes(rhythm(), 20, 4)).toEqual([0, 1_000, 2_000, 3_000])
})

test('the first polls of many devices begin 3 ms apart, and the later ones are spread over the interval', () => {
  const devices = Array.from({ length: 1_000 }, (_, index) =>
    pollTimes(rhythm({ intervalMs: 10_000, index, of: 1_000 }), 20, 3),
  )
  expect(devices.map(([first]) => first).slice(0, 3)).toEqual([0, 3, 6])
  expect(Math.max(...devices.map(([first = 0]) => first))).toBe(2_997)
  const inAnInterval = devices.map(([, , third = 0]) => third % 10_000)
  expect(new Set(inAnInterval).size).toBe(1_000)
})

test('between the first and the second poll is half an interval to one and a half', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (of, part) => {
        const index = Math.min(of - 1, Math.floor(part * of))
        const [first = 0, second = 0, third = 0] = pollTimes(rhythm({ intervalMs: 10_000, index, of }), 10, 3)
        expect(second - first).toBeGreaterThanOrEqual(4_899)
        expect(second - first).toBeLessThanOrEqual(15_101)
        expect(third - second).toBeCloseTo(10_000, 3)
      },
    ),
  )
})

test('a device that needs long to answer is asked at most a quarter of the time', () => {
  const [before = 0, last = 0] = pollTimes(rhythm(), 700, 9).slice(-2)
  expect(last - before).toBe(3_000)
  expect(rhythm().intervalMs).toBe(1_000)
})

test('however slow it is, it is asked each 5 s, or each time-out where that is shorter: two failures in a row make no gap', () => {
  const slow = rhythm()
  pollTimes(slow, 4_000, 9)
  expect(slow.intervalMs).toBe(5_000)
  const impatient = rhythm({ timeoutMs: 2_000 })
  pollTimes(impatient, 1_900, 9)
  expect(impatient.intervalMs).toBe(2_000)
  const miner = rhythm({ intervalMs: 10_000 })
  pollTimes(miner, 9_000, 9)
  expect(miner.intervalMs).toBe(10_000)
})

test('a poll that took long by chance changes the interval for some polls alone', () => {
  const device = rhythm()
  device.took(900)
  expect(device.intervalMs).toBe(2_000)
  device.took(20)
  device.took(20)
  expect(device.intervalMs).toBe(1_000)
})
