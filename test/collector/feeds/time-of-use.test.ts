import { afterEach, expect, test } from 'vitest'
import timeOfUse from '../../../collector/feeds/time-of-use.ts'
import { HOUR_MS } from '../../../protocol/units.ts'
import { FeedRig, T0 } from './feed-rig.ts'

const SUMMER_PEAK = {
  timeZone: 'America/Los_Angeles',
  rates: [
    {
      months: [6, 7, 8, 9],
      weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'],
      from: '16:00',
      to: '21:00',
      usdPerKwh: 0.31,
    },
  ],
  otherwise: 0.08,
}
const rig = new FeedRig()
afterEach(() => rig.stop())

test('says a week ahead what it will cost, never stale, and again every hour', async () => {
  await rig.start(timeOfUse, SUMMER_PEAK)
  const ahead = (rig.said[0] ?? []).filter((s) => (s.fromMs ?? 0) > T0)
  expect(ahead[0]).toEqual({ name: 'energyUsdPerKwh', value: 0.31, fromMs: Date.UTC(2026, 5, 15, 23) })
  // six working days, each with a begin and an end
  expect(ahead.length).toBe(12)
  expect(rig.waitsMs).toEqual([HOUR_MS])
  rig.nowMs += 24 * HOUR_MS
  await rig.again()
  expect(rig.said[1]?.at(-1)?.fromMs).toBeGreaterThan(ahead.at(-1)?.fromMs ?? Number.POSITIVE_INFINITY)
})

test.each([
  ['a time zone that is none', { timeZone: 'Texas' }, /IANA time zone/],
  [
    'a time of day that is none',
    { rates: [{ from: '25:00', usdPerKwh: 1 }] },
    /expected a time of day such as 14:00/,
  ],
  ['a time of day that YAML took for a number', { rates: [{ from: 840, usdPerKwh: 1 }] }, /expected string/],
  ['a rate of no time', { rates: [{ from: '08:00', to: '08:00', usdPerKwh: 1 }] }, /is the same as from/],
  ['no price for the rest', { otherwise: undefined }, /expected number/],
  ['a price a MWh', { otherwise: 45 }, /<=20/],
  ['a holiday that is no date', { holidays: ['Christmas'] }, /expected a date such as 2026-12-25/],
])('refuses %s', (_, settings, reason) => {
  const parsed = timeOfUse.settings.safeParse({ ...SUMMER_PEAK, ...settings })
  expect(parsed.error?.issues[0]?.message).toMatch(reason)
})
