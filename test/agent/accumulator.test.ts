import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeviceAccumulator } from '../../agent/accumulator.ts'
import type { Counters, Reading } from '../../agent/driver.ts'
import { type Interval, intervalKey } from '../../protocol/interval.ts'
import type { Owner } from '../../protocol/owner.ts'
import { minuteOf } from '../../protocol/units.ts'

const T0 = Date.UTC(2026, 0, 1, 12, 0, 0)
const POOL = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }
const FEE = { poolUrl: 'stratum+tcp://fee.example:3333', poolUser: 'fee', poolRole: 'devfee' }

function reading(
  sample: Partial<Reading['sample']>,
  counters?: Counters,
  kind: 'asic' | 'gpu' = 'asic',
): Reading {
  return { identity: { kind }, sample: { state: 'ok', ...sample }, ...(counters ? { counters } : {}) }
}

/** Feeds readings at seconds after T0, and closes all. */
function run(steps: { atS: number; reading: Reading }[], maxGapS = 15): Interval[] {
  const a = new DeviceAccumulator('rig1', maxGapS * 1000)
  const records: Interval[] = []
  for (const s of steps) {
    a.observe(s.reading, { wallMs: T0 + s.atS * 1000, steadyMs: s.atS * 1000 })
    records.push(...a.close(T0 + s.atS * 1000))
  }
  return [...records, ...a.closeAll()]
}

const sum = (
  records: Interval[],
  q: 'energyMilliJ' | 'workDiff1' | 'gpuMs' | 'coveredMs' | 'tokensOut',
  owner?: Owner,
) =>
  records
    .filter((r) => !owner || JSON.stringify(r.owner) === JSON.stringify(owner))
    .reduce((a, r) => a + (r[q] ?? 0), 0)

describe('the accumulator', () => {
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

  it('counts work from zero after a reboot, and never a negative', () => {
    const work = (workDiff1: number, uptimeS: number) =>
      reading({ uptimeS, holders: [{ owner: POOL, share: 1 }] }, { byOwner: [{ owner: POOL, workDiff1 }] })
    const records = run([
      { atS: 0, reading: work(1000, 500) },
      { atS: 5, reading: work(1200, 505) },
      { atS: 10, reading: work(40, 3) },
    ])
    expect(sum(records, 'workDiff1')).toBe(240)
  })

  it('does not believe one odd reading of a machine that did not reboot', () => {
    const work = (workDiff1: number, uptimeS: number) =>
      reading({ uptimeS }, { byOwner: [{ owner: POOL, workDiff1 }] })
    const records = run([
      { atS: 0, reading: work(1_000_000, 500) },
      { atS: 5, reading: work(0, 505) },
      { atS: 10, reading: work(1_000_300, 510) },
    ])
    expect(sum(records, 'workDiff1')).toBe(300)
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
            Math.min(...Object.values({ ...r, deviceId: 0, owner: 0, powerBasis: 0, recovered: 0 })),
          ).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('counts a reply of zeros from a machine without an uptime as a hiccup, and two as a new start', () => {
    const tokens = (tokensOut: number) =>
      reading({}, { byOwner: [{ owner: { service: 'chat' }, tokensOut }] })
    const values = [1000, 0, 1_000_300, 0, 40, 100]
    const records = run(values.map((v, i) => ({ atS: 5 * i, reading: tokens(v) })))
    expect(sum(records, 'tokensOut')).toBe(999_300 + 100)
  })

  it('takes an energy counter at zero for a meter that boots: power is integrated, and nothing counted twice', () => {
    const meter = (energyJ: number, powerW = 1_000): Reading => ({
      identity: { kind: 'meter' },
      sample: { state: 'ok', powerW, powerBasis: 'metered' },
      counters: { energyJ },
    })
    const read = (...energiesJ: number[]) =>
      sum(run(energiesJ.map((energyJ, i) => ({ atS: i * 10, reading: meter(energyJ) }))), 'energyMilliJ')
    expect(read(5e9, 5e9 + 10_000, 0, 0, 0, 5e9 + 50_000, 5e9 + 60_000)).toBe(60_000_000)
    // also where it boots while the agent starts
    expect(read(0, 0, 5e9, 5e9 + 10_000)).toBe(30_000_000)
  })

  it('loses what came before a wrap, and never invents', () => {
    const meter = (energyJ: number) => reading({}, { energyJ })
    const records = run(
      [2 ** 32 - 500, 2 ** 32 - 100, 300, 700].map((v, i) => ({ atS: 5 * i, reading: meter(v) })),
    )
    expect(sum(records, 'energyMilliJ')).toBe((400 + 700) * 1000)
  })

  it('does not count twice what it drew from power while the energy counter was silent', () => {
    const step = (atS: number, energyJ?: number) => ({
      atS,
      reading: reading({ powerW: 100 }, energyJ === undefined ? undefined : { energyJ }),
    })
    const records = run([step(0, 5000), step(5), step(10, 6010), step(15, 6500)])
    expect(sum(records, 'energyMilliJ')).toBe(1_500_000)
  })

  it('adds up a pool that is configured twice, and takes one that was unseen before as it is', () => {
    const step = (atS: number, works?: number[]) => ({
      atS,
      reading: reading({}, works && { byOwner: works.map((workDiff1) => ({ owner: POOL, workDiff1 })) }),
    })
    const records = run([
      step(0),
      step(5, [1_000_000, 0]),
      step(10, [1_000_100, 7]),
      step(15, [1_000_100, 9]),
    ])
    expect(sum(records, 'workDiff1')).toBe(109)
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
    // no minute has more than its part
    const whole = records.filter((r) => minuteOf(r.startMs) > T0)
    expect(Math.max(...whole.map((r) => r.energyMilliJ ?? 0))).toBeLessThanOrEqual(600_001)
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
    expect(Object.fromEntries(of('reported'))).toEqual({ 1: 'estimated', 2: 'reported', nobody: 'reported' })
    expect(Object.fromEntries(of('modelled'))).toEqual({ 1: 'modelled', 2: 'modelled', nobody: 'modelled' })
  })

  it('invents no past of what an older version of the agent did not count of an owner', () => {
    const owner = { service: 'chat' }
    const see = (a: DeviceAccumulator, atS: number, byOwner: NonNullable<Counters['byOwner']>) =>
      a.observe(reading({}, { byOwner }), { wallMs: T0 + atS * 1000, steadyMs: atS * 1000 })
    const before = new DeviceAccumulator('llm', 60_000)
    see(before, 0, [{ owner, tokensIn: 1000 }])
    const after = new DeviceAccumulator('llm', 60_000, JSON.parse(JSON.stringify(before.state)))
    see(after, 5, [{ owner, tokensIn: 1100, tokensInCached: 900 }])
    see(after, 10, [{ owner, tokensIn: 1150, tokensInCached: 930 }])
    const records = after.closeAll()
    expect(records.map((r) => [r.owner, r.tokensIn, r.tokensInCached])).toContainEqual([owner, 150, 30])
  })

  it('counts nothing of another machine’s past: one put in its place, or an old value restored', () => {
    const identity = (hardwareId: string) => ({ kind: 'asic' as const, hardwareId })
    const works = (hardwareId: string, workDiff1: number, uptimeS: number): Reading => ({
      identity: identity(hardwareId),
      sample: { state: 'hashing', hashrateHs: 2e14, uptimeS },
      counters: { byOwner: [{ owner: POOL, workDiff1 }] },
    })
    const ten = (r: Reading, atS: number) => ({ atS, reading: r })
    // exchanged for one that has mined for weeks, with more or with less behind it
    for (const past of [7e10, 3e8])
      expect(
        sum(
          run([
            ten(works('02:00:00:00:00:01', 5e9, 90_000), 0),
            ten(works('02:00:00:00:00:01', 5e9 + 400_000, 90_010), 10),
            ten(works('02:00:00:00:00:02', past, 4e6), 20),
            ten(works('02:00:00:00:00:02', past + 400_000, 4e6 + 10), 30),
          ]),
          'workDiff1',
        ),
      ).toBe(800_000)
    // the same machine by its name, whose counter stands where it stood days ago
    expect(
      sum(
        run([
          ten(works('02:00:00:00:00:01', 7.2e10, 300_000), 0),
          ten(works('02:00:00:00:00:01', 7.1e10, 260_000), 10),
          ten(works('02:00:00:00:00:01', 7.1e10 + 400_000, 260_010), 20),
        ]),
        'workDiff1',
      ),
    ).toBe(400_000)
  })

  it('takes a dial that goes back to another stand for another dial, not for what was drawn since', () => {
    const dial = (atS: number, kWh: number) => ({
      atS,
      reading: {
        identity: { kind: 'meter' as const },
        sample: { state: 'ok' as const, powerW: 3_600_000 },
        counters: { energyJ: kWh * 3.6e6 },
      },
    })
    const records = run([
      dial(0, 48_000),
      dial(10, 48_010),
      dial(20, 31_000),
      dial(30, 31_010),
      dial(40, 31_020),
    ])
    // 10 kWh each ten seconds; the stretch in which it was exchanged is what its power says
    expect(sum(records, 'energyMilliJ')).toBe(40 * 3.6e9)
  })

  it('believes of a PDU that started seconds ago no more than it can have counted since', () => {
    const outlet = (atS: number, uptimeS: number, wh: number) => ({
      atS,
      reading: {
        identity: { kind: 'meter' as const },
        sample: { state: 'ok' as const, powerW: 3_600, uptimeS },
        counters: { energyJ: wh * 3600 },
      },
    })
    const wh = (...steps: ReturnType<typeof outlet>[]) => sum(run(steps, 30), 'energyMilliJ') / 3.6e6
    // an old stand restored: 600 s of 3.6 kW that nobody measured are left out, the rest counts
    expect(wh(outlet(0, 9000, 5_000), outlet(600, 5, 2_900), outlet(610, 15, 2_910))).toBe(10)
    // a counter that begins with its start: what it shows
    expect(wh(outlet(0, 9000, 5_000), outlet(600, 300, 300), outlet(610, 310, 310))).toBe(310)
  })

  it('pays no tokens of a server’s earlier life twice, and all of its new one', () => {
    const served = (atS: number, tokensOut: number) => ({
      atS,
      reading: reading({ tokensOutPerS: 5_000 }, { byOwner: [{ owner: { service: 'chat' }, tokensOut }] }),
    })
    const tokens = (...steps: ReturnType<typeof served>[]) => sum(run(steps), 'tokensOut')
    // started anew, and 60,000 tokens later
    expect(tokens(served(0, 6e8), served(10, 6e8 + 50_000), served(20, 10_000), served(30, 60_000))).toBe(
      110_000,
    )
    // put back to where it was days ago
    expect(tokens(served(0, 6e8), served(10, 5e8), served(20, 5e8 + 50_000), served(30, 5e8 + 100_000))).toBe(
      50_000,
    )
  })

  it('believes no leap of a machine’s counter that it can’t have done, and goes on from it', () => {
    const at = (atS: number, workDiff1: number) => ({
      atS,
      reading: reading({ hashrateHs: 2e14, uptimeS: 1000 + atS }, { byOwner: [{ owner: POOL, workDiff1 }] }),
    })
    expect(sum(run([at(0, 1e6), at(10, 9e12), at(20, 1.8e6)]), 'workDiff1')).toBe(800_000)
    expect(sum(run([at(0, 1e6), at(10, 9e12), at(20, 9e12 + 1), at(30, 9e12 + 400_001)]), 'workDiff1')).toBe(
      400_000,
    )
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
