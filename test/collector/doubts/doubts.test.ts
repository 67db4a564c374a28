import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { Doubts } from '../../../collector/doubts/doubts.ts'
import type { Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { MACHINE_KINDS, simulate } from '../../doubts/simulate.ts'

const T0 = Date.UTC(2026, 5, 1)
const OWNER = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.worker' }
/** 200 TH/s for a minute, difficulty-1 shares */
const S21_WORK = Math.round((200e12 * 60) / 2 ** 32)
const DEVICES: Record<string, Device> = {
  s21: {
    deviceId: 's21',
    kind: 'asic',
    driver: 'antminer',
    model: 'Antminer S21',
    expectedHashrateHs: 200e12,
    ratedPowerW: 3500,
  },
  'by-model': {
    deviceId: 'by-model',
    kind: 'asic',
    driver: 'antminer',
    modelHashrateHs: 200e12,
    modelPowerW: 3500,
    model: 'Antminer S21',
  },
  unrated: { deviceId: 'unrated', kind: 'asic', driver: 'cgminer' },
  kadena: { deviceId: 'kadena', kind: 'asic', driver: 'antminer', algorithm: 'blake2s' },
  bitaxe: { deviceId: 'bitaxe', kind: 'asic', driver: 'axeos', expectedHashrateHs: 1.2e12 },
  'node/gpu0': { deviceId: 'node/gpu0', kind: 'gpu', driver: 'nvml' },
  node: { deviceId: 'node', kind: 'host', driver: 'redfish' },
  meter: { deviceId: 'meter', kind: 'meter', driver: 'modbus-meter' },
  'rated-meter': { deviceId: 'rated-meter', kind: 'meter', driver: 'modbus-meter', ratedPowerW: 100_000 },
  llm: { deviceId: 'llm', kind: 'service', driver: 'llm-server' },
}

describe('a record is doubtful', () => {
  let nowMs: number
  let limitW: number | undefined
  let doubts: Doubts
  beforeEach(() => {
    nowMs = T0
    limitW = undefined
    doubts = new Doubts({
      device: (_agentId, deviceId) => DEVICES[deviceId],
      gpusOf: (_agentId, deviceId) => (deviceId === 'node' ? 8 : 0),
      powerLimitW: () => limitW,
      nowMs: () => nowMs,
    })
  })
  const record = (minute: number, deviceId: string, over: Partial<Interval> = {}): Interval => ({
    deviceId,
    owner: OWNER,
    startMs: T0 + minute * MINUTE_MS,
    durationMs: MINUTE_MS,
    coveredMs: MINUTE_MS,
    ...over,
  })
  const judge = (one: Interval) => {
    nowMs = Math.max(nowMs, one.startMs + one.durationMs + 5_000)
    return doubts.judge('a', one)?.check
  }
  const honest = (minute: number, deviceId = 's21', over: Partial<Interval> = {}) =>
    record(minute, deviceId, {
      workDiff1: S21_WORK,
      hashrateWorkDiff1: S21_WORK,
      energyMilliJ: 210e6,
      ...over,
    })

  describe('for its work', () => {
    const WILD = {
      '9e13 of an S21 in a minute': 9e13,
      'a share of difficulty 2^40': 2 ** 40,
      'a counter 1000 times too high': 1000 * S21_WORK,
    }
    for (const [name, work] of Object.entries(WILD))
      for (const quantity of ['workDiff1', 'estimatedWorkDiff1'])
        for (const deviceId of ['s21', 'by-model'])
          test(`${name}, as ${quantity}, ${deviceId === 's21' ? 'against its expected hashrate' : 'against the rating of its model'}`, () => {
            expect(judge(honest(0, deviceId, { workDiff1: 0, [quantity]: work }))).toBe('work')
            expect(judge(honest(1, deviceId))).toBeUndefined()
            expect(judge(honest(2, deviceId, { workDiff1: 0, [quantity]: work }))).toBe('work')
          })

    test('where no machine hashes like that, though nothing is known of its device', () => {
      expect(judge(record(0, 'unrated', { workDiff1: 9e13 }))).toBe('work')
      expect(judge(record(0, 'nobody-knows-it', { workDiff1: 9e13, hashrateWorkDiff1: 9e13 }))).toBe('work')
    })

    test('where it is far beyond its own hashrate reading, though the rating of the machine is not known', () => {
      expect(judge(honest(0, 'unrated'))).toBeUndefined()
      expect(judge(honest(1, 'unrated', { workDiff1: 2 ** 40 }))).toBe('work')
      expect(judge(honest(2, 'unrated', { workDiff1: 1000 * S21_WORK }))).toBe('work')
      expect(judge(honest(3, 'unrated'))).toBeUndefined()
    })

    test('where it counts half more than its reading for a day, and not where it counts a tenth more', () => {
      const days = (times: number, deviceId: string) =>
        Array.from({ length: 1440 }, (_, m) =>
          judge(honest(m, deviceId, { workDiff1: Math.round(times * S21_WORK) })),
        )
      expect(days(1.1, 's21').filter(Boolean)).toEqual([])
      const held = days(1.5, 'by-model')
      expect(held.slice(-60).every((check) => check === 'work')).toBe(true)
    })

    test('and tells what it was held against, and what to look at', () => {
      expect(doubts.judge('farm-1', honest(0, 's21', { workDiff1: 9e13 }))?.reason).toMatch(
        /^farm-1, s21: its work is 9\.000e\+13 difficulty-1 shares beyond what it can do since 2026-06-01T00:00:00Z, .* rated at 200 TH\/s, its expected hashrate; compare with the pool$/,
      )
    })

    test('but not while luck explains it: seven shares of a Bitaxe at difficulty 65,536 in a minute', () => {
      expect(judge(record(0, 'bitaxe', { workDiff1: 7 * 65_536, hashrateWorkDiff1: 16_763 }))).toBeUndefined()
    })

    test('nor where the pool answers half an hour late', () => {
      for (let m = 0; m < 30; m++) expect(judge(honest(m, 's21', { workDiff1: 0 }))).toBeUndefined()
      expect(judge(honest(30, 's21', { workDiff1: 31 * S21_WORK }))).toBeUndefined()
    })

    test('nor where Bitcoin does not pay for it', () => {
      expect(judge(record(0, 'kadena', { workDiff1: 9e13 }))).toBeUndefined()
    })
  })

  describe('of a recovered stretch, against its whole length', () => {
    const THREE_DAYS = 3 * 24 * 60
    const stretch = (times: number) =>
      Array.from({ length: THREE_DAYS }, (_, m) => ({
        ...record(1 + m, 's21', { workDiff1: Math.round(times * S21_WORK), energyMilliJ: 210e6 }),
        coveredMs: 0,
        recovered: true,
      }))

    test('three days with three days of honest work are no doubt, minute by minute or in one record', () => {
      expect(judge(honest(0))).toBeUndefined()
      expect(stretch(1).map(judge).filter(Boolean)).toEqual([])
      const lump = {
        coveredMs: 0,
        recovered: true,
        workDiff1: THREE_DAYS * S21_WORK,
        energyMilliJ: THREE_DAYS * 210e6,
      }
      delete (lump as Partial<Interval>).owner
      expect(judge(record(2 * THREE_DAYS, 's21', lump))).toBeUndefined()
    })

    test('three days with three thousand days of work are', () => {
      expect(judge(honest(0))).toBeUndefined()
      expect(
        stretch(1000)
          .map(judge)
          .every((check) => check === 'work'),
      ).toBe(true)
      const lump = { coveredMs: 0, recovered: true, workDiff1: 1000 * THREE_DAYS * S21_WORK }
      expect(judge(record(2 * THREE_DAYS, 's21', lump))).toBe('work')
    })
  })

  describe('for its energy', () => {
    test('a counter 1000 times too high, of a rated machine and of one without a rating', () => {
      for (const deviceId of ['s21', 'by-model', 'unrated'])
        expect(judge(honest(0, deviceId, { energyMilliJ: 1000 * 210e6 }))).toBe('energy')
      expect(judge(record(0, 'node/gpu0', { energyMilliJ: 1000 * 42e6 }))).toBe('energy')
      expect(judge(record(0, 'bitaxe', { energyMilliJ: 1000 * 0.9e6 }))).toBe('energy')
      expect(judge(record(0, 'rated-meter', { exportedMilliJ: 1000 * 3e9 }))).toBe('energy')
    })

    test('more than half above the power limit that the machine is set to, not where the limit is of another time', () => {
      limitW = 300
      const drawn = (m: number) => record(m, 'node/gpu0', { energyMilliJ: 700 * MINUTE_MS })
      const fresh = Array.from({ length: 60 }, (_, m) => judge(drawn(m)))
      expect(fresh.at(-1)).toBe('energy')
      nowMs += 24 * 60 * MINUTE_MS
      expect(judge(drawn(60))).toBeUndefined()
    })

    test('but not while a meter’s counter moves by whole kWh, nor a meter of any size without a rating', () => {
      for (let m = 0; m < 60; m++)
        expect(judge(record(m, 'node', { energyMilliJ: m % 30 === 29 ? 3.6e9 : 0 }))).toBeUndefined()
      expect(judge(record(0, 'meter', { energyMilliJ: 6e12 }))).toBeUndefined()
    })
  })

  describe('for its time', () => {
    test('1e10 GPU-milliseconds in a minute, or a busy time of that', () => {
      expect(judge(record(0, 'node/gpu0', { gpuMs: 1e10 }))).toBe('gpu-time')
      expect(judge(record(1, 'node/gpu0', { gpuMs: 60_000, busyGpuMs: 1e10 }))).toBe('gpu-time')
    })

    test('as many GPU-seconds as its GPUs have, and no more', () => {
      expect(judge(record(0, 'node', { gpuMs: 8 * 60_000 }))).toBeUndefined()
      expect(judge(record(1, 'node', { gpuMs: 9 * 60_000 }))).toBe('gpu-time')
    })

    test('owners that together hold a GPU for longer than it was there', () => {
      const minute = (m: number) =>
        ['x', 'y'].map((slurmJob) => judge(record(m, 'node/gpu0', { owner: { slurmJob }, gpuMs: 60_000 })))
      const held = Array.from({ length: 30 }, (_, m) => minute(m)).flat()
      expect(held.at(-1)).toBe('gpu-time')
    })

    test('coverage of 61 s in a minute', () => {
      expect(judge(record(0, 's21', { coveredMs: 61_000 }))).toBe('coverage')
    })

    test('minutes that one owner’s records cover twice, but for a clock that was set back', () => {
      const twice = (m: number) => [
        record(m, 's21'),
        record(m, 's21', {
          startMs: T0 + m * MINUTE_MS + 1,
          durationMs: MINUTE_MS - 1,
          coveredMs: MINUTE_MS - 1,
        }),
      ]
      const held = Array.from({ length: 20 }, (_, m) => twice(m).map(judge)).flat()
      expect(held.at(-1)).toBe('coverage')
      for (let m = 0; m < 60; m++) expect(judge(honest(m, 'by-model'))).toBeUndefined()
      // an hour back
      for (let m = 0; m < 60; m++) {
        nowMs += MINUTE_MS
        const again = honest(m, 'by-model')
        expect(
          judge({ ...again, startMs: again.startMs + 1, durationMs: 59_999, coveredMs: 59_999 }),
        ).toBeUndefined()
      }
    })
  })

  describe('for its tokens', () => {
    test('far more than a server can serve', () => {
      expect(judge(record(0, 'llm', { tokensIn: 1000 * 60_000 }))).toBe('tokens')
      expect(judge(record(1, 'llm', { tokensOut: 1000 * 60_000 }))).toBe('tokens')
      expect(
        judge(record(2, 'llm', { tokensIn: 600_000, tokensInCached: 400_000, tokensOut: 60_000 })),
      ).toBeUndefined()
    })
  })

  test('after a store that failed as if its records had not come: they come again', () => {
    const all = Array.from({ length: 40 }, (_, m) => honest(m))
    for (let turn = 0; turn < 50; turn++) {
      expect(all.map(judge).filter(Boolean)).toEqual([])
      doubts.settled(new Set(['a']))
    }
    expect(all.map(judge).filter(Boolean)).toEqual([])
    doubts.settled(new Set())
    expect(judge(honest(40))).toBeUndefined()
  })

  test('whatever comes, no device is paid for more than it can do and the bound beyond it (property)', () => {
    const some = fc.record({
      gapMinutes: fc.integer({ min: 1, max: 30 }),
      work: fc.oneof(fc.nat(5 * S21_WORK), fc.nat(2 ** 31 - 1), fc.constant(2 ** 40)),
      energyMilliJ: fc.oneof(fc.nat(1e9), fc.nat(2 ** 31 - 1)),
      gpuMs: fc.oneof(fc.nat(60_000), fc.nat(2 ** 31 - 1)),
      tokens: fc.oneof(fc.nat(2e7), fc.nat(2 ** 31 - 1)),
      recovered: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 300 }), (all) => {
        const judged = new Doubts({
          device: (_, id) => DEVICES[id],
          gpusOf: () => 0,
          powerLimitW: () => undefined,
          nowMs: () => T0,
        })
        const paid = { work: 0, energyMilliJ: 0, gpuMs: 0, tokens: 0 }
        let minute = 0
        for (const { gapMinutes, work, energyMilliJ, gpuMs, tokens, recovered } of all) {
          const gap = minute === 0 ? 1 : gapMinutes
          minute += gap
          const also = recovered && minute > gap ? { recovered } : {}
          const count = (one: Interval, name: keyof typeof paid, amount: number) => {
            if (!judged.judge('a', one)) paid[name] += amount
          }
          count(
            record(minute, 's21', { workDiff1: work, hashrateWorkDiff1: S21_WORK, ...also }),
            'work',
            work,
          )
          count(record(minute, 'by-model', { energyMilliJ, ...also }), 'energyMilliJ', energyMilliJ)
          count(record(minute, 'node/gpu0', { gpuMs }), 'gpuMs', gpuMs)
          count(record(minute, 'llm', { tokensOut: tokens, ...also }), 'tokens', tokens)
        }
        // 16.5 shares of an hour each, at twice the expected hashrate for the time that passed
        expect(paid.work).toBeLessThanOrEqual((2 * minute + 16.5 * 60) * S21_WORK * 1.0001)
        expect(paid.energyMilliJ).toBeLessThanOrEqual(3 * 3500 * (minute + 5) * MINUTE_MS + 3.6e8)
        expect(paid.gpuMs).toBeLessThanOrEqual((minute + 3) * MINUTE_MS)
        // the average of a server may have grown, to which 20 times are allowed
        expect(paid.tokens).toBeLessThanOrEqual(20 * 50_000 * 60 * (minute + 2))
      }),
      { numRuns: 100 },
    )
  })

  test('whatever other agents and devices do, by its own records alone', () => {
    const wild = fc.record({
      agentId: fc.constantFrom('b', 'c'),
      deviceId: fc.constantFrom('s21', 'meter', 'llm', 'x'),
      minute: fc.nat(60),
      workDiff1: fc.nat(2 ** 31 - 1),
      energyMilliJ: fc.nat(2 ** 31 - 1),
    })
    const own = fc.array(fc.integer({ min: 0, max: 2e9 }), { minLength: 5, maxLength: 40 })
    fc.assert(
      fc.property(own, fc.array(wild, { maxLength: 40 }), (works, others) => {
        const verdicts = (between: boolean) => {
          const mine = new Doubts({
            device: (_, id) => DEVICES[id],
            gpusOf: () => 0,
            powerLimitW: () => undefined,
            nowMs: () => T0,
          })
          return works.map((workDiff1, m) => {
            const other = others[m]
            if (between && other) {
              const { agentId, deviceId, minute, ...quantities } = other
              mine.judge(agentId, record(minute, deviceId, quantities))
            }
            return mine.judge('a', record(m, 's21', { workDiff1 }))
          })
        }
        expect(verdicts(true)).toEqual(verdicts(false))
      }),
      { numRuns: 50 },
    )
  })
})

test.each(MACHINE_KINDS)('a hundred days of simulated honest %s raise no doubt', (kind) => {
  expect(simulate(kind, 10, 10, 7)).toMatchObject({ doubtfulDays: 0, examples: [] })
})
