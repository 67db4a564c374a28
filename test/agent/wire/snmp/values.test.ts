import { describe, expect, test } from 'vitest'
import { quantityOf } from '../../../../agent/wire/loose-json/quantity.ts'
import { measured, scaledTo } from '../../../../agent/wire/snmp/values.ts'

describe('a number in text from outside', () => {
  test.each([
    ['3452', 3452, ''],
    [' 3452 W ', 3452, 'W'],
    ['12.5kW', 12.5, 'kW'],
    ['1,234,567 Wh', 1_234_567, 'Wh'],
    ['-979 W', -979, 'W'],
    ['1.5e3', 1500, ''],
    [230, 230, ''],
  ])('%j is read', (value, number, unit) => {
    expect(quantityOf(value)).toEqual({ number, unit })
  })

  test.each([
    '',
    ' ',
    '\t\n',
    '\0',
    'n/a',
    '--',
    '-',
    '.',
    '1.2.3',
    '0x10',
    '12,34',
    '12 of 20',
    Number.NaN,
    undefined,
    null,
    [],
    true,
  ])('%j is none, and never 0', (value) => {
    expect(quantityOf(value)).toBeUndefined()
  })
})

test('a blank text over SNMP is absent, not 0 W', () => {
  for (const blank of ['', ' ', '   ', '\r\n']) {
    expect(measured(blank)).toBeUndefined()
    expect(scaledTo(blank, 10, 'W')).toBeUndefined()
  }
})

test('a text that names its unit is taken by that unit, a number by its scale', () => {
  expect(scaledTo('3452 W', 1, 'W')).toBe(3452)
  expect(scaledTo('3.452 kW', 1, 'W')).toBeCloseTo(3452)
  expect(scaledTo('3.452 kW', 1000, 'W')).toBeCloseTo(3452)
  expect(scaledTo(345, 10, 'W')).toBe(3450)
  expect(scaledTo('12.5 kWh', 1, 'Wh', 3600)).toBe(12_500 * 3600)
  expect(scaledTo('12.5', 360_000, 'Wh', 3600)).toBe(4_500_000)
})

test('a text of another quantity is no power', () => {
  expect(scaledTo('15 A', 1, 'W')).toBeUndefined()
  expect(scaledTo('12 kWh', 1, 'W')).toBeUndefined()
})
