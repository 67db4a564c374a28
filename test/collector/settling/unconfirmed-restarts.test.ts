import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { minuteOf } from '../../../protocol/units.ts'
import { interval } from '../stores/fixtures.ts'
import { DAY_MS, Site, T0, upTo } from './clock-site.ts'

const HOUR_MS = 3_600_000

describe('a collector whose clock nothing confirms', () => {
  it('moves nothing where its clock is slewed by 500 ppm for four days, in one run and over a restart', async () => {
    const site = await new Site(0).start()
    site.slewRatio = 0.0005
    await site.run(600)
    // beyond the tolerance of two minutes in sum
    for (let hour = 0; hour < 96; hour++) {
      site.away(HOUR_MS)
      await site.run(1)
    }
    await site.again(43_200, { awayMs: 4 * DAY_MS })
    await site.run(200)
    expect(site.told).toBeUndefined()
    expect(site.minutes[0]).toBe(0)
    expect(site.store.rules.map(({ fromMs }) => Math.abs(fromMs - T0) < 1_000)).toEqual([true])
  })

  it('takes small steps that make its drift good for drift, and one beyond the tolerance for a clock that was set', async () => {
    const site = await new Site(0).start()
    await site.run(300)
    for (let day = 0; day < 10; day++) {
      site.offMs -= 20_000
      await site.run(30)
    }
    expect(site.told).toBeUndefined()
    site.offMs -= HOUR_MS
    await site.run(300)
    expect(site.told).toMatchObject({ byMs: -HOUR_MS })
  })

  it('moves nothing that a clock had confirmed where its virtual machine stood still and its clock is set afterwards', async () => {
    const site = await new Site(0).start()
    site.agents = { a: 0 }
    await site.run(300)
    site.agents = {}
    site.pause(5 * HOUR_MS)
    await site.run(200)
    site.offMs = 0
    await site.run(300)
    expect(site.told).toBeUndefined()
    expect(site.minutes).toEqual(upTo(site.minutes.length))
    expect(site.minutes.length).toBeGreaterThan(300)
  })

  describe('that leapt ahead with all of its agents, by one wrong NTP server', () => {
    const everybody = (site: Site, offMs: number) => {
      site.offMs = offMs
      site.agents = { a: offMs, b: offMs }
    }
    const leapt = async (offMs: number) => {
      const site = await new Site(0).start()
      everybody(site, 0)
      await site.run(600)
      everybody(site, offMs)
      await site.run(240)
      expect(site.minutes.length).toBeGreaterThan(offMs / 60_000)
      return site
    }

    it.each([10 * 60_000, 5 * HOUR_MS, 30 * HOUR_MS])(
      'keeps no rent of minutes that never were once that leap of %i ms is undone, and pays none twice',
      async (offMs) => {
        const site = await leapt(offMs)
        everybody(site, 0)
        await site.run(180)
        expect(site.minutes).toEqual(upTo(site.minutes.length))
        expect(Math.abs(site.minutes.length - 1020 / 60)).toBeLessThanOrEqual(1)
        expect(site.told).toMatchObject({ isAhead: true })
        await site.run(1_200)
        expect(site.minutes).toEqual(upTo(site.minutes.length))
        expect(Math.abs(site.minutes.length - 2220 / 60)).toBeLessThanOrEqual(1)
      },
    )

    it('puts aside what was recorded ahead, with the shift that makes it right, and nothing where no leap was undone', async () => {
      const site = await leapt(5 * HOUR_MS)
      const ahead = minuteOf(T0) + 5 * HOUR_MS + 11 * 60_000
      await site.store.append('a', { epoch: 1, seq: 2 }, [
        interval({ startMs: minuteOf(T0) + 60_000 }),
        interval({ startMs: ahead }),
      ])
      site.rig.settler.note([ahead])
      everybody(site, 0)
      await site.run(180)
      const held = await site.store.held({ state: 'open' }, 10)
      expect(held).toMatchObject([{ check: 'wrong-clock', record: { startMs: ahead } }])
      expect(held[0]?.reason).toMatch(/take-in --agent a .* --shift -18000$/)
      everybody(site, -900_000)
      await site.run(200)
      expect(await site.store.held({ state: 'open' }, 10)).toHaveLength(1)
    })

    it('nor where the collector was started again with the right time, with a contract of before', async () => {
      const site = await leapt(5 * HOUR_MS)
      await site.again(86_400)
      await site.run(200)
      everybody(site, 0)
      await site.again(86_400, { rebooted: true })
      await site.run(300)
      expect(site.minutes).toEqual(upTo(site.minutes.length))
      expect(Math.abs(site.minutes.length - 1340 / 60)).toBeLessThanOrEqual(1)
      // the contract that began by the wrong time holds from now on
      expect(site.store.rules.every(({ fromMs }) => fromMs <= site.trueMs)).toBe(true)
    })

    it('and settles again what a step back by mistake had taken back', async () => {
      const site = await new Site(0).start()
      everybody(site, 0)
      await site.run(1_200)
      const before = site.minutes
      everybody(site, -900_000)
      await site.run(200)
      expect(site.minutes.length).toBeLessThan(before.length)
      everybody(site, 0)
      await site.run(300)
      expect(site.minutes).toEqual(upTo(site.minutes.length))
      expect(Math.abs(site.minutes.length - 1700 / 60)).toBeLessThanOrEqual(1)
    })
  })

  it('takes a steady clock that begins again under the same start of the kernel for another one', async () => {
    const site = await new Site(0).start()
    await site.run(600)
    await site.again(43_200, { steadyLeapMs: -590_000 })
    await site.run(200)
    expect(site.told).toBeUndefined()
    expect(site.minutes).toEqual(upTo(site.minutes.length))
  })

  it('leaves no minute unsettled for ever, whatever its clocks did, once they are right and confirmed', async () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant('run' as const), s: fc.integer({ min: 20, max: 260 }) }),
      fc.record({
        what: fc.constant('set' as const),
        offMs: fc.oneof(fc.constant(0), fc.integer({ min: -3 * HOUR_MS, max: 3 * HOUR_MS })),
      }),
      fc.record({
        what: fc.constant('again' as const),
        rebooted: fc.boolean(),
        steadyLeapMs: fc.oneof(fc.constant(0), fc.integer({ min: -1_000_000, max: 1_000_000 })),
        awayMs: fc.integer({ min: 0, max: HOUR_MS }),
      }),
      fc.record({ what: fc.constant('pause' as const), ms: fc.integer({ min: 1_000, max: HOUR_MS }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
        const site = await new Site(0).start()
        for (const one of steps)
          if (one.what === 'run') await site.run(one.s)
          else if (one.what === 'set') site.offMs = one.offMs
          else if (one.what === 'again') await site.again(43_200, one)
          else site.pause(one.ms)
        site.offMs = 0
        site.agents = { a: 0, b: 0 }
        await site.run(200)
        const firstMs = Math.min(...site.store.rules.map(({ fromMs }) => fromMs))
        const begin = Math.round((minuteOf(firstMs) - minuteOf(T0)) / 60_000)
        const { minutes } = site
        expect(minutes).toEqual(upTo(minutes.length).map((minute) => begin + minute))
        const endMs = minuteOf(T0) + (begin + minutes.length) * 60_000
        expect(site.trueMs - endMs).toBeGreaterThanOrEqual(20_000)
        expect(site.trueMs - endMs).toBeLessThan(85_000)
      }),
      { numRuns: 40 },
    )
  })
})
