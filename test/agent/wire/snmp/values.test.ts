import { describe, expect, test } from 'vitest'
import { isAmbiguous, quantityOf } from '../../../../agent/wire/loose-json/quantity.ts'
import { ambiguity, lastDigitOf, measured, scaledTo } from '../../../../agent/wire/snmp/values.ts'

describe('a number in text from outside', () => {
  test.each([
    ['3452', 3452, ''],
    [' 3452 W ', 3452, 'W'],
    ['12.5kW', 12.5, 'kW'],
    ['1,234,567 Wh', 1_234_567, 'Wh'],
    ['1,234.5 W', 1234.5, 'W'],
    ['1,234,567.8', 1_234_567.8, ''],
    ['1.234.567 Wh', 1_234_567, 'Wh'],
    ['1.234,5 W', 1234.5, 'W'],
    ['3,45 kW', 3.45, 'kW'],
    ['0,452 kW', 0.452, 'kW'],
    ['-0,979 kW', -0.979, 'kW'],
    ['1234,567 kWh', 1234.567, 'kWh'],
    ['12,3456', 12.3456, ''],
    ['3452 Watts', 3452, 'Watts'],
    ['12.5 kilowatt-hours', 12.5, 'kilowatt-hours'],
    ['-979 W', -979, 'W'],
    ['1.5e3', 1500, ''],
    [230, 230, ''],
  ])('%j is read', (value, number, unit) => {
    expect(quantityOf(value)).toMatchObject({ number, unit })
    expect(isAmbiguous(value)).toBe(false)
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
    '1,2,3',
    '12,345,67',
    '1,234,56.7',
    '1.2,3.4',
    ',5',
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

describe('a number whose comma may stand before thousands or before decimals is absent, and told', () => {
  test.each(['3,452 kW', '3,452', '-12,500 W', '123,456 Wh'])('%s', (text) => {
    expect(quantityOf(text)).toBeUndefined()
    expect(scaledTo(text, 1, 'W')).toBeUndefined()
    expect(measured(text)).toBeUndefined()
    expect(ambiguity('power', text)).toBe(
      `its power of "${text}" is left out: the comma may stand before thousands or before decimals; set the device to write numbers without it`,
    )
  })
  test('no other text is', () => {
    for (const text of ['3,45 kW', '0,452', 'n/a', ' ', '3452', 3452, undefined])
      expect(ambiguity('power', text)).toBeUndefined()
  })
})

test.each<[string, 'W' | 'Wh', number | undefined]>([
  ['3452 Watts', 'W', 3452],
  ['3452 watt', 'W', 3452],
  ['3,45 kW', 'W', 3450],
  ['3.45 KW', 'W', 3450],
  ['3.45 kw', 'W', 3450],
  ['3.45 kilowatts', 'W', 3450],
  ['1.5 MW', 'W', 1_500_000],
  ['1.5 Megawatts', 'W', 1_500_000],
  ['12 kWh', 'Wh', 12_000],
  ['12 kwh', 'Wh', 12_000],
  ['12 kW-h', 'Wh', 12_000],
  ['12 kilowatt-hours', 'Wh', 12_000],
  ['12 Watt hours', 'Wh', 12],
  // a thousandth or a million: nobody can say
  ['1500 mW', 'W', undefined],
  ['12 Watts', 'Wh', undefined],
  ['12 kVA', 'W', undefined],
  ['12 var', 'W', undefined],
])('%s in %s', (text, unit, value) => {
  const read = scaledTo(text, 1, unit)
  if (value === undefined) expect(read).toBeUndefined()
  else expect(read).toBeCloseTo(value)
})

test('the last digit of a power is known behind a point and behind a comma', () => {
  expect(lastDigitOf('3.45 kW', 1)).toBeCloseTo(10)
  expect(lastDigitOf('3,4 kW', 1)).toBeCloseTo(100)
  expect(lastDigitOf('1,234.5 W', 1)).toBeCloseTo(0.1)
  expect(lastDigitOf(345, 10)).toBe(10)
})
