import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { localMs, readTime } from './time-zone.ts'

/** Parts of a time format, each with the digits that stand there. */
const PARTS = {
  YYYY: '\\d{4}',
  MM: '\\d{1,2}',
  DD: '\\d{1,2}',
  HH: '\\d{1,2}',
  mm: '\\d{2}',
  ss: '\\d{2}',
} as const
const PART = /YYYY|MM|DD|HH|mm|ss/g

/** A format such as `DD.MM.YYYY HH:mm`. */
export const TimeFormatSchema = z
  .string()
  .refine((format) => /YYYY/.test(format) && /MM/.test(format) && /DD/.test(format), {
    error: 'expected a format of YYYY, MM, DD, HH, mm and ss, such as DD.MM.YYYY HH:mm',
  })

/** How a table says when a price begins. */
export interface TableTime {
  /** absent: ISO 8601, or Unix s or ms */
  timeFormat?: string | undefined
  timeZone: string
}

/** What else a row holds about its time. */
export interface RowTime {
  /** hour of the day that ends the interval, 1 to 24, as US market operators number them: `01:00`, `24:00`, `HE7` */
  hourEnding?: string | undefined
  /** whether it is the second of the hour that the clock repeats in autumn */
  second?: boolean | undefined
  /** begin of the row before, Unix ms: decides that hour where `second` is unknown */
  afterMs?: number | undefined
}

/**
 * Begin of a row's interval, Unix ms; undefined where the text is no time in this format. Of an interval `begin - end` the begin
 * counts (ENTSO-E).
 */
export function readTableTime(text: string, table: TableTime, row: RowTime): number | undefined {
  const { timeFormat, timeZone } = table
  if (timeFormat === undefined && row.hourEnding === undefined) return readTime(text, timeZone, row.afterMs)
  try {
    const clock =
      timeFormat === undefined ? Temporal.PlainDateTime.from(text.trim()) : clockOf(text, timeFormat)
    const begin = clock && withHour(clock, row.hourEnding)
    return begin && localMs(begin, timeZone, row)
  } catch {
    return undefined
  }
}

/**
 * End of a row's interval `begin - end`, Unix ms; undefined where the text has no end in this format.
 * @param beginMs decides the hour that the clock repeats in autumn
 */
export function readTableEnd(
  text: string,
  { timeFormat, timeZone }: TableTime,
  beginMs: number,
): number | undefined {
  const end = timeFormat === undefined ? undefined : (found(text, timeFormat)?.groups?.['end'] ?? undefined)
  if (end === undefined) return undefined
  return readTableTime(end, { timeFormat, timeZone }, { afterMs: beginMs })
}

const found = (text: string, format: string): RegExpExecArray | null => {
  const source = format
    .split(/(YYYY|MM|DD|HH|mm|ss)/)
    .map((piece) =>
      piece in PARTS
        ? `(${PARTS[piece as keyof typeof PARTS]})`
        : piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('')
  return new RegExp(`^\\s*${source}\\s*(?:-(?<end>.*))?$`).exec(text)
}

function clockOf(text: string, format: string): Temporal.PlainDateTime | undefined {
  const names = format.match(PART) ?? []
  const parts = found(text, format)
  if (!parts) return undefined
  const part = Object.fromEntries(names.map((name, i) => [name, Number(parts[i + 1])]))
  const { YYYY: year = 0, MM: month = 0, DD: day = 0, HH: hour = 0, mm: minute = 0, ss: second = 0 } = part
  const midnight = Temporal.PlainDateTime.from({ year, month, day }, { overflow: 'reject' })
  return hour > 24 || minute > 59 || second > 59
    ? undefined
    : midnight.add({ hours: hour, minutes: minute, seconds: second })
}

/** The begin of the hour that ends at this hour of the day. */
function withHour(
  clock: Temporal.PlainDateTime,
  hourEnding: string | undefined,
): Temporal.PlainDateTime | undefined {
  if (hourEnding === undefined) return clock
  const hour = Number(/^\s*(?:HE\s*)?(\d{1,2})(?::00)?\s*$/i.exec(hourEnding)?.[1])
  if (!(hour >= 1 && hour <= 24)) return undefined
  return clock.with({ hour: 0, minute: 0, second: 0 }).add({ hours: hour - 1 })
}
