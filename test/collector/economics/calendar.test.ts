import { describe, expect, it } from 'vitest'
import { daysOf, monthName, monthNamed } from '../../../collector/economics/calendar.ts'

const hours = ({ startMs, endMs }: { startMs: number; endMs: number }) => (endMs - startMs) / 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()

describe('the calendar of a time zone', () => {
  it.each([
    ['2026-11', 'America/Chicago', '2026-11-01T05:00:00.000Z', 30 * 24 + 1],
    ['2026-03', 'America/Chicago', '2026-03-01T06:00:00.000Z', 31 * 24 - 1],
    ['2028-02', 'UTC', '2028-02-01T00:00:00.000Z', 29 * 24],
    ['2027-02', 'Asia/Kathmandu', '2027-01-31T18:15:00.000Z', 28 * 24],
    ['2026-12', 'Pacific/Auckland', '2026-11-30T11:00:00.000Z', 31 * 24],
  ])('knows when %s begins in %s, and how long it is', (name, zone, start, length) => {
    const month = monthNamed(name, zone)
    expect([iso(month.startMs), hours(month)]).toEqual([start, length])
    expect([monthName(month.startMs, zone), monthName(month.endMs - 1, zone)]).toEqual([name, name])
    expect(monthName(month.endMs, zone)).not.toBe(name)
  })

  it('has days of 23, 24 and 25 hours', () => {
    const dayOf = daysOf('America/Chicago')
    expect(hours(dayOf(Date.parse('2026-03-08T18:00:00Z')))).toBe(23)
    expect(hours(dayOf(Date.parse('2026-03-09T18:00:00Z')))).toBe(24)
    const longest = dayOf(Date.parse('2026-11-01T18:00:00Z'))
    expect([iso(longest.startMs), hours(longest)]).toEqual(['2026-11-01T05:00:00.000Z', 25])
  })

  it('refuses what names no month', () => {
    expect(() => monthNamed('2026-13', 'UTC')).toThrow(RangeError)
  })
})
