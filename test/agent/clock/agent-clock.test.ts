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
})
