import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClockRig, T0, trueMinutes } from './clock-rig.ts'

const DAY_MS = 86_400_000
const YEARS_MS = T0 - 60_000

describe('an agent whose clock is wrong', () => {
  let rig: ClockRig
  beforeEach(async () => {
    rig = await new ClockRig().start()
  })
  afterEach(() => rig.remove())
  /** Whole minutes that are over, each to the unit. */
  const expectTruth = (from: number, to: number) => {
    const found = [...rig.byMinute()]
      .filter(([minute]) => minute >= from && minute < to)
      .sort(([a], [b]) => a - b)
    expect(found).toEqual(trueMinutes(from, to))
    expect([...rig.byMinute().keys()].every((minute) => minute >= 0 && minute < 60)).toBe(true)
    expect(rig.twice).toEqual([])
    expect(rig.spool.state()).toMatchObject({ lost: 0 })
  }

  for (const [what, agentMs] of [
    ['an hour ahead, as by a wrong time zone', 3_600_000],
    ['a day ahead', DAY_MS],
    ['a day behind', -DAY_MS],
    ['500 days ahead', 500 * DAY_MS],
    ['500 days behind', -500 * DAY_MS],
    ['in 1970, without a battery', -YEARS_MS],
  ] as const)
    it(`holds its records while its clock is ${what}, and delivers each in its right minute once it is set`, async () => {
      await rig.remove()
      rig = new ClockRig()
      rig.agentMs = agentMs - 12_345
      await rig.start()
      await rig.run(2 * 60 + 7)
      expect(rig.delivered).toEqual([])
      expect(rig.spool.state().held).toBeGreaterThan(1)
      rig.agentMs = 0
      await rig.run(60)
      await rig.end()
      expect(rig.spool.state()).toMatchObject({ records: 0 })
      expectTruth(0, 3)
    })

  it('loses nothing at a step away and back, in either direction, in the middle of a minute', async () => {
    await rig.run(70)
    rig.agentMs = 500 * DAY_MS + 31_000
    await rig.run(100)
    rig.agentMs = -DAY_MS
    await rig.run(77)
    rig.agentMs = 0
    await rig.run(60)
    await rig.end()
    expectTruth(0, 5)
  })

  describe('and is slewed until it is right, without a step', () => {
    /** How far the first and the last record are from their time, ms. */
    const slewed = async (agentMs: number, hasMost: boolean) => {
      await rig.remove()
      rig = new ClockRig()
      rig.agentMs = agentMs
      rig.hasMost = hasMost
      await rig.start()
      await rig.run(600)
      expect(rig.delivered).toEqual([])
      rig.slewMsPerS = 50
      await rig.run(Math.abs(agentMs) / 50)
      await rig.end()
      expect(rig.spool.state()).toMatchObject({ records: 0, lost: 0 })
      expect(rig.twice).toEqual([])
      const sum = rig.delivered.reduce((mj, { energyMilliJ = 0 }) => mj + energyMilliJ, 0)
      expect(sum).toBe((rig.nowS - 5) * 1_000_000)
      return Math.min(...rig.delivered.map(({ startMs }) => startMs)) - T0
    }

    it.each([-300_000, 300_000])(
      'shifts what it held by the measured offset of each time, where most clocks call it wrong by %i ms',
      async (agentMs) => {
        expect(Math.abs(await slewed(agentMs, true))).toBeLessThanOrEqual(130_000)
      },
    )

    it('shifts nothing where no third clock says which of the two is wrong', async () => {
      expect(await slewed(-300_000, false)).toBe(-300_000)
    })

    it('shifts what it recorded while its clock drifted out of the tolerance and was slewed back', async () => {
      rig.hasMost = true
      await rig.run(120)
      // a crystal that runs fast, and no NTP
      while (rig.agentMs < 200_000) {
        rig.agentMs += 5_000 / 60
        await rig.run(1)
      }
      expect(rig.spool.state().held).toBeGreaterThan(10)
      const held = rig.nowS
      rig.slewMsPerS = 100
      await rig.run(2_200)
      await rig.end()
      expect(rig.spool.state()).toMatchObject({ records: 0, lost: 0 })
      // within the tolerance of the time that it was: what it did up to then stands no later than that
      const late = rig.delivered.filter(({ startMs }) => startMs - T0 > held * 1000 + 130_000)
      const done = late.reduce((mj, { energyMilliJ = 0 }) => mj + energyMilliJ, 0)
      expect(done).toBeLessThanOrEqual((rig.nowS - held) * 1_000_000)
      const sum = rig.delivered.reduce((mj, { energyMilliJ = 0 }) => mj + energyMilliJ, 0)
      expect(sum).toBe((rig.nowS - (rig.nowS % 5 || 5)) * 1_000_000)
    })
  })

  it('does not shift what it recorded while the collector’s clock was wrong, a day behind or ahead', async () => {
    for (const collectorMs of [-DAY_MS, DAY_MS]) {
      rig.collectorMs = collectorMs
      await rig.run(70)
      expect(rig.time.disagrees).toBe(true)
    }
    expect(rig.delivered).toEqual([])
    rig.collectorMs = 0
    await rig.run(50)
    await rig.end()
    expectTruth(0, 3)
  })

  it('gives what it recorded before it reached the collector its right time, over kills and steps of its clock', async () => {
    await rig.remove()
    rig = new ClockRig()
    rig.reachable = false
    rig.agentMs = -86_000
    await rig.start()
    await rig.run(100)
    await rig.kill()
    await rig.run(50)
    rig.agentMs = -10 * DAY_MS
    await rig.kill()
    await rig.run(100)
    rig.agentMs = 0
    await rig.run(50)
    rig.reachable = true
    await rig.run(10)
    await rig.end()
    expectTruth(0, 5)
  })

  it('puts what it recorded in 1970 before a boot at the end of that boot’s time, and keeps what was right', async () => {
    await rig.run(130)
    rig.reachable = false
    await rig.run(120)
    // off for a minute; the clock starts in 1970 and is set later
    await rig.reboot(60, -YEARS_MS)
    await rig.run(100)
    rig.agentMs = 0
    rig.reachable = true
    await rig.run(120)
    await rig.end()
    expectTruth(0, 4)
    const joules =
      [...rig.byMinute().values()].reduce((sum, { energyMilliJ }) => sum + energyMilliJ, 0) / 1000
    // from the first reading to the last one, whatever the computer did between them
    expect(joules).toBe(Math.floor((rig.nowS - 1) / 5) * 5 * 1000)
  })

  for (const [what, agentMs] of [
    ['31 days behind', -31 * DAY_MS],
    ['10 minutes ahead', 600_000],
  ] as const)
    it(`gives what it recorded while its clock was ${what}, and the collector told so, its right time though only a boot set it right`, async () => {
      await rig.remove()
      rig = new ClockRig()
      rig.agentMs = agentMs
      await rig.start()
      await rig.run(3 * 60 + 7)
      expect(rig.delivered).toEqual([])
      await rig.reboot(45, 0)
      await rig.run(130)
      await rig.end()
      expectTruth(0, 3)
    })

  it('gives what it recorded after a step away from the collector’s time its right time, though only a boot set it right', async () => {
    await rig.run(70)
    rig.reachable = false
    await rig.run(10)
    rig.agentMs = -31 * DAY_MS
    await rig.run(107)
    await rig.reboot(45, 0)
    rig.reachable = true
    await rig.run(130)
    await rig.end()
    expectTruth(0, 3)
  })

  it('does not shift over a boot what it recorded while the collector’s clock was wrong', async () => {
    await rig.run(70)
    rig.collectorMs = -DAY_MS
    await rig.run(130)
    expect(rig.time.disagrees).toBe(true)
    rig.collectorMs = 0
    await rig.reboot(45, 0)
    await rig.run(130)
    await rig.end()
    expectTruth(0, 3)
  })

  it('deletes nothing for its age while its clock may be wrong', async () => {
    rig.reachable = false
    await rig.run(180)
    const before = rig.spool.state().records
    rig.agentMs = 500 * DAY_MS
    await rig.run(130)
    expect(rig.spool.state()).toMatchObject({ lost: 0 })
    expect(rig.spool.state().records).toBeGreaterThan(before)
    rig.agentMs = 0
    rig.reachable = true
    await rig.run(60)
    await rig.end()
    expectTruth(0, 6)
  })
})

describe('an agent whose clock is ahead by less than the tolerance and is set right', () => {
  it('loses nothing, although the minutes that it sent come again', async () => {
    const rig = new ClockRig()
    rig.agentMs = 110_000
    await rig.start()
    try {
      await rig.run(155)
      rig.agentMs = 0
      await rig.run(205)
      await rig.end()
      const sent = [...rig.byMinute().values()]
      expect(sent.reduce((sum, { energyMilliJ }) => sum + energyMilliJ, 0)).toBe(355_000_000)
      expect(sent.reduce((sum, { workDiff1 }) => sum + workDiff1, 0)).toBe(355 * 60_000)
      expect(rig.twice).toEqual([])
    } finally {
      await rig.remove()
    }
  })
})

describe('an agent that shares a clock with the collector, which is ahead and is set right', () => {
  it('gives the open record its right time, and sends nothing of the future from then on', async () => {
    const rig = new ClockRig()
    rig.agentMs = rig.collectorMs = 30 * 3_600_000
    await rig.start()
    try {
      await rig.run(150)
      const before = rig.delivered.length
      rig.agentMs = rig.collectorMs = 0
      await rig.run(130)
      await rig.end()
      expect(before).toBe(2)
      const after = rig.delivered.slice(before)
      expect(after.map(({ startMs }) => startMs - T0)).toEqual([120_000, 145_000, 180_000, 240_000])
      expect(after.reduce((sum, { energyMilliJ = 0 }) => sum + energyMilliJ, 0)).toBe(155_000_000)
    } finally {
      await rig.remove()
    }
  })

  it('holds what it records while the collector’s clock is right already, and gives it its right time with the step', async () => {
    const rig = new ClockRig()
    rig.agentMs = rig.collectorMs = 6 * 60_000
    await rig.start()
    try {
      await rig.run(150)
      const before = rig.delivered.length
      rig.collectorMs = 0
      await rig.run(100)
      expect(rig.delivered).toHaveLength(before)
      rig.agentMs = 0
      await rig.run(60)
      await rig.end()
      const after = rig.delivered.slice(before)
      expect(Math.max(...after.map(({ startMs, durationMs }) => startMs + durationMs))).toBe(T0 + 305_000)
      expect(after.reduce((sum, { energyMilliJ = 0 }) => sum + energyMilliJ, 0)).toBe(185_000_000)
      expect(rig.twice).toEqual([])
    } finally {
      await rig.remove()
    }
  })
})

describe('whatever happens to the clocks', () => {
  it('each minute has what the machine did in it, and all of them together to the unit, once they agree', async () => {
    const step = fc.oneof(
      fc.constantFrom(0, DAY_MS, -DAY_MS, 500 * DAY_MS, -YEARS_MS),
      // odd ms, and two that differ do so by more than a second: less is slewing
      fc
        .integer({ min: -2_000, max: 2_000 })
        .filter((n) => Math.abs(n) >= 65)
        .map((n) => n * 2_000 + (n % 997)),
    )
    const event = fc.record({
      forS: fc.integer({ min: 1, max: 60 }),
      agentMs: step,
      what: fc.constantFrom('set', 'set', 'away', 'kill'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 2, maxLength: 5 }), async (events) => {
        const rig = new ClockRig()
        rig.agentMs = events[0]?.agentMs ?? 0
        await rig.start()
        try {
          for (const { forS, agentMs, what } of events) {
            if (what === 'set') rig.agentMs = agentMs
            if (what === 'away') rig.reachable = !rig.reachable
            if (what === 'kill') await rig.kill()
            await rig.run(forS)
          }
          rig.agentMs = 0
          rig.reachable = true
          const minutes = Math.floor((rig.nowS + 61) / 60)
          await rig.run(66)
          await rig.end()
          const found = [...rig.byMinute()].sort(([a], [b]) => a - b)
          expect(found.slice(0, minutes).map(([m]) => m)).toEqual(trueMinutes(0, minutes).map(([m]) => m))
          // two records never have one start, so a start may be some ms late: that much of a minute may lie in the next
          for (const [, { energyMilliJ }] of found.slice(0, minutes))
            expect(Math.abs(energyMilliJ - 60_000_000)).toBeLessThan(10_000)
          const allMilliJ = found.reduce((sum, [, { energyMilliJ }]) => sum + energyMilliJ, 0)
          expect(allMilliJ).toBe(Math.floor((rig.nowS - 1) / 5) * 5_000_000)
          expect(rig.twice).toEqual([])
          expect(rig.spool.state()).toMatchObject({ records: 0, lost: 0 })
        } finally {
          await rig.remove()
        }
      }),
      { numRuns: 15 },
    )
  })

  it('no start is used twice and every total is exact, whoever’s clock steps, at whatever moment, by little or much', async () => {
    // whole minutes and seconds, or odd ms; two that differ do so by more than a second, because less is slewing
    const wrong = (unitMs: number) =>
      fc
        .oneof(
          // within the tolerance: what is sent meanwhile keeps the time that it says
          fc.integer({ min: -59, max: 59 }),
          fc.constantFrom(30, -30, 60, -60, 180, -14_400, 54_000),
          fc.integer({ min: -350, max: 350 }),
        )
        .map((n) => n * unitMs)
    const events = fc.constantFrom(2_000, 2_001).chain((unitMs) =>
      fc.array(
        fc.record({
          forS: fc.integer({ min: 1, max: 150 }),
          ms: wrong(unitMs),
          who: fc.constantFrom('agent', 'agent', 'collector', 'both', 'both', 'kill', 'away'),
        }),
        { minLength: 2, maxLength: 8 },
      ),
    )
    await fc.assert(
      fc.asyncProperty(events, async (happening) => {
        const rig = await new ClockRig().start()
        rig.hasIntake = true
        let latestMs = T0
        try {
          for (const { forS, ms, who } of happening) {
            if (who === 'agent' || who === 'both') rig.agentMs = ms
            if (who === 'collector' || who === 'both') rig.collectorMs = ms
            if (who === 'away') rig.reachable = !rig.reachable
            if (who === 'kill') await rig.kill()
            await rig.run(forS)
            latestMs = Math.max(latestMs, T0 + rig.nowS * 1000 + rig.collectorMs)
          }
          rig.agentMs = rig.collectorMs = 0
          rig.reachable = true
          await rig.run(66)
          await rig.end()
          const allMs = Math.floor((rig.nowS - 1) / 5) * 5_000
          const minutes = [...rig.byMinute().values()]
          expect(minutes.reduce((sum, { energyMilliJ }) => sum + energyMilliJ, 0)).toBe(allMs * 1000)
          expect(minutes.reduce((sum, { workDiff1 }) => sum + workDiff1, 0)).toBe(allMs * 60)
          expect(rig.coveredMs).toBeLessThanOrEqual(allMs)
          // a record that begins some ms later than its minute, because another does, covers so much less
          expect(rig.coveredMs).toBeGreaterThan(allMs - 100)
          expect(rig.twice).toEqual([])
          // nothing waits for a time that comes later, and what was put aside is counted as that
          expect(rig.spool.state()).toMatchObject({ records: 0, lost: 0 })
          expect(rig.lost).toBe(0)
          const aside = new Set(rig.aside)
          const nowMs = T0 + rig.nowS * 1000 + 120_000
          const counting = rig.delivered.filter((r) => !aside.has(r) && r.startMs > nowMs)
          // what the collector counted while its own clock was ahead as well is put aside by it once that is set
          expect(counting.every(({ startMs }) => startMs <= latestMs + 120_000)).toBe(true)
        } finally {
          await rig.remove()
        }
      }),
      { numRuns: 25 },
    )
  })
})
