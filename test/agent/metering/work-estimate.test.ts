import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { Counters, Reading } from '../../../agent/plugin/reading.ts'
import type { Interval } from '../../../protocol/interval.ts'
import type { Owner } from '../../../protocol/owner.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { FEE, POOL, reading, run, T0 } from './accumulator-rig.ts'

const HS = 2e14
const MINER: Partial<Reading['sample']> = { state: 'hashing', hashrateHs: HS }
const ALL = [{ owner: POOL, share: 1 }]

/** A reading of a machine without a counter of accepted work. */
const uncounted = (more: Partial<Reading['sample']> = {}): Reading => ({
  ...reading({ ...MINER, holders: ALL, ...more }),
  uncountedWork: true,
})
const counted = (counters?: Counters): Reading => reading({ ...MINER, holders: ALL }, counters)
const every = (stepS: number, untilS: number, of: (atS: number) => Reading) =>
  Array.from({ length: untilS / stepS + 1 }, (_, i) => ({ atS: i * stepS, reading: of(i * stepS) }))

const total = (records: readonly Interval[], of: 'estimatedWorkDiff1' | 'workDiff1', owner?: Owner) =>
  records
    .filter((r) => !owner || r.owner['poolUser'] === owner['poolUser'])
    .reduce((sum, r) => sum + (r[of] ?? 0), 0)

describe('work that the machine does not count', () => {
  it('is hashrate x time, less the rejected shares, and apart from counted work', () => {
    const records = run(every(5, 600, () => uncounted({ paidRatio: 0.98 })))
    expect(records).toHaveLength(10)
    expect(total(records, 'estimatedWorkDiff1')).toBe(Math.floor((HS * 0.98 * 600) / HASHES_PER_DIFF1))
    for (const r of records) {
      expect(r).not.toHaveProperty('workDiff1')
      expect(r.estimatedWorkDiff1! / ((HS * 0.98 * 60) / HASHES_PER_DIFF1)).toBeCloseTo(1, 5)
    }
  })

  it('is nothing for a machine that counts, also while its counter is missing', () => {
    const steps = every(5, 300, (atS) =>
      counted(atS > 100 && atS < 200 ? undefined : { byOwner: [{ owner: POOL, workDiff1: atS * 40_000 }] }),
    )
    const records = run(steps)
    expect(total(records, 'estimatedWorkDiff1')).toBe(0)
    expect(total(records, 'workDiff1')).toBe(300 * 40_000)
  })

  it('is nothing over a time without readings, while it sleeps, and for a hashrate that no machine has', () => {
    expect(total(run([0, 600].map((atS) => ({ atS, reading: uncounted() }))), 'estimatedWorkDiff1')).toBe(0)
    expect(total(run(every(5, 60, () => uncounted({ holders: [] }))), 'estimatedWorkDiff1')).toBe(0)
    expect(total(run(every(5, 60, () => uncounted({ hashrateHs: 1e18 }))), 'estimatedWorkDiff1')).toBe(0)
    expect(total(run(every(5, 60, () => uncounted({ paidRatio: 0 }))), 'estimatedWorkDiff1')).toBe(0)
  })

  it('is an unknown pool’s where the machine never told its pools, and still there', () => {
    const unknown = { poolUrl: 'unknown' }
    const never = {
      ...reading({ ...MINER, holders: [{ owner: unknown, share: 1 }] }),
      uncountedWork: true as const,
    }
    const records = run(every(5, 600, () => never))
    expect(total(records, 'estimatedWorkDiff1')).toBe(Math.floor((HS * 600) / HASHES_PER_DIFF1))
    expect(new Set(records.map((r) => JSON.stringify(r.owner)))).toEqual(new Set([JSON.stringify(unknown)]))
  })

  it('goes on as a stranger’s where its pools have not been told for a quarter of an hour', () => {
    const gone = { ...reading(MINER), uncountedWork: true as const }
    const records = run(every(5, 3600, (atS) => (atS > 0 ? gone : uncounted())))
    expect(total(records, 'estimatedWorkDiff1') / ((HS * 3600) / HASHES_PER_DIFF1)).toBeCloseTo(1, 3)
    expect(total(records, 'estimatedWorkDiff1', POOL) / ((HS * 900) / HASHES_PER_DIFF1)).toBeCloseTo(1, 2)
  })

  it('is nothing while a counter that was seen lately has not come back: its growth includes that time', () => {
    const unseen = { ...reading(MINER), uncountedWork: true as const }
    const steps = every(5, 300, (atS) =>
      atS > 100 && atS < 200 ? unseen : counted({ byOwner: [{ owner: POOL, workDiff1: atS * 40_000 }] }),
    )
    const records = run(steps)
    expect(total(records, 'estimatedWorkDiff1')).toBe(0)
    expect(total(records, 'workDiff1')).toBe(300 * 40_000)
  })

  it('goes on for the same pool while the list of pools is missing, for a quarter of an hour', () => {
    const known = run(every(5, 300, (atS) => (atS > 100 && atS < 200 ? reading(MINER) : uncounted())))
    expect(total(known, 'estimatedWorkDiff1', POOL)).toBe(Math.floor((HS * 300) / HASHES_PER_DIFF1))
    const gone = run(every(5, 3600, (atS) => (atS > 0 ? reading(MINER) : uncounted())))
    expect(total(gone, 'estimatedWorkDiff1') / ((HS * 900) / HASHES_PER_DIFF1)).toBeCloseTo(1, 2)
  })

  it('is less the rejected part also at readings that do not tell it', () => {
    const half = run(every(5, 3600, (atS) => (atS % 50 === 0 ? uncounted({ paidRatio: 0.5 }) : uncounted())))
    expect(total(half, 'estimatedWorkDiff1') / ((HS * 3600) / HASHES_PER_DIFF1)).toBeCloseTo(0.5, 3)
  })

  it('keeps a dev fee’s part apart, and shares the energy of the minute by work', () => {
    const holders = [
      { owner: POOL, share: 0.75 },
      { owner: FEE, share: 0.25 },
    ]
    const records = run(every(5, 60, () => uncounted({ holders, powerW: 3000 })))
    const own = total(records, 'estimatedWorkDiff1', POOL)
    const fee = total(records, 'estimatedWorkDiff1', FEE)
    expect(own + fee).toBe(Math.floor((HS * 60) / HASHES_PER_DIFF1))
    expect(own / fee).toBeCloseTo(3, 4)
    const feeMilliJ = records.find((r) => r.owner === FEE)?.energyMilliJ ?? 0
    expect(feeMilliJ / 45_000_000).toBeCloseTo(1, 4)
  })

  it('is not paid a second time by a counter that was away and returns', () => {
    // another interface lists the pools without their work while the one that counts is away
    const rate = HS / HASHES_PER_DIFF1
    const steps = every(5, 600, (atS) =>
      atS > 100 && atS < 400
        ? uncounted()
        : counted({ byOwner: [{ owner: POOL, workDiff1: Math.round(atS * rate) }] }),
    )
    const records = run(steps)
    const both = total(records, 'workDiff1') + total(records, 'estimatedWorkDiff1')
    expect(total(records, 'estimatedWorkDiff1')).toBeGreaterThan(0)
    expect(both).toBe(Math.round(600 * rate))
  })

  it('leaves a counter alone that appears with new firmware', () => {
    const steps = every(5, 600, (atS) =>
      atS < 300 ? uncounted() : counted({ byOwner: [{ owner: POOL, workDiff1: 9e9 + atS * 40_000 }] }),
    )
    const records = run(steps)
    expect(total(records, 'workDiff1')).toBe(300 * 40_000)
    expect(total(records, 'estimatedWorkDiff1')).toBe(Math.floor((HS * 300) / HASHES_PER_DIFF1))
  })

  it('loses no share to rounding, whatever the steps, and over any restart of the agent (property)', () => {
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 14_000 }),
      hs: fc.double({ min: 1e9, max: 5e14, noNaN: true }),
      ratio: fc.double({ min: 0, max: 1, noNaN: true }),
      restart: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
        let a = new DeviceAccumulator('rig1', 15_000)
        let ms = 0
        let exact = 0
        const records: Interval[] = []
        const see = (hashrateHs: number, paidRatio: number) =>
          a.observe(uncounted({ hashrateHs, paidRatio }), { wallMs: T0 + ms, steadyMs: ms })
        for (const s of steps) {
          see(s.hs, s.ratio)
          exact += (s.hs * s.ratio * s.ms) / 1000 / HASHES_PER_DIFF1
          ms += s.ms
          records.push(...a.close(T0 + ms))
          if (s.restart) a = new DeviceAccumulator('rig1', 15_000, JSON.parse(JSON.stringify(a.state)))
        }
        see(0, 1)
        records.push(...a.closeAll())
        const sum = total(records, 'estimatedWorkDiff1')
        expect(Number.isInteger(sum)).toBe(true)
        expect(Math.abs(sum - exact)).toBeLessThan(1 + exact * 1e-9)
        for (const r of records) expect(r.durationMs).toBeLessThanOrEqual(60_000)
      }),
    )
  })
})
