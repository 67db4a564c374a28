import { beforeEach, describe, expect, it } from 'vitest'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { interval } from '../stores/fixtures.ts'
import { DAY_MS, Site, T0, upTo } from './clock-site.ts'

describe('a fresh collector with a contract', () => {
  let site: Site
  /** Records come as the agent's numbers up to `seq`. */
  const stored = async (seq: number, record: Interval) => {
    await site.store.append('a', { epoch: 1, seq }, [record])
    site.rig.settler.note([record.startMs])
  }
  const begin = async (offMs: number) => {
    site = await new Site(offMs).start()
  }
  beforeEach(() => begin(0))

  it('begins at once where its kernel says that NTP keeps the clock, or agents agree', async () => {
    site.synchronised = true
    await site.run(90)
    expect(site.minutes).toEqual([0])
    await begin(0)
    site.agents = { a: 0 }
    await site.run(90)
    expect(site.minutes).toEqual([0])
    expect(site.store.keptByKind.get('unconfirmed-clock')?.get('settled') ?? '').toBe('')
  })

  it('settles nothing in its first two minutes where no clock agrees, and then from its start on', async () => {
    await site.run(119)
    expect([site.minutes, site.store.rules.length]).toEqual([[], 1])
    await site.run(181)
    expect(site.minutes).toEqual([0, 1, 2, 3])
  })

  it('books no rent for a month before it was installed where its clock is set right after 40 s', async () => {
    await begin(-30 * DAY_MS)
    await site.run(40)
    site.offMs = 0
    site.agents = { a: 0, b: 0 }
    await site.run(185)
    expect(site.minutes).toEqual([0, 1, 2])
    expect(site.told).toMatchObject({ byMs: 30 * DAY_MS })
  })

  it('settles nothing while agents contradict its clock from the first second, and all of that time once it is right', async () => {
    await begin(-30 * DAY_MS)
    site.agents = { a: 0, b: 0 }
    await site.run(400)
    expect(site.minutes).toEqual([])
    site.offMs = 0
    await site.run(120)
    expect(site.minutes).toEqual(upTo(8))
  })

  it('moves its rules and its rent with the clock where one a month behind is set after ten minutes', async () => {
    await begin(-30 * DAY_MS)
    // an agent beside it has the same clock, so it confirms nothing
    site.agents = { a: -30 * DAY_MS }
    site.beside.add('a')
    await site.run(600)
    const wrong = upTo(9).map((m) => m - 30 * 24 * 60)
    expect(site.minutes).toEqual(wrong)
    site.offMs = 0
    site.agents = { a: 0, b: 0 }
    await site.run(60)
    expect(site.minutes).toEqual(upTo(10))
    expect(site.store.rules.map(({ fromMs }) => Math.abs(fromMs - T0) < 3_000)).toEqual([true])
    expect(site.told).toMatchObject({ byMs: 30 * DAY_MS, fromMs: expect.any(Number) })
    const [audit] = await site.store.repricings()
    expect(audit).toMatchObject({ by: 'the collector', reason: expect.stringContaining('by 2592000 s') })
    expect(site.store.changed).toHaveLength(9)
    // what another clock has confirmed moves no more
    site.offMs = 5 * DAY_MS
    await site.run(30)
    site.offMs = 0
    await site.run(30)
    expect(site.minutes.slice(0, 11)).toEqual(upTo(11))
  })

  it('books rent from the begin on where its clock was 500 days ahead, by the rules of each time', async () => {
    await begin(500 * DAY_MS)
    await site.run(300)
    expect(Math.min(...site.minutes)).toBeGreaterThan(499 * 24 * 60)
    site.offMs = 0
    await site.run(130)
    expect(site.minutes).toEqual(upTo(7))
    await site.again(432_000)
    await site.run(240)
    const [low, high] = [43_200, 432_000].map((usd) => Math.round((usd / 30 / 24 / 60) * 1e9))
    const at = (minute: number) =>
      site.store.rows.find(
        (row) => row.minuteMs === Math.floor(T0 / MINUTE_MS) * MINUTE_MS + minute * MINUTE_MS,
      )
    expect([at(5), at(10)].map((row) => Math.round(row?.revenueNanoUsd ?? 0))).toEqual([low, high])
  })

  it('loses no rent where its clock is set right and it is started again, before it has settled anything', async () => {
    await begin(500 * DAY_MS)
    await site.run(90)
    site.offMs = 0
    await site.run(60)
    await site.again()
    await site.run(150)
    expect(site.minutes).toEqual(upTo(4))
  })

  it('gives back what a right clock had settled when a wrong step is undone, and loses nothing', async () => {
    await site.run(600)
    const before = site.minutes
    site.offMs = DAY_MS
    await site.run(240)
    expect(site.minutes.every((m) => m > 1400)).toBe(true)
    site.offMs = 0
    await site.run(180)
    expect(site.minutes.slice(0, before.length)).toEqual(before)
    expect(site.minutes).toEqual(upTo(site.minutes.length))
    expect(site.minutes.length).toBeGreaterThan(13)
  })

  it.each([0.3, 30, 300])(
    'books its rent once, for the time that really elapsed, where its clock is set forward by %s days and records of before stay',
    async (days) => {
      const behind = Math.round(days * DAY_MS)
      await begin(-behind)
      // the agent beside it labels its records by the same clock
      site.agents = { a: -behind }
      site.beside.add('a')
      await site.run(130)
      const startMs = Math.floor((T0 - behind) / MINUTE_MS) * MINUTE_MS
      for (const minute of [0, 1, 2, 3]) {
        const record = { startMs: startMs + minute * MINUTE_MS, durationMs: MINUTE_MS, coveredMs: MINUTE_MS }
        await stored(minute + 1, interval({ ...record, energyMilliJ: 1_000_000 }))
      }
      await site.run(170)
      expect(site.minutes.some((m) => m < 0)).toBe(true)
      site.offMs = 0
      site.agents = { b: 0 }
      site.beside.clear()
      await site.run(130)
      expect(site.minutes).toEqual(upTo(site.minutes.length))
      expect(Math.abs(site.minutes.length - 430 / 60)).toBeLessThanOrEqual(1)
      // the records stay where they are, and count
      const stay = site.store.rows.filter(
        ({ minuteMs, intervals }) => minuteMs < T0 - MINUTE_MS && intervals > 0,
      )
      expect(stay.length).toBeGreaterThan(0)
      // a late record there brings no rent back
      await stored(9, interval({ startMs, durationMs: 1_000, coveredMs: 1_000, deviceId: 'late' }))
      await site.run(130)
      expect(site.minutes.every((m) => m >= 0)).toBe(true)
    },
  )

  it('moves with a clock that was set while no collector ran', async () => {
    await begin(-30 * DAY_MS)
    await site.run(600)
    site.offMs = 0
    await site.again()
    site.agents = { a: 0, b: 0 }
    await site.run(60)
    expect(site.minutes).toEqual(upTo(10))
  })

  it('begins a second time where the computer was started again with another time, once a clock confirms that one', async () => {
    await begin(-30 * DAY_MS)
    await site.run(600)
    site.offMs = 0
    await site.again(43_200, { rebooted: true })
    site.agents = { a: 0, b: 0 }
    await site.run(120)
    expect(site.minutes).toEqual([10])
    expect(site.told).toMatchObject({ rulesFromMs: expect.any(Number) })
  })

  it('goes on after a reboot that takes an hour, and keeps all that it had settled', async () => {
    await site.run(600)
    await site.rig.stop()
    site.trueMs += 3_600_000
    await site.again(43_200, { rebooted: true })
    site.agents = { a: 0, b: 0 }
    await site.run(60)
    expect(site.minutes).toEqual(upTo(70))
    expect(site.told).toBeUndefined()
  })
})
