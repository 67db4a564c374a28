import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'

/** Also the names that Intl knows but does not list: it lists one name a zone, in Node 20 Asia/Calcutta and not Asia/Kolkata. */
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

/** Fewer digits than milliseconds have until the year 5138. */
const MOST_SECONDS = 1e11
const ZONED = /(Z|[+-]\d\d:?\d\d)$/i

/**
 * A time as tables have it: ISO 8601 with its zone, or without one as the clock of `timeZone` shows it; Unix seconds or
 * milliseconds. Undefined for anything else. @returns Unix ms
 * @param afterMs of the two hours that the clock shows alike in autumn, the second where the first is not after this
 */
export function readTime(text: string | number, timeZone: string, afterMs?: number): number | undefined {
  const number = typeof text === 'number' || /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
  if (number !== undefined) return number < MOST_SECONDS ? number * 1000 : number
  const iso = String(text).trim().replace(' ', 'T')
  try {
    if (ZONED.test(iso)) return Temporal.Instant.from(iso).epochMilliseconds
    const clock = Temporal.PlainDateTime.from(iso)
    const at = (disambiguation: 'earlier' | 'later') =>
      clock.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds
    return afterMs !== undefined && at('earlier') <= afterMs ? at('later') : at('earlier')
  } catch {
    return undefined
  }
}
