import { Temporal } from 'temporal-polyfill'
import { MINUTE_MS } from '../../protocol/units.ts'

/** A range of time, Unix ms; the end is exclusive. */
export interface Period {
  startMs: number
  endMs: number
}

const PERIODS_KEPT = 64
const zoned = (ms: number, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)

/** Caches the last periods, because callers ask minute by minute and a calendar calculation is slow. */
function cached(periodOf: (ms: number) => Period): (ms: number) => Period {
  const recent: Period[] = []
  return (ms) => {
    const found = recent.find((p) => p.startMs <= ms && ms < p.endMs)
    if (found) return found
    const period = periodOf(ms)
    recent.push(period)
    if (recent.length > PERIODS_KEPT) recent.shift()
    return period
  }
}

/**
 * Returns the calendar month of a time zone that contains a time (Unix ms). A month has 28 to 31 days, and is an hour shorter or
 * longer where daylight saving changes.
 */
export type MonthOf = (ms: number) => Period
export const monthsOf = (timeZone: string): MonthOf =>
  cached((ms) => {
    const first = zoned(ms, timeZone).with({ day: 1 }).startOfDay()
    return {
      startMs: first.epochMilliseconds,
      endMs: first.add({ months: 1 }).startOfDay().epochMilliseconds,
    }
  })

/** Returns the calendar day of a time zone that contains a time (Unix ms): 23, 24 or 25 hours. */
export const daysOf = (timeZone: string): ((ms: number) => Period) =>
  cached((ms) => {
    const first = zoned(ms, timeZone).startOfDay()
    return {
      startMs: first.epochMilliseconds,
      endMs: first.add({ days: 1 }).startOfDay().epochMilliseconds,
    }
  })

/** The name of the month that contains a time (Unix ms), ISO 8601: `2026-11`. */
export const monthName = (ms: number, timeZone: string): string =>
  zoned(ms, timeZone).toPlainDate().toPlainYearMonth().toString()

/** The month with an ISO 8601 name such as `2026-11`. @throws RangeError if the name is not a month */
export function monthNamed(name: string, timeZone: string): Period {
  const first = Temporal.PlainYearMonth.from(name).toPlainDate({ day: 1 })
  const startMs = (date: Temporal.PlainDate) => date.toZonedDateTime(timeZone).epochMilliseconds
  return { startMs: startMs(first), endMs: startMs(first.add({ months: 1 })) }
}

/**
 * The share of one minute in an amount that covers a period. For minute k of n (from 0):
 *   round(total x (k + 1) / n) - round(total x k / n).
 * The result is a whole number, and the shares of all minutes add up to the total exactly.
 * @param total whole number, such as nano-USD
 */
export function minuteShare(total: number, minuteMs: number, { startMs, endMs }: Period): number {
  const minutes = Math.round((endMs - startMs) / MINUTE_MS)
  const k = Math.floor((minuteMs - startMs) / MINUTE_MS)
  return Math.round((total * (k + 1)) / minutes) - Math.round((total * k) / minutes)
}
