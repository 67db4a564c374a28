import { beforeEach, describe, expect, test } from 'vitest'
import { Doubts } from '../../../collector/doubts/doubts.ts'
import { INTERVAL_QUANTITIES, type Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { DEVICES, record, S21_WORK, T0 } from './doubt-rig.ts'

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

    test('though its inventory tells a hashrate that no machine has, with the rating of its model or without', () => {
      for (const deviceId of ['boaster', 'boaster-of-a-model'])
        expect(judge(honest(0, deviceId, { workDiff1: 9e13, hashrateWorkDiff1: 9e13 }))).toBe('work')
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

    test('the first record of a device is no week, however it was recovered', () => {
      for (const deviceId of ['s21', 'unrated'])
        expect(
          judge({
            ...record(0, deviceId, { workDiff1: 7 * 1440 * S21_WORK }),
            coveredMs: 0,
            recovered: true,
          }),
        ).toBe('work')
      const tokens = { coveredMs: 0, recovered: true, tokensIn: 1e10 }
      expect(judge(record(0, 'llm', tokens))).toBe('tokens')
    })

    test('nor is the first one after a start: its device recorded until the minute before', () => {
      const until = (deviceId: string) => ({ agentId: 'a', deviceId, endMs: T0 + 10 * MINUTE_MS })
      doubts.remember(['s21', 'llm', 'by-model'].map(until))
      const lump = { coveredMs: 0, recovered: true }
      expect(judge(record(10, 'llm', { ...lump, tokensIn: 1e10 }))).toBe('tokens')
      expect(judge(record(10, 's21', { ...lump, workDiff1: 7 * 1440 * S21_WORK }))).toBe('work')
      // away for three days
      const days = { ...lump, workDiff1: THREE_DAYS * S21_WORK, energyMilliJ: THREE_DAYS * 210e6 }
      expect(judge(record(10 + THREE_DAYS, 'by-model', days))).toBeUndefined()
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

    test('but not while a host’s counter moves by whole kWh', () => {
      for (let m = 0; m < 60; m++)
        expect(judge(record(m, 'node', { energyMilliJ: m % 30 === 29 ? 3.6e9 : 0 }))).toBeUndefined()
    })

    test('of a device that no inventory names: more than the largest machine draws, until it is known', () => {
      expect(judge(record(0, 'new', { energyMilliJ: 3e9 }))).toBeUndefined()
      expect(judge(record(1, 'new', { energyMilliJ: 1e15 }))).toBe('energy')
    })
  })

  describe('for what its kind never does', () => {
    const DOES = {
      s21: ['workDiff1', 'estimatedWorkDiff1'],
      'node/gpu0': ['gpuMs', 'busyGpuMs'],
      node: ['gpuMs', 'busyGpuMs'],
      llm: ['gpuMs', 'busyGpuMs', 'tokensIn', 'tokensInCached', 'tokensOut'],
      meter: ['exportedMilliJ'],
    }
    const ALL = [...DOES.s21, ...DOES.llm, ...DOES.meter]
    for (const [deviceId, does] of Object.entries(DOES))
      test(`${DEVICES[deviceId]?.kind}: anything but ${does.join(', ')}`, () => {
        const judged = ALL.map((name, m) => judge(record(m, deviceId, { [name]: 1000 })))
        expect(judged).toEqual(ALL.map((name) => (does.includes(name) ? undefined : 'kind')))
      })

    test('but not for a quantity of 0, nor before an inventory names the device', () => {
      expect(judge(record(0, 's21', { gpuMs: 0, tokensIn: 0 }))).toBeUndefined()
      expect(judge(record(0, 'new', { gpuMs: 1000, tokensIn: 1000 }))).toBeUndefined()
    })
  })

  test('for any quantity that no row of the ledger can hold, of any device, with the figure', () => {
    for (const name of INTERVAL_QUANTITIES)
      for (const deviceId of ['s21', 'kadena', 'new'])
        expect(judge(record(0, deviceId, { [name]: Number.MAX_SAFE_INTEGER }))).toBe('size')
    expect(doubts.judge('a', record(1, 'node/gpu0', { gpuMs: 9e15 }))?.reason).toBe(
      'a, node/gpu0: its gpuMs is 9000000000000000, more than a row of the ledger can hold, 1000000000000; look at its counter: accepting the record counts the rest of it',
    )
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
    })

    /** A record that fills its minute but for its first ms: its key is new. */
    const again = (minute: number, deviceId: string, over: Partial<Interval>, lateMs = 1) => {
      const startMs = T0 + minute * MINUTE_MS + lateMs
      return record(minute, deviceId, { ...over, startMs, durationMs: 59_000, coveredMs: 59_000 })
    }

    test('time that was covered before a clock was set back, also where it is sent again and again, over a restart', () => {
      const GPU = { owner: { slurmJob: 'x' }, gpuMs: 59_000 }
      const counted = (pass: number) => {
        let ms = 0
        for (let m = 0; m < 120; m++)
          for (const [deviceId, over] of [
            ['node/gpu0', GPU],
            ['s21', { workDiff1: S21_WORK }],
          ] as const)
            if (!judge(again(m, deviceId, over, 9 * pass))) ms += 59_000 / 2
        return ms
      }
      expect(counted(0)).toBe(120 * 59_000)
      let more = 0
      for (let pass = 1; pass < 7; pass++) {
        nowMs += 10 * MINUTE_MS
        more += counted(pass)
        doubts.settled(new Set())
        const memory = doubts.memoryOf('a')
        doubts = new Doubts({
          device: (_agentId, deviceId) => DEVICES[deviceId],
          gpusOf: () => 0,
          powerLimitW: () => undefined,
          nowMs: () => nowMs,
        })
        doubts.restore('a', memory)
      }
      expect(more).toBeLessThanOrEqual(5 * MINUTE_MS)
    })

    test('but not a clock that is set back once to a time without records, a day or an hour ago', () => {
      const DAY = 1440
      for (let m = DAY; m < DAY + 60; m++) expect(judge(honest(m, 'by-model'))).toBeUndefined()
      // a clock that was a day ahead: its right time has no records yet, until it reaches those
      const back = Array.from({ length: DAY + 60 }, (_, m) => {
        nowMs += MINUTE_MS
        return judge(again(m, 'by-model', { workDiff1: S21_WORK, energyMilliJ: 200e6 }))
      })
      expect(back.slice(0, DAY).filter(Boolean)).toEqual([])
      expect(back.slice(DAY + 5).every((check) => check === 'coverage')).toBe(true)
      expect(judge(honest(DAY + 60, 'by-model'))).toBeUndefined()
    })

    test('nor a gap that is filled later, minute by minute', () => {
      for (const m of [...Array(30).keys(), ...Array.from({ length: 30 }, (_, i) => 60 + i)])
        expect(judge(honest(m))).toBeUndefined()
      for (let m = 30; m < 60; m++) expect(judge(honest(m))).toBeUndefined()
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

  describe('and where the record tells its share difficulty', () => {
    const told = (minute: number, times: number, shareDiff1: number) =>
      honest(minute, 's21', { workDiff1: Math.round(times * S21_WORK), shareDiff1 })

    test('by the luck of such shares: three times the rating is found within hours, not in a day', () => {
      const minutesTo = (over: (minute: number) => Interval) => {
        for (let minute = 0; minute < 1440; minute++) if (judge(over(minute))) return minute
        return Number.POSITIVE_INFINITY
      }
      // an hour of its work beyond twice its rating
      expect(minutesTo((m) => told(m, 3, 65_536))).toBeLessThanOrEqual(61)
    })

    test('and without it after five and a half hours of its work, here beyond 1.25 times its reading', () => {
      const held = Array.from({ length: 400 }, (_, m) => judge(honest(m, 's21', { workDiff1: 3 * S21_WORK })))
      expect(held.indexOf('work')).toBeGreaterThan(180)
    })

    test('but not while such shares explain it: four shares of 4 million in a minute', () => {
      expect(judge(told(0, 0, 4_194_304))).toBeUndefined()
      expect(judge(honest(1, 's21', { workDiff1: 4 * 4_194_304, shareDiff1: 4_194_304 }))).toBeUndefined()
    })

    test('and a difficulty that no pool gives out explains nothing', () => {
      expect(judge(honest(0, 's21', { workDiff1: 9e13, shareDiff1: 9e13 }))).toBe('work')
    })
  })

  describe('after a restart', () => {
    const again = () => {
      const memory = doubts.memoryOf('a')
      doubts = new Doubts({
        device: (_agentId, deviceId) => DEVICES[deviceId],
        gpusOf: () => 0,
        powerLimitW: () => undefined,
        nowMs: () => nowMs,
      })
      doubts.restore('a', memory)
    }

    test('what a device did too much before it still counts: each restart gives nothing away', () => {
      const held = Array.from({ length: 400 }, (_, m) => {
        if (m % 50 === 49) {
          doubts.settled(new Set())
          again()
        }
        return judge(honest(m, 's21', { workDiff1: 3 * S21_WORK }))
      })
      expect(held.filter(Boolean).length).toBeGreaterThan(50)
    })

    test('what was not stored is not remembered, and a text of another form is nothing', () => {
      judge(honest(0))
      expect(doubts.memoryOf('a')).not.toContain(`[${S21_WORK}`)
      doubts.settled(new Set())
      for (const text of ['', '{', '[]', '{"names":["work"],"devices":[["s21",["x"]]]}'])
        expect(() => doubts.restore('a', text)).not.toThrow()
      expect(judge(honest(1))).toBeUndefined()
    })
  })

  test('a server whose tokens a person accepted serves as much from then on', () => {
    const fleet = (minute: number) =>
      record(minute, 'llm', { tokensIn: 1_200_000 * 60, tokensOut: 60_000 * 60 })
    expect([judge(fleet(0)), judge(fleet(1))]).toEqual(['tokens', 'tokens'])
    doubts.learn('a', 'llm', [fleet(0), fleet(1)])
    expect([judge(fleet(2)), judge(fleet(3))]).toEqual([undefined, undefined])
    expect(judge(record(4, 'llm', { tokensIn: 1e11 }))).toBe('tokens')
  })

  test('a rate that a person takes back is not learnt any more', () => {
    const wild = (minute: number) => record(minute, 'llm', { tokensOut: 9e10 })
    expect(judge(wild(0))).toBe('tokens')
    doubts.learn('a', 'llm', [wild(0)])
    expect(judge(wild(1))).toBeUndefined()
    doubts.unlearn('a', 'llm')
    expect([judge(wild(2)), judge(wild(3))]).toEqual(['tokens', 'tokens'])
  })

  test('a meter that shows no power and stands for more than was known is doubted until one accept', () => {
    const hall = (minute: number) => record(minute, 'meter', { energyMilliJ: 20e6 * 60 * 1000 })
    const first = Array.from({ length: 10 }, (_, m) => judge(hall(m)))
    expect(first.at(-1)).toBe('energy')
    doubts.learn('a', 'meter', [hall(8), hall(9)])
    expect(Array.from({ length: 60 }, (_, m) => judge(hall(10 + m))).filter(Boolean)).toEqual([])
    doubts.unlearn('a', 'meter')
    expect(Array.from({ length: 10 }, (_, m) => judge(hall(70 + m))).at(-1)).toBe('energy')
  })

  test('what a person takes back leaves a meter, and a server, with what they were known to do before', () => {
    const cage = (minute: number) => record(minute, 'meter', { energyMilliJ: 3_500 * 60 * 1000 })
    const wild = (minute: number) => record(minute, 'meter', { energyMilliJ: 9e6 * 60 * 1000 })
    for (let m = 0; m < 60; m++) expect(judge(cage(m))).toBeUndefined()
    expect(judge(wild(60))).toBe('energy')
    doubts.learn('a', 'meter', [wild(60)])
    expect(judge(wild(61))).toBeUndefined()
    doubts.unlearn('a', 'meter')
    // not the 10 MW of a meter of which nothing is known
    expect([judge(wild(62)), judge(cage(63))]).toEqual(['energy', undefined])

    const fleet = (minute: number) => record(minute, 'llm', { tokensIn: 1_200_000 * 60 })
    doubts.learn('a', 'llm', [fleet(0)])
    for (let m = 0; m < 120; m++) expect(judge(fleet(m))).toBeUndefined()
    doubts.unlearn('a', 'llm')
    expect(judge(fleet(120))).toBe('tokens')
  })

  test('a clock that was set back gives no second time to a recovered record', () => {
    expect(judge(honest(6 * 24 * 60))).toBeUndefined()
    expect(judge(honest(10))).toBeUndefined()
    const week = record(6 * 24 * 60 + 1, 's21', { recovered: true, workDiff1: 6 * 24 * 60 * S21_WORK })
    expect(judge(week)).toBe('work')
  })

  describe('where it is of a stretch that was recovered before', () => {
    const lump = (times: number) =>
      honest(190, 's21', { recovered: true, workDiff1: 181 * times * S21_WORK, energyMilliJ: 181 * 210e6 })
    const later = () => Array.from({ length: 180 }, (_, m) => judge(honest(10 + m)))

    test('but for the minutes that a clock may cover twice', () => {
      for (let m = 0; m < 10; m++) expect(judge(honest(m))).toBeUndefined()
      expect(judge(lump(1))).toBeUndefined()
      expect(later().filter((check) => check === undefined).length).toBeLessThanOrEqual(7)
      expect(judge(honest(191))).toBeUndefined()
    })

    test('and not where what it recovered is doubtful itself', () => {
      for (let m = 0; m < 10; m++) expect(judge(honest(m))).toBeUndefined()
      expect(judge(lump(1000))).toBe('work')
      expect(later().filter(Boolean)).toEqual([])
    })
  })

  test('a rack that is read as one host may draw what it is rated for', () => {
    const rack = (minute: number) => record(minute, 'rack', { energyMilliJ: 120_000 * 60 * 1000 })
    expect(Array.from({ length: 60 }, (_, m) => judge(rack(m))).filter(Boolean)).toEqual([])
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
})
