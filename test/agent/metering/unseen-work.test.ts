import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { POOL, reading, run, T0 } from './accumulator-rig.ts'

const HS = 59.756e12
/** difficulty-1 shares a second */
const RATE = HS / HASHES_PER_DIFF1
const ALL = [{ owner: POOL, share: 1 }]
const OTHER = { poolUrl: 'stratum+tcp://other.example:3333', poolUser: 'site.rig1' }

const seen = (workDiff1: number, uptimeS: number, more: Partial<Reading['sample']> = {}): Reading =>
  reading(
    { state: 'hashing', hashrateHs: HS, holders: ALL, uptimeS, ...more },
    { byOwner: [{ owner: POOL, workDiff1 }] },
  )
/** the answer of its pools is refused: the session names the last pool that was told */
const unseen = (uptimeS: number, more: Partial<Reading['sample']> = {}): Reading =>
  reading({ state: 'hashing', hashrateHs: HS, holders: ALL, uptimeS, ...more })

const every = (stepS: number, untilS: number, of: (atS: number) => Reading) =>
  Array.from({ length: untilS / stepS + 1 }, (_, i) => ({ atS: i * stepS, reading: of(i * stepS) }))
const total = (records: readonly Interval[], of: 'estimatedWorkDiff1' | 'workDiff1') =>
  records.reduce((sum, r) => sum + (r[of] ?? 0), 0)
const paid = (records: readonly Interval[]) =>
  total(records, 'workDiff1') + total(records, 'estimatedWorkDiff1')

describe('work before a restart of the machine, while the answer of its pools was refused', () => {
  /** refused from 70 s to 160 s; the machine restarts at 150 s */
  const restarts = (more: (atS: number) => Partial<Reading['sample']> = () => ({})) =>
    every(5, 600, (atS) => {
      const uptimeS = atS < 150 ? 4000 + atS : Math.max(0.1, atS - 150)
      const work = Math.round(RATE * (atS < 150 ? 1e5 + atS : atS - 150))
      return atS > 70 && atS < 160 ? unseen(uptimeS, more(atS)) : seen(work, uptimeS, more(atS))
    })

  test('is paid by its estimate, once, and what the new counter tells by the counter', () => {
    const records = run(restarts())
    expect(total(records, 'workDiff1') / (RATE * (70 + 450))).toBeCloseTo(1, 5)
    expect(total(records, 'estimatedWorkDiff1') / (RATE * 80)).toBeCloseTo(1, 5)
  })

  test('is paid where the machine tells no uptime', () => {
    const records = run(restarts(() => ({ uptimeS: undefined as never })))
    // less the time between two polls: only the second one uses the new counter
    expect(paid(records)).toBeLessThanOrEqual(RATE * 600)
    expect(paid(records)).toBeGreaterThanOrEqual(Math.floor(RATE * 595))
  })

  test('is less its rejected shares and its firmware’s fee', () => {
    const records = run(restarts(() => ({ paidRatio: 0.98 })))
    expect(total(records, 'estimatedWorkDiff1') / (RATE * 80 * 0.98)).toBeCloseTo(1, 5)
  })

  test('is nothing for the time in which it did not hash', () => {
    const records = run(restarts((atS) => (atS >= 100 && atS < 150 ? { hashrateHs: 0, holders: [] } : {})))
    expect(total(records, 'estimatedWorkDiff1') / (RATE * 30)).toBeCloseTo(1, 5)
  })

  test('is paid where the new counter has passed the old one before it is seen', () => {
    const records = run(
      every(5, 600, (atS) => {
        const uptimeS = atS < 150 ? 10 + atS : Math.max(0.1, atS - 150)
        const work = Math.round(RATE * (atS < 150 ? 10 + atS : atS - 150))
        return atS > 70 && atS < 400 ? unseen(uptimeS) : seen(work, uptimeS)
      }),
    )
    expect(paid(records) / (RATE * 600)).toBeCloseTo(1, 5)
  })

  test('is the counter’s where that goes on over the restart', () => {
    const records = run(
      every(5, 600, (atS) => {
        const uptimeS = atS < 150 ? 4000 + atS : Math.max(0.1, atS - 150)
        return atS > 70 && atS < 160 ? unseen(uptimeS) : seen(Math.round(1e8 + RATE * atS), uptimeS)
      }),
    )
    expect(total(records, 'estimatedWorkDiff1')).toBe(0)
    expect(total(records, 'workDiff1') / (RATE * 600)).toBeCloseTo(1, 5)
  })

  test('is paid where the first answers after it are refused for an hour, and once', () => {
    const records = run(
      every(5, 7200, (atS) => {
        const uptimeS = atS < 150 ? 4000 + atS : Math.max(0.1, atS - 150)
        const work = Math.round(RATE * (atS < 150 ? 1e5 + atS : atS - 150))
        return atS > 70 && atS < 3600 ? unseen(uptimeS) : seen(work, uptimeS)
      }),
    )
    expect(paid(records) / (RATE * 7200)).toBeCloseTo(1, 5)
  })
})

describe('the work of a machine that counts, and whose pools are not told', () => {
  test('waits for the counter for ten minutes, and is estimated from then on', () => {
    const told = (untilS: number) =>
      paid(run(every(5, untilS, (atS) => (atS > 0 ? unseen(4000 + atS) : seen(1e9, 4000)))))
    expect(told(590)).toBe(0)
    expect(told(3600) / (RATE * 3600)).toBeCloseTo(1, 5)
  })

  test('is estimated after a restart of the agent too, whose new session has not seen the counter', () => {
    const steps = (agentRestartsS: number, from: (atS: number) => Reading) => {
      let a = new DeviceAccumulator('rig1', 15_000)
      const records: Interval[] = []
      for (const { atS, reading: told } of every(5, 3600, (s) =>
        s <= 70
          ? seen(Math.round(RATE * (1e5 + s)), 4000 + s)
          : s < agentRestartsS
            ? unseen(4000 + s)
            : from(s),
      )) {
        if (atS === agentRestartsS)
          a = new DeviceAccumulator('rig1', 15_000, JSON.parse(JSON.stringify(a.state)))
        a.observe(told, { wallMs: T0 + atS * 1000, steadyMs: atS * 1000 })
        records.push(...a.close(T0 + atS * 1000))
      }
      return paid([...records, ...a.closeAll()]) / RATE
    }
    const estimated = (s: number): Reading => ({ ...unseen(4000 + s), uncountedWork: true })
    const back = (s: number) => (s < 1800 ? estimated(s) : seen(Math.round(RATE * (1e5 + s)), 4000 + s))
    const asleep = (s: number) => unseen(4000 + s, { state: 'sleeping', hashrateHs: 0 })
    for (const restartS of [100, 300, 610, 900]) {
      expect(steps(restartS, estimated) / 3600).toBeCloseTo(1, 2)
      expect(steps(restartS, back) / 3600).toBeCloseTo(1, 2)
      // and one that has fallen asleep since is paid for the time before
      expect(steps(restartS, asleep) / restartS).toBeCloseTo(1, 1)
    }
  })

  test('is the counter’s again when it returns after hours, though it was lucky or not', () => {
    for (const luck of [0.7, 1, 1.4]) {
      const records = run(
        every(5, 14_400, (atS) =>
          atS > 0 && atS < 7200 ? unseen(4000 + atS) : seen(Math.round(1e9 + luck * RATE * atS), 4000 + atS),
        ),
      )
      expect(paid(records) / (luck * RATE * 14_400)).toBeCloseTo(1, 5)
    }
  })

  test('is booked when another machine takes its place', () => {
    const other = (r: Reading): Reading => ({
      ...r,
      identity: { ...r.identity, hardwareId: '02:00:5E:00:00:02' },
    })
    const own = (r: Reading): Reading => ({
      ...r,
      identity: { ...r.identity, hardwareId: '02:00:5E:00:00:01' },
    })
    const records = run(
      every(5, 300, (atS) =>
        atS > 100 ? other(seen(5e9, 100 + atS)) : own(atS > 0 ? unseen(4000 + atS) : seen(1e9, 4000)),
      ),
    )
    expect(total(records, 'estimatedWorkDiff1') / (RATE * 100)).toBeCloseTo(1, 5)
    expect(total(records, 'workDiff1')).toBe(0)
  })

  test('is booked when the machine is gone, ten minutes after the first answer that it refused', () => {
    const a = new DeviceAccumulator('rig1', 15_000)
    for (let atS = 0; atS <= 100; atS += 5)
      a.observe(atS > 0 ? unseen(4000 + atS) : seen(1e9, 4000), {
        wallMs: T0 + atS * 1000,
        steadyMs: atS * 1000,
      })
    const records = [...a.close(T0 + 590_000), ...a.close(T0 + 700_000), ...a.close(T0 + 800_000)]
    expect(total(records, 'estimatedWorkDiff1') / (RATE * 100)).toBeCloseTo(1, 5)
    expect(new Set(records.map(({ startMs }) => startMs)).size).toBe(records.length)
    for (const { startMs, durationMs } of records)
      expect(startMs + durationMs).toBeLessThanOrEqual(T0 + 100_000 + 1)
  })

  test('is booked when the pool is gone from the list, and not for a pool that is not in a list', () => {
    const records = run(
      every(5, 300, (atS) => {
        if (atS === 0) return seen(1e9, 4000)
        if (atS <= 100) return unseen(4000 + atS)
        const byOwner = [{ owner: OTHER, workDiff1: Math.round(RATE * atS) }]
        return reading({ state: 'hashing', hashrateHs: HS, holders: ALL, uptimeS: 4000 + atS }, { byOwner })
      }),
    )
    expect(total(records, 'estimatedWorkDiff1') / (RATE * 100)).toBeCloseTo(1, 5)
    expect(total(records, 'workDiff1') / (RATE * 195)).toBeCloseTo(1, 5)
  })

  test('is booked when its counter is refused after it was left out for a while', () => {
    const records = run(
      every(5, 300, (atS) => {
        if (atS === 0) return seen(1e9, 4000)
        if (atS <= 100) return unseen(4000 + atS)
        return { ...unseen(4000 + atS), counters: { refused: ['work'] }, uncountedWork: true }
      }),
    )
    expect(paid(records) / (RATE * 300)).toBeCloseTo(1, 5)
  })
})

test('whatever answers are refused, and whenever machine and agent restart, no work is lost or paid twice (property)', () => {
  const poll = fc.record({
    refused: fc.boolean(),
    machineRestarts: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    agentRestarts: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  })
  fc.assert(
    fc.property(fc.array(poll, { minLength: 10, maxLength: 300 }), fc.boolean(), (polls, tellsUptime) => {
      let a = new DeviceAccumulator('rig1', 15_000)
      const records: Interval[] = []
      let work = 1e5 * RATE
      let startS = -1e5
      let truth = 0
      let restarts = 0
      const see = (atS: number, isRefused: boolean) => {
        const uptimeS = tellsUptime ? atS - startS : undefined
        const more = uptimeS === undefined ? { uptimeS: undefined as never } : {}
        a.observe(isRefused ? unseen(uptimeS ?? 0, more) : seen(Math.round(work), uptimeS ?? 0, more), {
          wallMs: T0 + atS * 1000,
          steadyMs: atS * 1000,
        })
        records.push(...a.close(T0 + atS * 1000))
      }
      see(0, false)
      for (const [i, { refused, machineRestarts, agentRestarts }] of polls.entries()) {
        const atS = (i + 1) * 5
        work += 5 * RATE
        truth += 5 * RATE
        if (machineRestarts) {
          work = 0
          startS = atS - 1
          restarts++
        }
        if (agentRestarts) a = new DeviceAccumulator('rig1', 15_000, JSON.parse(JSON.stringify(a.state)))
        see(atS, refused)
      }
      // the counter is used after some polls
      for (let i = 1; i <= 5; i++) {
        work += 5 * RATE
        truth += 5 * RATE
        see((polls.length + i) * 5, false)
      }
      records.push(...a.closeAll())
      // of a restart that no answer was refused at, the time since the last poll is not known
      expect(paid(records)).toBeLessThan(truth + 10 * RATE * restarts + polls.length)
      if (tellsUptime) expect(paid(records)).toBeGreaterThan(truth - 5 * RATE * restarts - polls.length)
    }),
  )
})
