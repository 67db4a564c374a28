import { expect, test } from 'vitest'
import { displayCurrency } from '../../../collector/prices/display-currency.ts'
import { QuoteBook } from '../../../collector/prices/quote-book.ts'

const book = new QuoteBook()
book.add({ name: 'fx.EUR', value: 0.92, unit: 'EUR/USD', source: 'a', fromMs: 0, staleAfterMs: 100 })

test('screens show another currency by its quote, and say when that is stale', () => {
  expect(displayCurrency('EUR', book.at(100), 100)).toEqual({
    displayCurrency: { code: 'EUR', perUsd: 0.92, stale: false },
  })
  expect(displayCurrency('EUR', book.at(101), 101)).toMatchObject({ displayCurrency: { stale: true } })
})

test('screens show USD where that is asked for, or where nobody quotes the other one', () => {
  expect([displayCurrency('USD', book.at(0), 0), displayCurrency('SEK', book.at(0), 0)]).toEqual([{}, {}])
})
