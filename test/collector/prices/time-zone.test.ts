import { describe, expect, test } from 'vitest'
import { daysOf, monthsOf } from '../../../collector/economics/calendar.ts'
import { TimeZoneSchema } from '../../../collector/prices/time-zone.ts'

const iso = (ms: number) => new Date(ms).toISOString()

describe('a time zone', () => {
  test.each([
    'America/Chicago',
    'America/Indiana/Indianapolis',
    'Asia/Kolkata',
    'Asia/Calcutta',
    'Europe/Kyiv',
    'Australia/Lord_Howe',
    'UTC',
  ])('may be %s, by its new name and its old one', (zone) => {
    expect(TimeZoneSchema.parse(zone)).toBe(zone)
  })

  test.each(['Chicago', 'Mars/Olympus', '+05:30', ''])('may not be "%s"', (zone) => {
    expect(TimeZoneSchema.safeParse(zone).error?.issues[0]?.message).toContain('America/Chicago')
  })

  test('of half an hour begins its months at half past', () => {
    const { startMs, endMs } = monthsOf('Asia/Kolkata')(Date.parse('2026-11-22T00:00:00Z'))
    expect([iso(startMs), iso(endMs)]).toEqual(['2026-10-31T18:30:00.000Z', '2026-11-30T18:30:00.000Z'])
  })

  test('that turns its clock by half an hour has a day of 23.5 hours, and one of 24.5', () => {
    const hours = (noon: string) => {
      const { startMs, endMs } = daysOf('Australia/Lord_Howe')(Date.parse(noon))
      return (endMs - startMs) / 3_600_000
    }
    expect(['2026-10-04T01:00:00Z', '2026-04-05T01:00:00Z', '2026-06-01T01:00:00Z'].map(hours)).toEqual([
      23.5, 24.5, 24,
    ])
  })
})
