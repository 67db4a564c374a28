import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import { type Interval, intervalKey } from '../../../protocol/interval.ts'
import { minuteOf } from '../../../protocol/units.ts'
import { FEE, POOL, reading, run, sum, T0 } from './accumulator-rig.ts'

describe('the accumulator', () => {
  it('tells the largest share difficulty of a minute beside its work, and none where the machine tells none', () => {
    const at = (atS: number, workDiff1: number, difficulty?: number) => ({
      atS,
      reading: {
        ...reading({ powerW: 3000 }, { byOwner: [{ owner: POOL, workDiff1 }] }),
        shares: { accepted: 1, ...(difficulty !== undefined && { difficulty }) },
      },
    })
    const told = run([at(0, 0, 512), at(10, 4_096, 1024.5), at(20, 8_192, 512), at(70, 9_000, 256)], 60)
    const paid = told.filter((r) => r.workDiff1 !== undefined)
    expect(paid.map((r) => r.shareDiff1)).toEqual([1025, 256])
    const untold = run([at(0, 0), at(10, 4_096), at(70, 9_000)], 60)
    for (const record of untold) expect(record).not.toHaveProperty('shareDiff1')
  })

  it('integrates power by trapezoid and cuts records at UTC minutes', () => {
    const records = run(
      [0, 5, 10, 55, 60, 65].map((atS) => ({
        atS,
        reading: reading({ powerW: 3000, powerBasis: 'reported' }),
      })),
      60,
    )
    expect(sum(records, 'energyMilliJ')).toBe(3000 * 65 * 1000)
    expect(records.map((r) => [r.startMs - T0, r.durationMs])).toEqual([
      [0, 60_000],
      [60_000, 5_000],
    ])
    expect(records[0]).toMatchObject({
      deviceId: 'rig1',
      owner: {},
      coveredMs: 60_000,
      powerBasis: 'reported',
    })
  })

  it('loses no energy where an answer lacks the power, and draws none through a time longer than three polls', () => {
    const powered = (atS: number, powerW?: number) => ({
      atS,
      reading: reading({ state: 'hashing', hashrateHs: 1e14, ...(powerW !== undefined && { powerW }) }),
    })
    const joules = (...steps: ReturnType<typeof powered>[]) => sum(run(steps, 45), 'energyMilliJ') / 1000
    expect(joules(powered(0, 1000), powered(10), powered(20, 3000))).toBe(2000 * 20)
    expect(joules(powered(0, 1000), powered(50 / 3), powered(100 / 3), powered(45, 1000))).toBe(1000 * 45)
    expect(joules(powered(0, 1000), powered(15), powered(30), powered(46, 1000), powered(56, 1000))).toBe(
      10_000,
    )
    expect(joules(powered(0), powered(10, 1000), powered(20, 1000))).toBe(10_000)
  })

  it('books a time without power once where a counter tells it, and over a restart of the agent', () => {
    const at = (atS: number, energyJ: number, powerW?: number) => ({
      atS,
      reading: reading({ state: 'busy', ...(powerW !== undefined && { powerW }) }, { energyJ }, 'gpu'),
    })
    const counted = [at(0, 5000, 100), at(10, 6000), at(20, 6000, 100), at(30, 8000, 100)]
    expect(sum(run(counted), 'energyMilliJ')).toBe(3_000_000)
    const first = new DeviceAccumulator('rig1', 45_000)
    const told = (acc: DeviceAccumulator, atS: number, powerW?: number) =>
      acc.observe(reading({ state: 'hashing', ...(powerW !== undefined && { powerW }) }), {
        wallMs: T0 + atS * 1000,
        steadyMs: atS * 1000,
      })
    told(first, 0, 1000)
    told(first, 10)
    const next = new DeviceAccumulator('rig1', 45_000, JSON.parse(JSON.stringify(first.state)))
    told(next, 20, 1000)
    expect(sum(next.closeAll(), 'energyMilliJ')).toBe(20_000_000)
  })

  it('leaves the time of a miner that answers and tells nothing to its next reading', () => {
    const hashing = reading({ state: 'hashing', powerW: 3000, hashrateHs: 1e14, powerBasis: 'reported' })
    const records = run(
      [0, 10, 20, 30, 40].map((atS) => ({
        atS,
        reading: atS === 20 ? reading({ state: 'unknown' }) : hashing,
      })),
      45,
    )
    expect(sum(records, 'energyMilliJ')).toBe(3000 * 40 * 1000)
    expect(sum(records, 'coveredMs')).toBe(40_000)
  })

  it('draws no power through a gap longer than three polls, and says what it saw', () => {
    const records = run([0, 5, 40, 45].map((atS) => ({ atS, reading: reading({ powerW: 1000 }) })))
    expect(sum(records, 'energyMilliJ')).toBe(1000 * 10 * 1000)
    expect(records[0]).toMatchObject({ durationMs: 45_000, coveredMs: 10_000 })
  })

  it('takes energy from the device’s counter, through a gap too, and marks what was recovered', () => {
    const records = run([
      { atS: 0, reading: reading({ powerW: 1 }, { energyJ: 1000 }) },
      { atS: 5, reading: reading({ powerW: 1 }, { energyJ: 6000 }) },
      { atS: 125, reading: reading({ powerW: 1 }, { energyJ: 126_000.5 }) },
    ])
    expect(sum(records, 'energyMilliJ')).toBe(125_000_500)
    expect(records.every((r) => r.recovered)).toBe(true)
    expect(sum(records, 'coveredMs')).toBe(5000)
    expect(records.map((r) => minuteOf(r.startMs) - T0)).toEqual([0, 60_000, 120_000])
  })

  it('forgets a counter that was refused, so that a restart of the agent books none of it', () => {
    const meter = (atS: number, counters: object) => ({
      atS,
      reading: { ...reading({ powerW: 10_000 }, counters), identity: { kind: 'meter' as const } },
    })
    const before = [meter(0, { energyJ: 1e9 }), meter(5, { refused: ['energyJ'] })]
    const after = [meter(10, { energyJ: 8e13 }), meter(15, { refused: ['energyJ'] })]
    expect(sum(run([...before, ...after]), 'energyMilliJ')).toBe(10_000 * 15 * 1000)
  })

  it('shares a miner’s energy by accepted work, dev fee included', () => {
    const step = (atS: number, own: number, fee: number) => ({
      atS,
      reading: reading(
        { powerW: 3000, holders: [{ owner: POOL, share: 1 }] },
        {
          byOwner: [
            { owner: POOL, workDiff1: own },
            { owner: FEE, workDiff1: fee },
          ],
        },
      ),
    })
    const records = run([step(0, 0, 0), step(10, 970, 30)])
    expect(sum(records, 'energyMilliJ', POOL)).toBe(29_100_000)
    expect(sum(records, 'energyMilliJ', FEE)).toBe(900_000)
  })

  it('splits a GPU’s time and energy by who holds it, and gives the rest to nobody', () => {
    const holders = [{ owner: { pod: 'a' }, share: 0.25 }]
    const records = run(
      [0, 10].map((atS) => ({ atS, reading: reading({ powerW: 400, holders }, undefined, 'gpu') })),
    )
    expect(sum(records, 'gpuMs', { pod: 'a' })).toBe(2500)
    expect(sum(records, 'gpuMs', {})).toBe(7500)
    expect(sum(records, 'energyMilliJ', { pod: 'a' })).toBe(1_000_000)
  })

  it('moves no energy between two stretches of a clock that was set, though both are in the same minute', () => {
    const a = new DeviceAccumulator('rig1', 15_000)
    for (let s = 0; s <= 50; s += 5) {
      // at 30 s the clock goes back six seconds; the shares come unevenly
      const wallMs = T0 + s * 1000 - (s >= 30 ? 6000 : 0)
      const work = s < 30 ? 0 : s * 100
      const holders = [{ owner: POOL, share: 1 }]
      a.observe(reading({ powerW: 3000, holders }, { byOwner: [{ owner: POOL, workDiff1: work }] }), {
        wallMs,
        steadyMs: s * 1000,
      })
    }
    const records = a.closeAll()
    expect(records.length).toBeGreaterThan(1)
    for (const r of records) expect((r.energyMilliJ ?? 0) / r.coveredMs).toBe(3000)
  })

  it('gives every record a key of its own when the wall clock steps back', () => {
    const a = new DeviceAccumulator('rig1', 15_000)
    const records: Interval[] = []
    for (let s = 0; s < 400; s += 5) {
      // at 200 s the clock goes back two minutes
      const wallMs = T0 + s * 1000 - (s >= 200 ? 120_000 : 0)
      a.observe(reading({ powerW: 1000 }), { wallMs, steadyMs: s * 1000 })
      records.push(...a.close(wallMs))
    }
    records.push(...a.closeAll())
    expect(new Set(records.map(intervalKey)).size).toBe(records.length)
    expect(sum(records, 'energyMilliJ')).toBe(395 * 1000 * 1000)
  })

  it('keeps every joule, share and GPU-second for any sequence of polls (property)', () => {
    const step = fc.record({
      // two boots in one millisecond show the same uptime
      waitMs: fc.integer({ min: 2, max: 70_000 }),
      energy: fc.integer({ min: 0, max: 500_000 }),
      work: fc.integer({ min: 0, max: 5000 }),
      reboot: fc.boolean(),
      share: fc.integer({ min: 0, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const a = new DeviceAccumulator('gpu1', 15_000)
        const records: Interval[] = []
        let [at, energy, work, trueEnergy, trueWork, seenMs, bootMs] = [0, 5_000_000, 700, 0, 0, 0, -1e9]
        const see = (share: number) => {
          const holders = share === 0 ? [] : [{ owner: POOL, share: share / 4 }]
          a.observe(
            reading(
              { holders, uptimeS: (at - bootMs) / 1000 },
              { energyJ: energy / 1000, byOwner: [{ owner: POOL, workDiff1: work }] },
              'gpu',
            ),
            { wallMs: T0 + at, steadyMs: at },
          )
        }
        see(1)
        for (const s of steps) {
          at += s.waitMs
          if (s.reboot && s.energy < energy && s.work < work)
            [energy, work, bootMs] = [s.energy, s.work, at - 1]
          else [energy, work] = [energy + s.energy, work + s.work]
          trueEnergy += s.energy
          trueWork += s.work
          if (s.waitMs <= 15_000) seenMs += s.waitMs
          see(s.share)
          records.push(...a.close(T0 + at))
        }
        records.push(...a.closeAll())
        expect(sum(records, 'energyMilliJ')).toBe(trueEnergy)
        expect(sum(records, 'workDiff1')).toBe(trueWork)
        expect(sum(records, 'gpuMs')).toBe(seenMs)
        expect(new Set(records.map(intervalKey)).size).toBe(records.length)
        for (const r of records) {
          expect(minuteOf(r.startMs)).toBe(minuteOf(r.startMs + r.durationMs - 1))
          expect(r.coveredMs).toBeLessThanOrEqual(r.durationMs)
          expect(
            Math.min(
              ...Object.values({ ...r, deviceId: 0, owner: 0, powerBasis: 0, recovered: 0, extra: 0 }),
            ),
          ).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('makes no minutes of a clock that is set an hour ahead, nor of a reading that comes twice', () => {
    const a = new DeviceAccumulator('rig1', 15_000)
    const records: Interval[] = []
    for (let s = 0; s <= 120; s += 5) {
      const wallMs = T0 + s * 1000 + (s >= 60 ? 3_600_000 : 0)
      for (const _ of [1, 2]) a.observe(reading({ powerW: 1000 }), { wallMs, steadyMs: s * 1000 })
      records.push(...a.close(wallMs))
    }
    records.push(...a.closeAll())
    expect(sum(records, 'energyMilliJ')).toBe(120 * 1000 * 1000)
    expect(sum(records, 'coveredMs')).toBe(120_000)
    expect(records).toHaveLength(3)
  })

  it('sees a gap where the machine that it runs on slept', () => {
    const records = run([0, 5, 3605, 3610].map((atS) => ({ atS, reading: reading({ powerW: 1000 }) })))
    expect(sum(records, 'energyMilliJ')).toBe(10_000_000)
  })

  it('goes on from its counters after a restart, and says which minutes it recovered', () => {
    const step = (atS: number, energyJ: number, work: number) =>
      [
        reading({ powerW: 1 }, { energyJ, byOwner: [{ owner: POOL, workDiff1: work }] }),
        { wallMs: T0 + atS * 1000, steadyMs: 0 },
      ] as const
    const before = new DeviceAccumulator('rig1', 15_000)
    const [r0, at0] = step(10, 1000, 500)
    before.observe(r0, { ...at0, steadyMs: 10_000 })
    const [r1, at1] = step(20, 2000, 600)
    before.observe(r1, { ...at1, steadyMs: 20_000 })
    const state = JSON.parse(JSON.stringify(before.state))
    const after = new DeviceAccumulator('rig1', 15_000, state)
    after.observe(...step(20 + 86_400, 866_000, 600 + 86_400))
    const records = [...after.close(T0 + 86_420_000, 1000), ...after.closeAll()]
    expect(sum(records, 'energyMilliJ')).toBe(865_000_000)
    expect(sum(records, 'workDiff1')).toBe(86_500)
    expect(new Set(records.map(intervalKey)).size).toBe(records.length)
    expect(new Set(records.map((r) => minuteOf(r.startMs))).size).toBe(1441)
    expect(records.every((r) => r.recovered)).toBe(true)
    expect(sum(records, 'coveredMs')).toBe(10_000)
    // no minute has more than its even part
    const whole = records.filter((r) => minuteOf(r.startMs) > T0)
    expect(Math.max(...whole.map((r) => r.energyMilliJ ?? 0))).toBeLessThanOrEqual(600_001)
  })

  it('spreads energy by the parts of the energy, and GPU time by the parts that are held', () => {
    const holders = [{ owner: { slurmJob: '1' }, share: 0.5, energyShare: 0.75, estimated: true }]
    const records = run(
      [0, 10].map((atS) => ({
        atS,
        reading: reading({ powerW: 400, powerBasis: 'reported', holders }, {}, 'gpu'),
      })),
    )
    const of = (job: string | undefined) => records.find((r) => r.owner['slurmJob'] === job)
    expect(of('1')).toMatchObject({ energyMilliJ: 3_000_000, gpuMs: 5_000, powerBasis: 'estimated' })
    expect(of(undefined)).toMatchObject({ energyMilliJ: 1_000_000, gpuMs: 5_000, powerBasis: 'estimated' })
  })

  it('says that the energy of a holder is estimated where his part of the device is', () => {
    const parts = [
      { owner: { slurmJob: '1' }, share: 0.5, estimated: true },
      { owner: { slurmJob: '2' }, share: 0.25 },
    ]
    const of = (powerBasis: 'reported' | 'modelled') =>
      run(
        [0, 5].map((atS) => ({
          atS,
          reading: reading({ powerW: 400, powerBasis, holders: parts }, {}, 'gpu'),
        })),
      ).map((r) => [r.owner['slurmJob'] ?? 'nobody', r.powerBasis])
    expect(Object.fromEntries(of('reported'))).toEqual({ 1: 'estimated', 2: 'reported', nobody: 'estimated' })
    expect(Object.fromEntries(of('modelled'))).toEqual({ 1: 'modelled', 2: 'modelled', nobody: 'modelled' })
  })

  it('forgets counters that are older than anything is kept', () => {
    const before = new DeviceAccumulator('rig1', 15_000)
    before.observe(reading({}, { energyJ: 1000 }), { wallMs: T0, steadyMs: 0 })
    const after = new DeviceAccumulator('rig1', 15_000, before.state)
    const later = T0 + 8 * 86_400_000
    expect(after.lives(later)).toBe(false)
    after.observe(reading({}, { energyJ: 9e9 }), { wallMs: later, steadyMs: 0 })
    after.observe(reading({}, { energyJ: 9e9 + 5 }), { wallMs: later + 5000, steadyMs: 5000 })
    expect(sum(after.closeAll(), 'energyMilliJ')).toBe(5000)
  })

  describe('over a gap in which the agent was restarted', () => {
    const at = (atS: number) => ({ wallMs: T0 + atS * 1000, steadyMs: atS * 1000 })
    const told = (workDiff1: number) => ({
      byOwner: [
        { owner: POOL, workDiff1 },
        { owner: FEE, workDiff1: 0 },
      ],
    })
    /** Readings after the restart, of a machine that told `told(100)` at second 5. @param closes the agent was stopped, not killed */
    const restarted = (closes: boolean, ...readings: [atS: number, counters?: ReturnType<typeof told>][]) => {
      const before = new DeviceAccumulator('rig1', 15_000)
      before.observe(reading({}, told(100)), at(0))
      before.observe(reading({}, told(100)), at(5))
      if (closes) before.closeAll()
      const agent = new DeviceAccumulator('rig1', 15_000, JSON.parse(JSON.stringify(before.state)))
      for (const [atS, counters] of readings) agent.observe(reading({}, counters), at(atS))
      return agent
        .closeAll()
        .map((r) => [(r.startMs - T0) / 1000, r.durationMs / 1000, r.workDiff1, r.recovered])
    }

    it('tells when the growth of counters begins that only a later reading tells', () => {
      expect(restarted(true, [40], [200, told(900)])[0]?.[0]).toBe(5)
      // what is not known yet is absent
      expect(restarted(true, [40])).toEqual([[5, 35, undefined, true]])
      expect(restarted(true, [140])).toEqual([[5, 55, undefined, true]])
    })

    it('says nothing more where the counters are told, or an open record goes up to it', () => {
      expect(restarted(true, [40, told(100)])).toEqual([])
      expect(restarted(true, [40, told(900)])).toEqual([[5, 35, 800, true]])
      expect(restarted(false, [40])).toEqual([[0, 5, undefined, undefined]])
    })
  })

  it('keeps every joule and share, and every key once, through clock steps, restarts and late polls (property)', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 1, max: 70_000 }),
      wallStepMs: fc.oneof(
        { weight: 6, arbitrary: fc.constant(0) },
        fc.integer({ min: -200_000, max: 200_000 }),
        fc.constantFrom(-3_600_000, 3_600_000),
      ),
      energy: fc.integer({ min: 0, max: 500_000 }),
      work: fc.integer({ min: 0, max: 5000 }),
      restart: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
      twice: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 50 }), (steps) => {
        let a = new DeviceAccumulator('rig1', 15_000)
        const records: Interval[] = []
        let [steadyMs, wallMs, energy, work] = [0, T0, 5_000_000, 700]
        const see = () =>
          a.observe(
            reading(
              { holders: [{ owner: POOL, share: 1 }], powerW: 77 },
              { energyJ: energy / 1000, byOwner: [{ owner: POOL, workDiff1: work }] },
            ),
            { wallMs, steadyMs },
          )
        see()
        for (const s of steps) {
          steadyMs += s.waitMs
          wallMs += s.waitMs + s.wallStepMs
          energy += s.energy
          work += s.work
          if (s.restart) {
            a = new DeviceAccumulator('rig1', 15_000, JSON.parse(JSON.stringify(a.state)))
            steadyMs = 7
          }
          see()
          if (s.twice) see()
          records.push(...a.close(wallMs, 100))
        }
        records.push(...a.closeAll())
        expect(sum(records, 'energyMilliJ')).toBe(energy - 5_000_000)
        expect(sum(records, 'workDiff1')).toBe(work - 700)
        expect(new Set(records.map(intervalKey)).size).toBe(records.length)
        for (const r of records) {
          expect(r.durationMs).toBeGreaterThan(0)
          expect(minuteOf(r.startMs)).toBe(minuteOf(r.startMs + r.durationMs - 1))
          expect(r.coveredMs).toBeLessThanOrEqual(r.durationMs)
          expect(r.energyMilliJ).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 400 },
    )
  })
})
