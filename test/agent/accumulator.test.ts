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
      waitMs: fc.integer({ min: 1, max: 70_000 }),
      energy: fc.integer({ min: 0, max: 500_000 }),
      work: fc.integer({ min: 0, max: 5000 }),
      reboot: fc.boolean(),
      share: fc.integer({ min: 0, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const a = new DeviceAccumulator('gpu1', 15_000)
        const records: Interval[] = []
        let [at, energy, work, trueEnergy, trueWork, seenMs] = [0, 5_000_000, 700, 0, 0, 0]
        const see = (share: number) => {
          const holders = share === 0 ? [] : [{ owner: POOL, share: share / 4 }]
          a.observe(
            reading(
              { holders },
              { energyJ: energy / 1000, byOwner: [{ owner: POOL, workDiff1: work }] },
              'gpu',
            ),
            { wallMs: T0 + at, steadyMs: at },
          )
        }
        see(1)
        for (const s of steps) {
          at += s.waitMs
          if (s.reboot && s.energy < energy && s.work < work) [energy, work] = [s.energy, s.work]
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
})
