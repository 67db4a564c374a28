import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { WorkCheck } from '../../../agent/plugin/work-check.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { T0 } from '../metering/accumulator-rig.ts'
import { type Miner, mined, OWNER, S21 } from './mined.ts'

test('an honest miner keeps its counter and its hashrate, from a Bitaxe to a farm’s difficulty (property)', () =>
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.constantFrom(0.5e12, 1.2e12, 13e12, 104e12, 200e12, 473e12, 1.1e15),
      fc.constantFrom(1_000, 65_536, 500_000, 4_194_304),
      fc.constantFrom(2, 5, 10, 60),
      (seed, hashrateHs, difficulty, pollS) => {
        let last: Reading | undefined
        let held = 0
        let n = 0
        for (const { checked } of mined({ ...S21, hashrateHs, difficulty, pollS, seed, hours: 3 })) {
          last = checked
          n++
          if (!checked.counters) held++
          expect(checked.sample.faults).toBeUndefined()
        }
        expect(last?.sample.hashrateHs).toBeDefined()
        // it is held back for moments after lucky shares; two of a machine that finds one in hours may take an hour
        const shares = (3 * 3600 * hashrateHs) / (difficulty * HASHES_PER_DIFF1)
        if (shares > 20) expect(held / n).toBeLessThan(0.2)
      },
    ),
    { numRuns: 30 },
  ))

describe.each([
  ['a thousand times too high', (d: number) => 1000 * d],
  ['ten times too high', (d: number) => 10 * d],
  ['of a wrong power of two', () => 2 ** 40],
])('a counter that is %s', (_, counts) => {
  test('is refused with both figures, and its work is estimated from the hashrate', () => {
    const all = [...mined({ ...S21, counts })]
    const { checked } = all.at(-1) ?? {}
    expect(checked?.counters).toEqual({ refused: ['work'] })
    expect(checked?.uncountedWork).toBe(true)
    expect(checked?.sample.faults).toEqual([
      expect.stringMatching(
        /^its pools accepted [\d,.]+ TH\/s by its counter while it hashes with [\d.]+ TH\/s/,
      ),
    ])
  })

  test('books at most a few minutes of work more than an honest one', () => {
    const meter = new DeviceAccumulator('m1', 60_000)
    for (const { s, checked } of mined({ ...S21, counts }))
      meter.observe(checked, { wallMs: T0 + s * 1000, steadyMs: s * 1000 })
    const records = meter.closeAll()
    const honest = (2 * 3600 * S21.hashrateHs) / HASHES_PER_DIFF1
    const booked = records.reduce((all, r) => all + (r.workDiff1 ?? 0) + (r.estimatedWorkDiff1 ?? 0), 0)
    expect(booked / honest).toBeGreaterThan(0.85)
    expect(booked / honest).toBeLessThan(1.25)
  })
})

/** Mean of the hashrate of the last 15 min. */
const averaged =
  (hashes: (s: number) => number) =>
  (s: number): number =>
    Array.from({ length: 90 }, (_, i) => (s >= 10 * i ? hashes(s - 10 * i) : 0)).reduce((a, b) => a + b) / 90

describe.each([3, 5])('work of %i times the hashrate', (times) => {
  test.each([
    ['shares of 100,000, polled every 5 s', { difficulty: 100_000, pollS: 5 }, 10, 15],
    [
      'shares of 100,000, each counted so often',
      { difficulty: 100_000, pollS: 5, sharesCounted: times },
      10,
      15,
    ],
    ['shares of 500,000, polled every 10 s', {}, 15, 45],
    ['shares of 500,000, polled every minute', { pollS: 60 }, 15, 45],
    ['a Bitaxe at 4,096', { hashrateHs: 1.2e12, difficulty: 4_096, pollS: 10 }, 45, 60],
  ])('is refused within minutes, and held until then: %s', (_, over, heldFrom, minutes) => {
    for (let seed = 1; seed <= 5; seed++) {
      const all = [...mined({ ...S21, ...over, seed, hours: 1.5, counts: (d) => times * d })]
      const refused = all.find(({ checked }) => checked.uncountedWork)
      expect(refused?.s).toBeLessThanOrEqual(minutes * 60)
      expect(all.at(-1)?.checked.counters).toEqual({ refused: ['work'] })
      // a slow machine may have bad luck for longer
      const early = all.filter(({ s }) => s >= heldFrom * 60 && s < (refused?.s ?? 0))
      expect(early.filter(({ checked }) => checked.counters?.byOwner)).toEqual([])
      expect(refused?.checked.sample.faults).toEqual([
        expect.stringMatching(
          /^its pools accepted [\d.,]+ TH\/s by its counter while it hashes with [\d.]+ TH\/s, /,
        ),
      ])
    }
  })

  test('books at most a few minutes of work more than an honest one', () => {
    const meter = new DeviceAccumulator('m1', 60_000)
    for (const { s, checked } of mined({ ...S21, difficulty: 100_000, counts: (d) => times * d }))
      meter.observe(checked, { wallMs: T0 + s * 1000, steadyMs: s * 1000 })
    const records = meter.closeAll()
    const honest = (2 * 3600 * S21.hashrateHs) / HASHES_PER_DIFF1
    const booked = records.reduce((all, r) => all + (r.workDiff1 ?? 0) + (r.estimatedWorkDiff1 ?? 0), 0)
    expect(booked / honest).toBeLessThan(1.25)
  })
})

describe('an honest machine keeps its counter', () => {
  const HONEST: Record<string, Partial<Miner>> = {
    'while the hashrate of a start is an average of 15 min': { shown: averaged(() => 1), uptimeS: 0 },
    'whose hashrate ramps up within 10 min': { shown: (s) => Math.min(1, s / 600), uptimeS: 0 },
    'whose tuning changes from eco to full, read as an average of 15 min': {
      hashes: (s) => (s < 3600 ? 0.25 : 1),
      shown: averaged((s) => (s < 3600 ? 0.25 : 1)),
    },
    'whose hashrate reads a quarter low': { shown: () => 0.75 },
    'whose pool answers in bursts after interruptions of 9 min': {
      answered: (s) => (s % 3600 < 540 ? s - (s % 3600) + 540 : s),
    },
    'of another luck each hour: twice its hashrate for 5 min': { hashes: (s) => (s % 3600 < 300 ? 2 : 1) },
  }
  test.each(Object.entries(HONEST))('%s', (_, over) => {
    for (let seed = 1; seed <= 8; seed++)
      for (const [hashrateHs, difficulty] of [
        [200e12, 10_000],
        [200e12, 100_000],
        [200e12, 4_194_304],
        [1.2e12, 512],
        [1.2e12, 65_536],
      ] as const)
        for (const { s, checked } of mined({
          ...S21,
          pollS: 20,
          hours: 3,
          hashrateHs,
          difficulty,
          seed,
          ...over,
        }))
          if (checked.sample.faults || checked.uncountedWork)
            expect.fail(`seed ${seed}, difficulty ${difficulty}, after ${s} s: ${checked.sample.faults}`)
  })

  test('whose pool raises its difficulty from 512 to 65,536: a few large shares decide, not the many small ones', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const small = [...mined({ ...S21, hashrateHs: 1.2e12, difficulty: 512, pollS: 10, hours: 0.5, seed })]
      const large = [...mined({ ...S21, hashrateHs: 1.2e12, difficulty: 65_536, pollS: 10, hours: 2, seed })]
      const work = (reading: Reading | undefined) => reading?.counters?.byOwner?.[0]?.workDiff1 ?? 0
      const check = new WorkCheck()
      const end = small.at(-1)?.reading
      for (const { s, reading } of small) check.checked(reading, s * 1000)
      for (const { s, reading } of large) {
        const later: Reading = {
          ...reading,
          sample: { ...reading.sample, uptimeS: 1e5 + 1800 + s },
          counters: { byOwner: [{ owner: OWNER, workDiff1: work(end) + work(reading) - 7e9 }] },
          shares: {
            accepted: (end?.shares?.accepted ?? 0) + (reading.shares?.accepted ?? 0) - 1000,
            difficulty: 65_536,
          },
        }
        expect(check.checked(later, (1800 + s) * 1000).sample.faults).toBeUndefined()
      }
    }
  })
})

test('a hashrate of which the pool accepts a tenth is absent, and the machine faulty', () => {
  const { checked } = [...mined({ ...S21, accepted: 0.1 })].at(-1) ?? {}
  expect(checked?.sample).toMatchObject({ state: 'faulty' })
  expect(checked?.sample.hashrateHs).toBeUndefined()
  expect(checked?.sample.faults).toEqual([
    expect.stringMatching(
      /^shows 2\d\d(\.\d+)? TH\/s but its pools accepted only [12]\d(\.\d+)? TH\/s of it/,
    ),
  ])
  expect(checked?.counters?.byOwner).toBeDefined()
})

test('a slow machine whose pool makes its shares large after many small ones has missed no work', () => {
  const factor = (s: number) => (s % 7200 < 600 ? 1 / 64 : 4)
  for (let seed = 1; seed <= 20; seed++)
    for (const { checked } of mined({ ...S21, difficulty: 4e7, pollS: 30, hours: 12, seed, factor }))
      expect(checked.sample.faults).toBeUndefined()
})

test('a machine whose pool rejects a third keeps its hashrate', () => {
  for (const { checked } of mined({ ...S21, accepted: 0.67 })) expect(checked.sample.faults).toBeUndefined()
})

test('a pool that appears with a past, and a restart, are no work of this time', () => {
  const check = new WorkCheck()
  const at = (
    s: number,
    byOwner: { owner: Record<string, string>; workDiff1: number }[],
    uptimeS = 1000 + s,
  ) =>
    check.checked(
      {
        identity: { kind: 'asic' },
        sample: { state: 'hashing', hashrateHs: 1e14, uptimeS },
        counters: { byOwner },
      },
      s * 1000,
    )
  const first = { owner: { poolUrl: 'a' }, workDiff1: 1e6 }
  const second = { owner: { poolUrl: 'b' }, workDiff1: 9e12 }
  for (let s = 0; s < 300; s += 10) expect(at(s, [first]).counters?.byOwner).toHaveLength(1)
  for (let s = 300; s < 600; s += 10) expect(at(s, [first, second]).counters?.byOwner).toHaveLength(2)
  for (let s = 600; s < 900; s += 10)
    expect(at(s, [{ ...first, workDiff1: 0 }, second], s - 599).counters?.byOwner).toHaveLength(2)
})

test('shares without a counter of work are held against the hashrate too', () => {
  const check = new WorkCheck()
  let last: Reading | undefined
  for (let i = 0; i < 40; i++)
    last = check.checked(
      {
        identity: { kind: 'asic' },
        sample: { state: 'hashing', hashrateHs: 1.2e12, uptimeS: 5000 + 10 * i },
        // 1.2 TH/s makes one share of 4,096 in 15 s; here are 40 in that time
        shares: { accepted: 25 * i, difficulty: 4096 },
        uncountedWork: true,
      },
      i * 10_000,
    )
  expect(last?.sample.hashrateHs).toBe(1.2e12)
  expect(last?.sample.faults).toHaveLength(1)
})
