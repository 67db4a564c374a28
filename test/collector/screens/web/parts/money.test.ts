import { expect, test } from 'vitest'
import { UNKNOWN } from '../../../../../collector/screens/web/parts/format.ts'
import { moneyOf } from '../../../../../collector/screens/web/parts/money.ts'

const USD = moneyOf(undefined)

test.each([
  [0.0414, '41.40'],
  [0.09111, '91.11'],
  [0.9999, '999.90'],
  [0.999996, '1,000'],
  [2.214, '2,214'],
  [-0.0125, '\u221212.50'],
  [0, '0.00'],
])('%d USD/kWh reads %s USD/MWh', (price, text) => {
  expect(USD.perMwh(price)).toBe(text)
})

test.each([
  [0, '$0.00'],
  [-0.001, '$0.00'],
  [12.345, '$12.35'],
  [99.996, '$100'],
  [36_457.4, '$36,457'],
  [-219.2, '\u2212$219'],
])('%d USD reads %s', (value, text) => {
  expect(USD.text(value)).toBe(text)
})

test('small amounts can be shown in tenths of a cent', () => {
  expect(USD.text(-0.0712, 3)).toBe('\u2212$0.071')
})

test('an unknown amount is a dash, never 0', () => {
  expect([USD.text(undefined), USD.perMwh(null), USD.perMwh(undefined)]).toEqual([UNKNOWN, UNKNOWN, UNKNOWN])
})

test('a display currency is converted and named, with a symbol that no other currency has', () => {
  const euro = moneyOf({ code: 'EUR', perUsd: 0.5, stale: true })
  expect([euro.code, euro.stale, euro.text(-12.3), euro.perMwh(0.09)]).toEqual([
    'EUR',
    true,
    '\u2212€6.15',
    '45.00',
  ])
  expect(moneyOf({ code: 'CAD', perUsd: 1.4, stale: false }).text(1)).toBe('CA$1.40')
  expect(moneyOf({ code: 'CHF', perUsd: 0.8, stale: false }).text(1)).toMatch(/^CHF\s0\.80$/)
})

test('the amount of a single minute keeps its digits', () => {
  expect(USD.exact(-0.00001234567)).toBe('\u2212$0.0000123457')
})
