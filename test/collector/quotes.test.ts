import { describe, expect, it } from 'vitest'
import { type Quote, QuoteBook } from '../../collector/quotes.ts'

const quote = (value: number, fromMs: number, source = 's'): Quote => ({
  name: 'btcUsd',
  value,
  unit: 'USD/BTC',
  source,
  fromMs,
})

describe('the quote book', () => {
  it('answers what held when, whatever the order in which it heard', () => {
    const book = new QuoteBook()
    for (const q of [quote(3, 300), quote(1, 100), quote(2, 200)]) book.add(q)
    expect([100, 199, 200, 250, 300, 9e9].map((ms) => book.at(ms).btcUsd?.value)).toEqual([1, 1, 2, 2, 3, 3])
  })

  it('uses the first price for what was before it', () => {
    const book = new QuoteBook()
    book.add(quote(5, 1000))
    expect(book.at(0).btcUsd?.value).toBe(5)
  })

  it('says when nothing is new: the same price again only renews its age', () => {
    const book = new QuoteBook()
    expect(book.add({ ...quote(5, 100), staleAfterMs: 150 })).toBe(true)
    expect(book.add({ ...quote(5, 200), staleAfterMs: 250 })).toBe(false)
    expect(book.at(200).btcUsd).toMatchObject({ fromMs: 100, staleAfterMs: 250 })
    expect(book.add(quote(6, 300))).toBe(true)
    expect(book.add(quote(5, 300))).toBe(true)
    expect(book.at(300).btcUsd?.value).toBe(5)
  })

  it('has no price of a name that nobody quoted', () => {
    expect(new QuoteBook().at(0)).toEqual({})
  })
})
