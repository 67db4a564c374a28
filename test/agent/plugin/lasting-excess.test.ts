import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import { WorkCheck } from '../../../agent/plugin/work-check.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { T0 } from '../metering/accumulator-rig.ts'
import { mined, S21 } from './mined.ts'

/** A share's difficulty at which an S21 finds one in so many seconds. */
const shareEach = (seconds: number) => Math.round((S21.hashrateHs * seconds) / HASHES_PER_DIFF1)

describe('a counter of little too much', () => {
  test.each([
    [2, 2, 1.5, false],
    [2, 30, 5, false],
    [2, 200, 30, false],
    [1.8, 300, 70, false],
    [1.8, 300, 40, true],
    [1.8, 30, 9, false],
    [1.4, 1, 16, false],
    [2, 30, 2.5, true],
    [2, 300, 40, true],
    [1.8, 30, 3.5, true],
    [1.4, 2, 4, true],
    [1.4, 30, 20, true],
  ])(
    'of %d times the hashrate, a share in %d s, is refused within %d h; expected hashrate known: %s',
    (times, seconds, hours, expected) => {
      const miner = { ...S21, expected, difficulty: shareEach(seconds), pollS: 20, hours }
      for (let seed = 1; seed <= 2; seed++)
        for (const over of [{ counts: (d: number) => times * d }, { accepted: times }]) {
          const last = [...mined({ ...miner, seed, ...over })].at(-1)?.checked
          expect(last?.counters).toEqual({ refused: ['work'] })
          expect(last?.sample.faults?.join()).toMatch(
            /^its pools accepted [\d.,]+ TH\/s by its counter while/,
          )
        }
    },
  )

  test('is refused through restarts of the machine and of the agent, each of which goes on from what is known', () => {
    const over = { counts: (d: number) => 1.8 * d, difficulty: shareEach(300), pollS: 20, expected: true }
    for (const restartS of [3, 5].map((hours) => hours * 3600)) {
      let check = new WorkCheck()
      const refusedAfterS = [...mined({ ...S21, ...over, hours: 20 })].find(({ s, reading }) => {
        if (s % restartS === 0) check = new WorkCheck(JSON.parse(JSON.stringify(check.known ?? null)))
        // the machine restarts an hour later
        const uptimeS = 1e5 + ((s + restartS - 3600) % restartS)
        const told = { ...reading, sample: { ...reading.sample, uptimeS } }
        return check.checked(told, s * 1000).counters?.refused?.includes('work')
      })?.s
      expect(refusedAfterS).toBeGreaterThan(restartS)
    }
  })

  test('is refused where it begins after a day of agreement', () => {
    const over = {
      difficulty: shareEach(10),
      pollS: 30,
      hours: 32,
      hashes: (s: number) => (s < 86_400 ? 1 : 2),
    }
    const refused = [...mined({ ...S21, ...over })].find(({ checked }) => checked.uncountedWork)
    expect(refused?.s).toBeGreaterThan(86_400)
  })

  test('books at most two hours of it in half a day', () => {
    const meter = new DeviceAccumulator('m1', 60_000)
    for (const { s, checked } of mined({ ...S21, difficulty: shareEach(30), hours: 12, accepted: 2 }))
      meter.observe(checked, { wallMs: T0 + s * 1000, steadyMs: s * 1000 })
    const honest = (12 * 3600 * S21.hashrateHs) / HASHES_PER_DIFF1
    const booked = meter
      .closeAll()
      .reduce((all, r) => all + (r.workDiff1 ?? 0) + (r.estimatedWorkDiff1 ?? 0), 0)
    expect(booked / honest).toBeGreaterThan(0.95)
    expect(booked / honest).toBeLessThan(1.2)
  })
})

test('an honest machine keeps its counter for days, whatever its difficulty, its luck and its answers (property)', () =>
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.constantFrom(5, 20, 120, 900),
      fc.constantFrom(
        {},
        // the hashrate reads a quarter low
        { shown: () => 0.75 },
        // the pool answers in bursts after interruptions of 9 min
        { answered: (s: number) => (s % 3600 < 540 ? s - (s % 3600) + 540 : s) },
        // the tuning goes up and down each six hours, and shows after a quarter of an hour
        {
          hashes: (s: number) => (s % 43_200 < 21_600 ? 0.5 : 1),
          shown: (s: number) => ((s - 900) % 43_200 < 21_600 ? 0.5 : 1),
        },
        // a fifth of the pool's lists is refused
        { told: (s: number) => s % 5 !== 0 },
        // the pool's difficulty follows, from a few small shares to large ones
        { factor: (s: number) => (s % 7200 < 1800 ? 1 / 16 : s % 7200 < 3600 ? 4 : 1) },
      ),
      fc.boolean(),
      (seed, seconds, over, expected) => {
        const miner = {
          expected,
          ...S21,
          difficulty: shareEach(seconds),
          pollS: 61,
          // windows of few shares last longer
          hours: seconds === 900 ? 130 : 52,
          seed,
          ...over,
        }
        for (const { s, checked } of mined(miner))
          if (checked.uncountedWork) expect.fail(`after ${s} s: ${checked.sample.faults}`)
      },
    ),
    { numRuns: 24 },
  ))

test('a counter of three times the hashrate is refused though each third list of the pools is', () => {
  const told = (s: number) => s % 30 !== 10
  const all = [...mined({ ...S21, difficulty: 100_000, hours: 1, told, counts: (d) => 3 * d })]
  const isRefused = all.map(({ checked }) => checked.counters?.refused?.includes('work') === true)
  expect(isRefused.indexOf(true)).toBeGreaterThan(0)
  expect(isRefused.indexOf(true)).toBeLessThan((15 * 60) / S21.pollS)
})
