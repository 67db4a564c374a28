import { expect, test } from 'vitest'
import { hoursAbove, priceHours } from '../../../../../collector/screens/web/economics/price-hours.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 2, 14, 18, 30)
const quotes = [
  { value: 0.02, fromMs: NOW - 20 * HOUR_MS },
  { value: 0.04, fromMs: NOW - HOUR_MS },
  { value: 0.09, fromMs: NOW + 2 * HOUR_MS },
  { value: -0.01, fromMs: NOW + 5 * HOUR_MS },
  { value: 0.5, fromMs: NOW + 30 * HOUR_MS },
]

test('the next day’s prices begin with the present price, and add up to 24 hours', () => {
  expect(priceHours(quotes, NOW)).toEqual([
    { usdPerKwh: 0.04, hours: 2 },
    { usdPerKwh: 0.09, hours: 3 },
    { usdPerKwh: -0.01, hours: 19 },
  ])
})

test('the hours above a price count those in which a block would be paused', () => {
  const prices = priceHours(quotes, NOW)
  expect([0.03, 0.04, 0.09, -0.02].map((price) => hoursAbove(prices, price))).toEqual([5, 3, 0, 24])
})

test('the last known price holds on', () => {
  expect(priceHours([{ value: 0.05, fromMs: 0 }], NOW)).toEqual([{ usdPerKwh: 0.05, hours: 24 }])
  expect(priceHours([], NOW)).toEqual([])
})
