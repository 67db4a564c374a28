import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAYS, type Rate, type Tariff, tariffPrices } from '../../../collector/prices/tariff-schedule.ts'
import { HOUR_MS, MINUTE_MS } from '../../../protocol/units.ts'

const DAY_MS = 24 * HOUR_MS
const tariff = (timeZone: string, rates: Rate[], holidays: string[] = []): Tariff => ({
  timeZone,
  rates,
  otherwiseUsdPerKwh: 0.05,
  holidays: new Set(holidays),
})
const at = (hours: number, minutes = 0) => hours * 60 + minutes
const changes = (t: Tariff, from: string, days: number) => {
  const fromMs = Date.parse(from)
  return tariffPrices(t, fromMs, fromMs + days * DAY_MS).map((p) => [
    new Date(p.fromMs).toISOString().slice(5, 16),
    p.value,
  ])
}

/** The price by the clock that the system's own calendar shows, minute for minute: another way to the same. */
function byTheClock({ timeZone, rates, otherwiseUsdPerKwh, holidays }: Tariff) {
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  const fits = (rate: Rate, date: string) => {
    const utc = new Date(`${date}T00:00:00Z`)
    const day = holidays.has(date) ? 'holiday' : DAYS[(utc.getUTCDay() + 6) % 7]!
    return (
      (!rate.months || rate.months.includes(utc.getUTCMonth() + 1)) && (!rate.days || rate.days.includes(day))
    )
  }
  return (ms: number): number => {
    const part = Object.fromEntries(clock.formatToParts(ms).map((p) => [p.type, p.value]))
    const date = `${part['year']}-${part['month']}-${part['day']}`
    const before = new Date(Date.parse(`${date}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10)
    const minute = Number(part['hour']) * 60 + Number(part['minute'])
    const rate = rates.find(({ fromMinute: a, toMinute: b, ...r }) =>
      a < b
        ? minute >= a && minute < b && fits({ fromMinute: a, toMinute: b, ...r }, date)
        : (minute >= a && fits({ fromMinute: a, toMinute: b, ...r }, date)) ||
          (minute < b && fits({ fromMinute: a, toMinute: b, ...r }, before)),
    )
    return rate?.usdPerKwh ?? otherwiseUsdPerKwh
  }
}

describe('a time-of-use tariff', () => {
  it('changes at its hours on its days, and has its price of now first', () => {
    const peak = tariff('America/Chicago', [
      { days: ['mon', 'tue', 'wed', 'thu', 'fri'], fromMinute: at(14), toMinute: at(20), usdPerKwh: 0.12 },
    ])
    // a Thursday noon in Chicago, daylight time
    expect(changes(peak, '2026-06-18T17:00:00Z', 4)).toEqual([
      ['06-18T17:00', 0.05],
      ['06-18T19:00', 0.12],
      ['06-19T01:00', 0.05],
      ['06-19T19:00', 0.12],
      ['06-20T01:00', 0.05],
    ])
  })

  it('keeps to local time when daylight saving begins and ends', () => {
    const morning = tariff('America/New_York', [{ fromMinute: at(6), toMinute: at(9), usdPerKwh: 0.1 }])
    expect(changes(morning, '2026-03-07T05:00:00Z', 2).filter(([, usd]) => usd === 0.1)).toEqual([
      ['03-07T11:00', 0.1],
      ['03-08T10:00', 0.1],
    ])
    expect(changes(morning, '2026-10-31T04:00:00Z', 2).filter(([, usd]) => usd === 0.1)).toEqual([
      ['10-31T10:00', 0.1],
      ['11-01T11:00', 0.1],
    ])
  })

  it('has a price twice in the hour that the clock shows twice, and not in the one that it leaps over', () => {
    const small = tariff('America/New_York', [
      { fromMinute: at(1, 30), toMinute: at(2, 30), usdPerKwh: 0.02 },
    ])
    expect(changes(small, '2026-11-01T04:00:00Z', 1)).toEqual([
      ['11-01T04:00', 0.05],
      ['11-01T05:30', 0.02],
      ['11-01T06:00', 0.05],
      ['11-01T06:30', 0.02],
      ['11-01T07:30', 0.05],
    ])
    // from 01:30 the clock goes to 02:00, and on to 03:00
    expect(changes(small, '2026-03-08T05:00:00Z', 1)).toEqual([
      ['03-08T05:00', 0.05],
      ['03-08T06:30', 0.02],
      ['03-08T07:00', 0.05],
    ])
  })

  it('gives the small hours of a rate over midnight to the day before', () => {
    const night = tariff('UTC', [{ days: ['fri'], fromMinute: at(22), toMinute: at(6), usdPerKwh: 0.01 }])
    expect(changes(night, '2026-06-18T00:00:00Z', 5)).toEqual([
      ['06-18T00:00', 0.05],
      ['06-19T22:00', 0.01],
      ['06-20T06:00', 0.05],
    ])
  })

  it('takes a holiday for a holiday and not for its weekday', () => {
    const rates: Rate[] = [
      { days: ['holiday', 'sun'], fromMinute: 0, toMinute: 1440, usdPerKwh: 0.03 },
      { days: ['fri'], fromMinute: 0, toMinute: 1440, usdPerKwh: 0.2 },
    ]
    expect(changes(tariff('UTC', rates, ['2026-12-25']), '2026-12-25T00:00:00Z', 1)).toEqual([
      ['12-25T00:00', 0.03],
    ])
    expect(changes(tariff('UTC', rates), '2026-12-25T00:00:00Z', 1)).toEqual([['12-25T00:00', 0.2]])
  })

  it('knows seasons, a leap day and a year’s end', () => {
    const winter = tariff('UTC', [{ months: [1, 2], fromMinute: 0, toMinute: 1440, usdPerKwh: 0.09 }])
    expect(changes(winter, '2027-12-31T00:00:00Z', 70)).toEqual([
      ['12-31T00:00', 0.05],
      ['01-01T00:00', 0.09],
      ['03-01T00:00', 0.05],
    ])
    expect(changes(winter, '2028-02-28T12:00:00Z', 3)).toEqual([
      ['02-28T12:00', 0.09],
      ['03-01T00:00', 0.05],
    ])
  })

  it('agrees minute for minute with the system’s calendar, in any zone and through every leap of its clock', () => {
    const minute = fc.integer({ min: 0, max: 1439 })
    const rate = fc
      .record({
        months: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), {
          nil: undefined,
        }),
        days: fc.option(fc.uniqueArray(fc.constantFrom(...DAYS), { minLength: 1 }), { nil: undefined }),
        fromMinute: minute,
        toMinute: minute,
        usdPerKwh: fc.integer({ min: -5, max: 30 }).map((x) => x / 100),
      })
      .filter((r) => r.fromMinute !== r.toMinute)
    // half an hour of daylight saving, a midnight that does not exist, a zone of 45 minutes, two leaps in a week of 2026
    const leaps = [
      ['America/New_York', '2026-03-08'],
      ['America/New_York', '2026-11-01'],
      ['Australia/Lord_Howe', '2026-04-05'],
      ['Australia/Lord_Howe', '2026-10-04'],
      ['Asia/Beirut', '2026-03-29'],
      ['Pacific/Chatham', '2026-09-27'],
      ['America/St_Johns', '2026-11-01'],
      ['Asia/Kolkata', '2026-03-01'],
    ] as const
    fc.assert(
      fc.property(
        fc.array(rate, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...leaps),
        (rates, [zone, day]) => {
          const t = tariff(zone, rates, [day])
          const fromMs = Date.parse(`${day}T00:00:00Z`) - 14 * HOUR_MS
          const toMs = fromMs + 40 * HOUR_MS
          const prices = tariffPrices(t, fromMs, toMs)
          const expected = byTheClock(t)
          for (let ms = fromMs; ms < toMs; ms += 5 * MINUTE_MS)
            expect(prices.findLast((p) => p.fromMs <= ms)?.value).toBe(expected(ms))
          for (const { fromMs: change } of prices.slice(1)) {
            expect(expected(change)).not.toBe(expected(change - 1))
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
