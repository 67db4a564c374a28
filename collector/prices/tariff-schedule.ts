import { Temporal } from 'temporal-polyfill'
import type { TimedPrice } from './price-series.ts'

type KnownPrice = Required<Pick<TimedPrice, 'fromMs' | 'value'>>

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'holiday'] as const
export type Day = (typeof DAYS)[number]

/** A price for some hours of some days. */
export interface Rate {
  /** 1 to 12; all where absent */
  months?: readonly number[] | undefined
  /** all days where absent, holidays included */
  days?: readonly Day[] | undefined
  /** minutes of the day in local time; where the end is not after the begin, it is on the next day */
  fromMinute: number
  toMinute: number
  usdPerKwh: number
}

export interface Tariff {
  timeZone: string
  /** the first that matches counts */
  rates: readonly Rate[]
  otherwiseUsdPerKwh: number
  /** ISO dates; such a day counts as `holiday`, not as its weekday */
  holidays: ReadonlySet<string>
}

const DAY_MINUTES = 1440

/**
 * The price changes of a tariff in [fromMs, toMs); the first is the price that holds at `fromMs`. A tariff follows local time: a day
 * has 23 or 25 hours at a change of daylight saving time, and an hour that the clock repeats has its price twice.
 */
export function tariffPrices(tariff: Tariff, fromMs: number, toMs: number): KnownPrice[] {
  const times = [fromMs, ...boundaries(tariff, fromMs, toMs)]
  const prices: KnownPrice[] = []
  for (const ms of times) {
    const value = priceAt(tariff, ms)
    if (prices.at(-1)?.value !== value) prices.push({ fromMs: ms, value })
  }
  return prices
}

/** Every moment in (fromMs, toMs) at which the price may change, sorted. */
function boundaries({ timeZone, rates }: Tariff, fromMs: number, toMs: number): number[] {
  const minutes = new Set([0, ...rates.flatMap((r) => [r.fromMinute, r.toMinute % DAY_MINUTES])])
  const times = new Set<number>()
  const add = (ms: number) => ms > fromMs && ms < toMs && times.add(ms)
  const start = zoned(fromMs, timeZone)
  const last = zoned(toMs, timeZone).toPlainDate()
  for (let day = start.toPlainDate(); Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 1 }))
    for (const minute of minutes) {
      const time = new Temporal.PlainTime(Math.floor(minute / 60), minute % 60)
      for (const disambiguation of ['earlier', 'later'] as const)
        add(day.toPlainDateTime(time).toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds)
    }
  // a change of daylight saving time may jump into or out of a rate's hours
  for (
    let leap = start.getTimeZoneTransition('next');
    leap && leap.epochMilliseconds < toMs;
    leap = leap.getTimeZoneTransition('next')
  )
    add(leap.epochMilliseconds)
  return [...times].sort((a, b) => a - b)
}

function priceAt({ timeZone, rates, otherwiseUsdPerKwh, holidays }: Tariff, ms: number): number {
  const now = zoned(ms, timeZone)
  const minute = now.hour * 60 + now.minute
  const today = now.toPlainDate()
  const yesterday = today.subtract({ days: 1 })
  const isDayOf = ({ months, days }: Rate, date: Temporal.PlainDate) =>
    (!months || months.includes(date.month)) && (!days || days.includes(dayOf(date, holidays)))
  const rate = rates.find((r) => {
    if (r.fromMinute < r.toMinute) return minute >= r.fromMinute && minute < r.toMinute && isDayOf(r, today)
    // over midnight: the hours after it belong to the day before
    return (minute >= r.fromMinute && isDayOf(r, today)) || (minute < r.toMinute && isDayOf(r, yesterday))
  })
  return rate?.usdPerKwh ?? otherwiseUsdPerKwh
}

const dayOf = (date: Temporal.PlainDate, holidays: ReadonlySet<string>): Day =>
  holidays.has(date.toString()) ? 'holiday' : (DAYS[date.dayOfWeek - 1] as Day)

const zoned = (ms: number, timeZone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(timeZone)
