import { Temporal } from 'temporal-polyfill'
import { MINUTE_MS } from '../../protocol/units.ts'

/** A stretch of time, Unix ms; the end is exclusive. */
export interface Period {
  startMs: number
  endMs: number
}

const PERIODS_KEPT = 64
const zoned = (ms: number, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)

/** Answers in which stretch of the calendar a moment is, and remembers the last ones: they are asked for minute by minute. */
function periods(stretchOf: (ms: number) => Period): (ms: number) => Period {
  const known: Period[] = []
  return (ms) => {
    const found = known.find((p) => p.startMs <= ms && ms < p.endMs)
    if (found) return found
    const period = stretchOf(ms)
    known.push(period)
    if (known.length > PERIODS_KEPT) known.shift()
    return period
  }
}

/** Answers in which month of a time zone a moment is: 28 to 31 days, an hour less or more where daylight saving changes. */
export type MonthOf = (ms: number) => Period
export const monthsOf = (timeZone: string): MonthOf =>
  periods((ms) => {
    const first = zoned(ms, timeZone).with({ day: 1 }).startOfDay()
    return {
      startMs: first.epochMilliseconds,
      endMs: first.add({ months: 1 }).startOfDay().epochMilliseconds,
    }
  })

/** The same of days: 24 hours, or one less or more. */
export const daysOf = (timeZone: string): ((ms: number) => Period) =>
  periods((ms) => {
    const first = zoned(ms, timeZone).startOfDay()
    return {
      startMs: first.epochMilliseconds,
      endMs: first.add({ days: 1 }).startOfDay().epochMilliseconds,
    }
  })

/** The month of a time zone in which a moment is, as people write it: `2026-11`. */
export const monthName = (ms: number, timeZone: string): string =>
  zoned(ms, timeZone).toPlainDate().toPlainYearMonth().toString()

/** The month of such a name. @throws RangeError where it names none */
export function monthNamed(name: string, timeZone: string): Period {
  const first = Temporal.PlainYearMonth.from(name).toPlainDate({ day: 1 })
  const startMs = (date: Temporal.PlainDate) => date.toZonedDateTime(timeZone).epochMilliseconds
  return { startMs: startMs(first), endMs: startMs(first.add({ months: 1 })) }
}

/**
 * One minute's part of a month's amount, a whole number: round(total x (k + 1) / n) - round(total x k / n) of the k-th of n
 * minutes, so that the minutes of a month add up to its total exactly.
 */
export function minutesPart(total: number, minuteMs: number, { startMs, endMs }: Period): number {
  const minutes = Math.round((endMs - startMs) / MINUTE_MS)
  const k = Math.floor((minuteMs - startMs) / MINUTE_MS)
  return Math.round((total * (k + 1)) / minutes) - Math.round((total * k) / minutes)
}
