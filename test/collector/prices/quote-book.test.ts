import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QuoteBook } from '../../../collector/prices/quote-book.ts'
import { isStale, type Quote, QuoteNameSchema } from '../../../protocol/quote.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'

const quote = (value: number, fromMs: number, more: Partial<Quote> = {}): Quote => ({
  name: 'btcUsd',
  value,
  unit: 'USD/BTC',
  source: 's',
  fromMs,
  ...more,
})
const energy = (value: number, fromMs: number): Quote =>
  quote(value, fromMs, { name: 'energyUsdPerKwh', unit: 'USD/kWh', source: 'tariff' })
const bookOf = (...quotes: Quote[]) => {
  const book = new QuoteBook()
  for (const q of quotes) book.add(q)
  return book
}

describe('the quote book', () => {
  it('answers what held when, whatever the order in which it heard', () => {
    const book = bookOf(quote(3, 300), quote(1, 100), quote(2, 200))
    expect([100, 199, 200, 250, 300, 9e9].map((ms) => book.at(ms).btcUsd?.value)).toEqual([1, 1, 2, 2, 3, 3])
  })

  it('finds among any number of quotes the newest that is not later', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { minLength: 1 }),
        fc.nat(500),
        (times, ms) => {
          const book = bookOf(...times.map((t) => quote(t, t)))
          const before = times.filter((t) => t <= ms)
          expect(book.at(ms).btcUsd?.value).toBe(before.length > 0 ? Math.max(...before) : undefined)
        },
      ),
    ))

  it('has no price before the first, but for the rest of the minute in which that begins', () => {
    const book = bookOf(quote(5, 90_000))
    expect(book.at(89_999)).toEqual({})
    expect(book.over(0, MINUTE_MS)).toEqual({})
    expect(book.over(MINUTE_MS, 2 * MINUTE_MS).btcUsd?.value).toBe(5)
  })

  it('says when nothing is new: the same price again only renews its age', () => {
    const book = new QuoteBook()
    expect(book.add({ ...quote(5, 100), staleAfterMs: 150 })).toBe(true)
    expect(book.add({ ...quote(5, 140), staleAfterMs: 250 })).toBe(false)
    expect(book.at(200).btcUsd).toMatchObject({ fromMs: 100, staleAfterMs: 250 })
    expect(book.add(quote(6, 300))).toBe(true)
    expect(book.add(quote(5, 300))).toBe(true)
    expect(book.at(300).btcUsd?.value).toBe(5)
  })

  it('keeps the time stale in which the same price was not heard', () => {
    const book = bookOf(quote(5, 100, { staleAfterMs: 150 }))
    expect(book.add(quote(5, 200, { staleAfterMs: 250 }))).toBe(true)
    expect(book.plan('btcUsd', 300, [quote(5, 300, { staleAfterMs: 350 })])).toEqual([
      quote(5, 300, { staleAfterMs: 350 }),
    ])
    const stale = (ms: number) => {
      const held = book.at(ms).btcUsd
      return held && isStale(held, ms)
    }
    expect([150, 151, 199, 200, 250, 251, 300, 350].map(stale)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
      false,
      false,
    ])
  })

  it('has no price of a name that nobody quoted', () => {
    expect(new QuoteBook().at(0)).toEqual({})
  })

  it('lists what holds anywhere in a time', () => {
    const book = bookOf(quote(1, 100), quote(2, 200), quote(3, 300))
    const values = (fromMs: number, toMs: number) => book.between('btcUsd', fromMs, toMs).map((q) => q.value)
    expect(values(150, 300)).toEqual([1, 2])
    expect(values(200, 301)).toEqual([2, 3])
    expect(values(0, 50)).toEqual([])
    expect(values(999, 1000)).toEqual([3])
  })
})

describe('a plan ahead', () => {
  it('holds when its time comes, and is stored once', () => {
    const book = bookOf(quote(1, 100))
    const plan = [quote(1, 500), quote(2, 600), quote(3, 700)]
    expect(book.plan('btcUsd', 500, plan)).toEqual([plan[1], plan[2]])
    expect(book.plan('btcUsd', 510, plan)).toEqual([])
    expect([500, 599, 600, 700].map((ms) => book.at(ms).btcUsd?.value)).toEqual([1, 1, 2, 3])
  })

  it('begins now where it says something new, and leaves the past alone', () => {
    const book = bookOf(quote(1, 100))
    expect(book.plan('btcUsd', 500, [quote(2, 400)])).toEqual([quote(2, 500)])
    expect([100, 499, 500].map((ms) => book.at(ms).btcUsd?.value)).toEqual([1, 1, 2])
  })

  it('that is given up is overwritten under its own time, so that no store brings it back', () => {
    const book = bookOf(quote(1, 100), quote(2, 600), quote(3, 700))
    expect(book.plan('btcUsd', 500, [quote(1, 500), quote(3, 650)])).toEqual([quote(3, 650), quote(1, 600)])
    expect([600, 650, 700].map((ms) => book.at(ms).btcUsd?.value)).toEqual([1, 3, 3])
    const restored = bookOf(...book.between('btcUsd', 0, 9e9))
    expect([600, 650, 700].map((ms) => restored.at(ms).btcUsd?.value)).toEqual([1, 3, 3])
    // nobody plans anything any more
    expect(book.plan('btcUsd', 610, [])).toEqual([quote(1, 650), quote(1, 700)])
    expect(book.at(9e9).btcUsd?.value).toBe(1)
  })

  it('renews the age of what goes on, and stores an age that changes ahead', () => {
    const book = bookOf(quote(1, 100, { staleAfterMs: 200 }))
    expect(book.plan('btcUsd', 150, [quote(1, 150, { staleAfterMs: 300 })])).toEqual([])
    expect(book.at(150).btcUsd).toMatchObject({ fromMs: 100, staleAfterMs: 300 })
    const last = quote(2, 400, { staleAfterMs: 500 })
    book.plan('btcUsd', 150, [quote(1, 150), last])
    expect(book.plan('btcUsd', 160, [quote(1, 160), quote(2, 400)])).toEqual([quote(2, 400)])
  })

  it('is after any plans what was planned last, also out of a store that replaces by time', () => {
    const step = fc.record({
      nowMs: fc.nat(20),
      ahead: fc.uniqueArray(fc.record({ ms: fc.integer({ min: 1, max: 30 }), value: fc.nat(3) }), {
        selector: (q) => q.ms,
        maxLength: 5,
      }),
      value: fc.nat(3),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const book = new QuoteBook()
        const stored = new Map<number, Quote>()
        let nowMs = 0
        for (const { nowMs: ms, ahead, value } of steps) {
          nowMs += ms
          const plan = [
            quote(value, nowMs),
            ...ahead.map((q) => quote(q.value, nowMs + q.ms)).sort((a, b) => a.fromMs - b.fromMs),
          ]
          for (const q of book.plan('btcUsd', nowMs, plan)) stored.set(q.fromMs, q)
          const restored = bookOf(...[...stored.values()].sort((a, b) => a.fromMs - b.fromMs))
          for (let at = nowMs; at <= nowMs + 40; at++) {
            const expected = plan.findLast((q) => q.fromMs <= at)?.value
            expect(book.at(at).btcUsd?.value).toBe(expected)
            expect(restored.at(at).btcUsd?.value).toBe(expected)
          }
        }
      }),
    )
  })
})

describe('the time before the first known price', () => {
  it('has that price for one interval of its source, which says so', () => {
    const book = new QuoteBook()
    const [held, before] = book.plan('btcUsd', 1000, [quote(5, 1000)], 300)
    expect(held).toEqual(quote(5, 1000))
    expect(before).toEqual(quote(5, 700, { knownMs: 1000, source: 's (before it was known)' }))
    expect([699, 700, 999, 1000].map((ms) => book.at(ms).btcUsd?.value)).toEqual([undefined, 5, 5, 5])
    // once a price is known, a later one holds back nothing
    expect(book.plan('btcUsd', 2000, [quote(6, 2000)], 300)).toEqual([quote(6, 2000)])
    expect(book.at(1999).btcUsd?.value).toBe(5)
  })

  it('takes rows of that time, which put aside what was only assumed of it', () => {
    const book = new QuoteBook()
    book.plan('btcUsd', 1000, [quote(5, 1000)], 300)
    expect(
      book.fillBefore('btcUsd', [quote(1, 100), quote(2, 800), quote(3, 1000), quote(4, 1500)]),
    ).toMatchObject({
      name: 'btcUsd',
      fromMs: 100,
      toMs: 1000,
    })
    expect([99, 100, 700, 800, 999, 1000, 1500].map((ms) => book.at(ms).btcUsd?.value)).toEqual([
      undefined,
      1,
      1,
      2,
      2,
      5,
      5,
    ])
  })

  it('keeps what was assumed of a time before the oldest of those rows', () => {
    const book = new QuoteBook()
    book.plan('btcUsd', 1000, [quote(5, 1000)], 300)
    book.fillBefore('btcUsd', [quote(2, 800)])
    expect([699, 700, 799, 800, 1000].map((ms) => book.at(ms).btcUsd?.value)).toEqual([undefined, 5, 5, 2, 5])
  })

  it('is never changed by a price that is known later, whatever comes and in whatever order', () => {
    const name = 'btcUsd' as const
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 40 }),
      value: fc.integer({ min: 1, max: 9 }),
      intervalMs: fc.nat(30),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), (steps) => {
        const book = new QuoteBook()
        const priced = new Map<number, number>()
        let nowMs = 0
        for (const { ms, value, intervalMs } of steps) {
          nowMs += ms
          book.plan(name, nowMs, [quote(value, nowMs)], intervalMs)
          for (let at = 0; at <= nowMs; at++) {
            const held = book.at(at).btcUsd?.value
            if (priced.has(at)) expect(held).toBe(priced.get(at))
            else if (held !== undefined) priced.set(at, held)
          }
        }
      }),
    )
  })
})

describe('a minute in which the tariff changes', () => {
  it('has the energy price weighted by time, and says how', () => {
    const book = bookOf(energy(0.05, 0), energy(0.08, MINUTE_MS + 20_000), energy(0.02, MINUTE_MS + 50_000))
    const { energyUsdPerKwh } = book.over(MINUTE_MS, 2 * MINUTE_MS)
    expect(energyUsdPerKwh?.value).toBeCloseTo((20 * 0.05 + 30 * 0.08 + 10 * 0.02) / 60, 15)
    expect(energyUsdPerKwh?.source).toBe('tariff (20 s at 0.05, 30 s at 0.08, 10 s at 0.02)')
  })

  it('has everything else as at its begin', () => {
    const book = bookOf(quote(1, 0), quote(2, 30_000), energy(0.05, 0))
    expect(book.over(0, MINUTE_MS)).toEqual(book.at(0))
  })

  it('is like any other where the price goes on, changes at its end, or was known too late', () => {
    const book = bookOf(energy(0.05, 10_000), energy(0.07, MINUTE_MS))
    expect(book.over(0, MINUTE_MS).energyUsdPerKwh).toEqual(energy(0.05, 10_000))
    expect(book.over(MINUTE_MS, 2 * MINUTE_MS).energyUsdPerKwh).toEqual(energy(0.07, MINUTE_MS))
  })

  it('is the mean of its milliseconds, however often the price changes', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 98 }),
        (times, fromMs) => {
          const book = bookOf(...times.map((t) => energy(t % 5, t)))
          const ms = Array.from({ length: 100 - fromMs }, (_, i) => fromMs + i)
          // the first price holds for what the minute has before it
          const first = Math.min(...times)
          const at = (t: number) => book.at(Math.max(first, t)).energyUsdPerKwh?.value ?? 0
          const mean = ms.reduce((sum, t) => sum + at(t), 0) / ms.length
          expect(book.over(fromMs, 100).energyUsdPerKwh?.value).toBeCloseTo(mean, 10)
        },
      ),
    ))
})

describe('the name of a quote', () => {
  it('is one of a few, or a currency', () => {
    const names = ['btcUsd', 'fx.EUR', 'fx.eur', 'fx.', 'price', 'btcUsdx', 'xbtcUsd']
    expect(names.filter((name) => QuoteNameSchema.safeParse(name).success)).toEqual(['btcUsd', 'fx.EUR'])
  })
})
