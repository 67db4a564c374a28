import { expect, test } from 'vitest'
import {
  clock,
  energy,
  hashrate,
  monthOf,
  percent,
  power,
  significant,
  span,
  stopwatch,
  UNKNOWN,
  zone,
} from '../../../../../collector/screens/web/parts/format.ts'

const said = ({ digits, unit }: { digits: string; unit: string }) => `${digits} ${unit}`

test.each([
  [0, '0 W'],
  [742.4, '742 W'],
  [999.9, '1,000 W'],
  [999.96, '1.00 kW'],
  [3_050, '3.05 kW'],
  [99_994, '99.99 kW'],
  [99_999, '100.0 kW'],
  [999_940, '999.9 kW'],
  [999_960, '1.00 MW'],
  [38_420_000, '38.42 MW'],
  [1_240_000_000, '1.24 GW'],
  [-4_200, '\u22124.20 kW'],
])('%d W reads %s', (watts, text) => {
  expect(said(power(watts))).toBe(text)
})

test.each([
  [0, '0.00 TH/s'],
  [9.4e11, '0.94 TH/s'],
  [2.34e14, '234 TH/s'],
  [2.268e17, '226.8 PH/s'],
  [5.81e18, '5.81 EH/s'],
  [1.2e21, '1.20 ZH/s'],
])('%d H/s reads %s', (rate, text) => {
  expect(said(hashrate(rate))).toBe(text)
})

test('an unknown number is a dash in every unit, never 0', () => {
  expect(power(undefined)).toEqual({ digits: UNKNOWN, unit: 'W' })
  expect(hashrate(undefined)).toEqual({ digits: UNKNOWN, unit: 'TH/s' })
  expect([percent(undefined), percent(Number.NaN), span(undefined)]).toEqual(
    Array.from({ length: 3 }, () => UNKNOWN),
  )
})

test('a time span is shown in the unit that fits, and as a clock in a banner', () => {
  expect([0.9, 59, 60, 3_599, 3_600, 11_400, 172_799, 172_800].map(span)).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '1 h 0 min',
    '3 h 10 min',
    '47 h 59 min',
    '2 d',
  ])
  expect([12.7, 61, 3_723].map(stopwatch)).toEqual(['00:12', '01:01', '1:02:03'])
})

test('times are the site’s, with its zone by name, on both sides of the change of clocks', () => {
  const winter = Date.UTC(2026, 0, 15, 6, 5, 9)
  const summer = Date.UTC(2026, 6, 15, 5, 5, 9)
  expect([clock(winter, 'America/Chicago', true), zone(winter, 'America/Chicago')]).toEqual([
    '00:05:09',
    'CST',
  ])
  expect([clock(summer, 'America/Chicago'), zone(summer, 'America/Chicago')]).toEqual(['00:05', 'CDT'])
})

test.each([
  [-0.000123456789, '\u22120.000123457'],
  [123_456_789, '123,457,000'],
  [4.2, '4.2'],
])('%d as part of a sum reads %s', (value, text) => {
  expect(significant(value)).toBe(text)
})

test('a month is the site’s, not that of UTC', () => {
  const start = Date.UTC(2026, 9, 31, 23)
  expect([monthOf(start, 'Europe/Berlin'), monthOf(start, 'UTC')]).toEqual(['2026-11', '2026-10'])
})

test('energy is shown in the largest unit that fits, and may be negative or small', () => {
  expect([said(energy(82_800_000_000)), said(energy(-3_600)), said(energy(undefined))]).toEqual([
    '23.00 MWh',
    '\u22121 Wh',
    `${UNKNOWN} Wh`,
  ])
})
