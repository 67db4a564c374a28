import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'

/** Asks Intl instead of its list: Intl lists one name for each zone (in Node 20 Asia/Calcutta), but accepts the others (Asia/Kolkata). */
function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return /^[A-Za-z]/.test(zone)
  } catch {
    return false
  }
}

export const TimeZoneSchema = z
  .string()
  .refine(isTimeZone, 'expected an IANA time zone such as America/Chicago')

/** A smaller number is Unix seconds (until the year 5138), a larger one milliseconds. */
const MOST_SECONDS = 1e11
const ZONED = /(Z|[+-]\d\d:?\d\d)$/i

/**
 * Reads a time from a table: ISO 8601 with a zone, or without one in local time of `timeZone`; Unix seconds or milliseconds.
 * @param afterMs decides within the hour that the clock repeats in autumn: the second one where the first is not after this
 * @returns Unix ms; undefined where it is no time
 */
export function readTime(text: string | number, timeZone: string, afterMs?: number): number | undefined {
  const number = typeof text === 'number' || /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
  if (number !== undefined) return number < MOST_SECONDS ? number * 1000 : number
  const iso = String(text).trim().replace(' ', 'T')
  try {
    if (ZONED.test(iso)) return Temporal.Instant.from(iso).epochMilliseconds
    return localMs(Temporal.PlainDateTime.from(iso), timeZone, { afterMs })
  } catch {
    return undefined
  }
}

/**
 * A local time as Unix ms. The hour that the clock repeats in autumn is its second one where `second` says so, or where the first is
 * not after `afterMs`.
 */
export function localMs(
  clock: Temporal.PlainDateTime,
  timeZone: string,
  { afterMs, second }: { afterMs?: number | undefined; second?: boolean | undefined },
): number {
  const at = (disambiguation: 'earlier' | 'later') =>
    clock.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds
  const isSecond = second ?? (afterMs !== undefined && at('earlier') <= afterMs)
  return isSecond ? at('later') : at('earlier')
}
