import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { medianPrice } from '../../../collector/prices/median-price.ts'

const of = (prices: Record<string, number>) =>
  medianPrice(
    Object.entries(prices).map(([exchange, price]) => ({ exchange, price })),
    0.02,
  )

describe('the median of exchanges', () => {
  it('is the middle one, and of two the mean', () => {
    expect(of({ a: 101, b: 100, c: 99 })).toEqual({ value: 100, detail: 'median of a, b, c' })
    expect(of({ a: 100, b: 102 })).toEqual({ value: 101, detail: 'median of a, b' })
  })

  it('is a single one that answers, and nothing of none', () => {
    expect(of({ b: 100 })).toEqual({ value: 100, detail: 'b' })
    expect(of({})).toBeUndefined()
  })

  it('drops one that is far off the others, and says so', () => {
    expect(of({ kraken: 100_000, coinbase: 100_100, bitstamp: 112_000 })).toEqual({
      value: 100_050,
      detail: 'median of kraken, coinbase; bitstamp 12 % off dropped',
    })
  })

  it('drops none where all are far from each other: the middle is then the best there is', () => {
    expect(of({ a: 80, b: 100, c: 120 })).toEqual({ value: 100, detail: 'median of a, b, c' })
  })

  it('drops none of two, whatever their distance', () => {
    expect(of({ a: 100, b: 150 })?.value).toBe(125)
  })

  it('is never moved by one liar among three beyond the two honest ones', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
        fc.integer({ min: 0, max: 2 }),
        (lie, at) => {
          const prices = [100, 101]
          prices.splice(at, 0, lie)
          const { value } = of(Object.fromEntries(prices.map((p, i) => [`x${i}`, p]))) ?? { value: 0 }
          expect(value).toBeGreaterThanOrEqual(100)
          expect(value).toBeLessThanOrEqual(101)
        },
      ),
    ))
})
