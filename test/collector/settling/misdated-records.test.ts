import { describe, expect, it } from 'vitest'
import { TakeIn } from '../../../collector/intake/take-in.ts'
import { isWrong } from '../../../collector/settling/misdated-time.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { HOUR_MS, MINUTE_MS, minuteOf } from '../../../protocol/units.ts'
import { interval } from '../stores/fixtures.ts'
import { DAY_MS, Site, T0 } from './clock-site.ts'

/** A computer with a collector and an agent of its own, which labels its records by the same clock. */
class Computer {
  #seq = 0
  readonly site: Site

  private constructor(site: Site) {
    this.site = site
  }

  /** @param before records that were stored before it was started */
  static async behind(offMs: number, before: readonly Interval[] = []): Promise<Computer> {
    const site = new Site(offMs)
    if (before.length > 0) await site.store.append('a', { epoch: 1, seq: 0 }, before)
    await site.start()
    site.beside.add('a')
    site.agents = { a: offMs }
    return new Computer(site)
  }

  /** Whole minutes go by, and each leaves a record. */
  async minutes(n: number, more: Partial<Interval> = {}): Promise<void> {
    for (let minute = 0; minute < n; minute++) {
      const { site } = this
      const labelMs = site.trueMs + site.offMs
      await site.run(60)
      const record = interval({
        startMs: labelMs,
        durationMs: 50_000,
        coveredMs: 50_000,
        energyMilliJ: 1_000,
        ...more,
      })
      await site.store.append('a', { epoch: 1, seq: ++this.#seq }, [record])
      site.rig.settler.note([record.startMs])
    }
  }

  /** The clock is set right, and an agent on another computer confirms it. */
  async setRight(): Promise<void> {
    this.site.offMs = 0
    this.site.agents = { a: 0, other: 0 }
    await this.site.run(5)
  }

  /** A person takes in what was put aside. */
  async takeIn(shiftMs: number) {
    const { store, rig } = this.site
    const takeIn = new TakeIn({
      store,
      flush: async () => {},
      markOf: (agentId) => rig.records.markOf(agentId),
      decide: (request) => rig.repricer.decide(request),
      alone: (work) => rig.records.alone(work),
      nowMs: () => rig.nowMs,
      retentionMs: 400 * DAY_MS,
      log: SILENT,
    })
    return takeIn.request({ by: 'Ann', reason: 'its clock', agents: ['a'], shiftMs })
  }

  async aside() {
    const held = await this.site.store.held({}, 1_000)
    return held.map(({ record, check, reason }) => ({
      minute: (minuteOf(record.startMs) - minuteOf(T0)) / MINUTE_MS,
      check,
      reason,
    }))
  }

  async counting(): Promise<number[]> {
    const found = await this.site.store.intervals(0, T0 + 1_000 * DAY_MS)
    return found.map(({ startMs }) => (minuteOf(startMs) - minuteOf(T0)) / MINUTE_MS).sort((a, b) => a - b)
  }
}

describe('records that were labelled and stored by a clock which no other confirmed', () => {
  it('are put aside with the shift that makes them right, where it was behind and is set right and confirmed', async () => {
    const computer = await Computer.behind(-8 * HOUR_MS)
    await computer.minutes(4)
    expect(await computer.aside()).toEqual([])
    await computer.setRight()
    const aside = await computer.aside()
    expect(aside.map(({ minute }) => minute + 480)).toEqual([0, 1, 2, 3])
    expect(aside[0]).toMatchObject({
      check: 'wrong-clock',
      reason: expect.stringMatching(/take-in --agent a --from 2026-11-30T13:\S+ --to \S+ --shift 28800,/),
    })
    await computer.minutes(2)
    expect(await computer.counting()).toEqual([4, 5])
    // the rent is that of the time which elapsed, and in none of the wrong minutes
    await computer.site.run(100)
    expect(computer.site.minutes.every((minute) => minute >= 0)).toBe(true)
    // the command of their reason
    await computer.takeIn(8 * HOUR_MS)
    expect(await computer.counting()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('are told apart from what stood in the same minutes before, such as after a boot with the clock of half an hour ago', async () => {
    const before = Array.from({ length: 31 }, (_, m) =>
      interval({ startMs: minuteOf(T0) - (31 - m) * MINUTE_MS, energyMilliJ: 7_000 }),
    )
    const computer = await Computer.behind(-30 * MINUTE_MS, before)
    // a second record of a minute begins some ms later
    await computer.minutes(3, { deviceId: 'second' })
    await computer.setRight()
    expect((await computer.aside()).map(({ minute }) => minute)).toEqual([-30, -29, -28])
    expect(await computer.counting()).toHaveLength(31)
  })

  it('are put aside where it was six minutes ahead, but none that came by the right clock into the same minutes', async () => {
    const computer = await Computer.behind(6 * MINUTE_MS)
    await computer.minutes(10)
    expect(await computer.counting()).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    const { site } = computer
    site.offMs = 0
    site.agents = { a: 0 }
    await site.run(2)
    await computer.minutes(5, { deviceId: 'right' })
    await computer.setRight()
    expect((await computer.aside()).map(({ minute }) => minute)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    expect((await computer.aside())[0]?.reason).toContain('was 360 s ahead')
    expect(await computer.counting()).toEqual([10, 11, 12, 13, 14])
  })

  it('stay where a wrong step is undone, and those of the wrong time between are put aside', async () => {
    const computer = await Computer.behind(0)
    await computer.minutes(4)
    const { site } = computer
    site.offMs = DAY_MS
    site.agents = { a: DAY_MS }
    await computer.minutes(2)
    await computer.setRight()
    expect(await computer.counting()).toEqual([0, 1, 2, 3])
    expect(await computer.aside()).toHaveLength(2)
  })

  it('count again where they were put aside by a step of four minutes that is undone later', async () => {
    const computer = await Computer.behind(0)
    await computer.minutes(4)
    const { site } = computer
    site.offMs = 4 * MINUTE_MS
    site.agents = { a: 4 * MINUTE_MS }
    // nothing contradicts it for two minutes
    await computer.minutes(5)
    expect((await computer.aside()).map(({ minute }) => minute)).toEqual([0, 1, 2, 3])
    await computer.setRight()
    expect(await computer.counting()).toEqual([0, 1, 2, 3])
    const open = await site.store.held({ state: 'open' }, 100)
    expect(open.map(({ record }) => (minuteOf(record.startMs) - minuteOf(T0)) / MINUTE_MS)).toEqual([
      8, 9, 10, 11, 12,
    ])
  })

  it('are told with the command that moves them back, where a person had moved them by a step that is undone later', async () => {
    const computer = await Computer.behind(0)
    await computer.minutes(4)
    const { site } = computer
    site.offMs = 20 * MINUTE_MS
    site.agents = { a: 20 * MINUTE_MS }
    await computer.minutes(5)
    const act = await computer.takeIn(20 * MINUTE_MS - 5_000)
    expect(site.lines.join()).not.toContain('take-back')
    await computer.setRight()
    expect(site.lines.join()).toContain(`4 records taken in with a shift`)
    expect(site.lines.join()).toContain(`perwatt-collector quarantine take-back ${act?.id}`)
  })

  it('are put aside with the backlog of hours that an agent kept while the collector was away', async () => {
    const stored = interval({ startMs: minuteOf(T0) - 30 * HOUR_MS })
    const computer = await Computer.behind(-8 * HOUR_MS, [stored])
    const { site } = computer
    // the computer, and the agent on it, run since five hours
    await site.again(undefined, { steadyLeapMs: 5 * HOUR_MS })
    await site.run(10)
    const backlog = [4, 3, 2].map((hours) =>
      interval({ startMs: minuteOf(T0) - 8 * HOUR_MS - hours * HOUR_MS }),
    )
    await site.store.append('a', { epoch: 1, seq: 3 }, backlog)
    await computer.minutes(2)
    await computer.setRight()
    expect((await computer.aside()).map(({ minute }) => minute / 60)).toEqual([
      -12,
      -11,
      -10,
      -8,
      expect.closeTo(-8 + 1 / 60),
    ])
    expect((await computer.aside())[0]?.reason).toMatch(/--from 2026-11-30T08:/)
    expect(await computer.counting()).toEqual([-30 * 60])
  })

  it('are put aside after a restart too, and two minutes later where no clock ever confirms the new time', async () => {
    const computer = await Computer.behind(-8 * HOUR_MS)
    await computer.minutes(4)
    const { site } = computer
    site.offMs = 0
    site.agents = { a: 0 }
    await site.again()
    await site.run(100)
    expect(await computer.aside()).toEqual([])
    await site.run(40)
    expect((await computer.aside()).map(({ minute }) => minute + 480)).toEqual([0, 1, 2, 3])
  })

  it('stay where the step is no more than the drift of a clock that ran for months', () => {
    const run = (days: number, byMs: number) => isWrong({ fromMs: T0, toMs: T0 + days * DAY_MS, byMs })
    expect([run(0, 121_000), run(90, -180_000), run(90, -HOUR_MS)]).toEqual([true, false, true])
    expect(run(0, 119_000)).toBe(false)
  })

  it('stay where the clock is confirmed as it is, and where an agent of another computer labelled them', async () => {
    const computer = await Computer.behind(0)
    await computer.minutes(2)
    await computer.setRight()
    computer.site.offMs = 8 * HOUR_MS
    await computer.site.run(200)
    computer.site.offMs = 0
    await computer.site.run(200)
    expect(await computer.aside()).toEqual([])
    expect(await computer.counting()).toEqual([0, 1])
  })
})
