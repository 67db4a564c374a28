import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { ProvenRate } from '../../../agent/counting/proven-rate.ts'
import { type Beside, type Verdict, WatchedCounter } from '../../../agent/counting/watched-counter.ts'

const PACE = { mostPerS: 200_000, atOnce: 100_000 }
const POLL_S = 10

let s: number
let counter: WatchedCounter
beforeEach(() => {
  s = 0
  counter = new WatchedCounter(2e6, 0, PACE)
})

const show = (value: number, beside: Beside = {}): Verdict => {
  s += POLL_S
  return counter.take(value, s * 1000, beside)
}
/** Polls of a counter that grows steadily from a value. */
const steadily = (from: number, perS: number, polls: number): Verdict[] =>
  Array.from({ length: polls }, (_, i) => show(from + perS * POLL_S * (i + 1)))
const all = (verdict: Verdict, n: number): Verdict[] => Array.from({ length: n }, () => verdict)

describe('a counter that grows', () => {
  test('steadily goes on', () => {
    expect(steadily(2e6, 100, 30)).toEqual(all('goes-on', 30))
  })

  test('by what one server can do goes on while nothing slower is proven, and leaps where it can’t', () => {
    expect(show(2e6 + 200_000 * POLL_S)).toBe('goes-on')
    expect(show(20e6)).toBe('first-held')
  })

  test('by more than ten times what it has proven, and not on, counts from where it leapt to', () => {
    steadily(2e6, 100, 30)
    expect(show(7e6)).toBe('first-held')
    expect(counter.hasLeapt(s * 1000)).toBe(false)
    expect(steadily(7e6, 100, 5)).toEqual(all('held', 5))
    expect(steadily(7e6 + 5000, 100, 3)).toEqual(['from-first', 'goes-on', 'goes-on'])
    expect(counter.hasLeapt(s * 1000)).toBe(true)
    expect(counter.hasLeapt(s * 1000 + 600_000)).toBe(false)
  })

  test('and goes on at the new rate was a load that came: all of it counts', () => {
    steadily(2e6, 100, 30)
    expect(steadily(2_030_000, 20_000, 12)).toEqual([
      'first-held',
      ...all('held', 5),
      'goes-on',
      ...['first-held', ...all('held', 4)],
    ])
  })

  test('by a leap that is gone at the next reading goes on', () => {
    steadily(2e6, 100, 30)
    expect(show(9e6)).toBe('first-held')
    expect(show(2_032_000)).toBe('goes-on')
  })

  test('is held against what a server can do alone where it is the same process for certain', () => {
    steadily(2e6, 100, 30)
    expect(show(2_030_000 + 1e6, { isSure: true })).toBe('goes-on')
  })

  test('beside one that has leapt is allowed nothing at once', () => {
    steadily(2e6, 100, 30)
    expect(show(2_030_000 + 50_000, { isDoubted: true })).toBe('first-held')
  })

  test('after it was away grows by no more than the time allows', () => {
    steadily(2e6, 100, 30)
    s += 600
    expect(counter.leaps(2_030_000 + 100 * 610, s * 1000, {})).toBe(false)
    expect(counter.leaps(2_030_000 + 5e5, s * 1000, {})).toBe(true)
  })
})

describe('a counter that falls', () => {
  test.each([
    [
      'to 0 is unknown until it counts, and goes on where it is back',
      [0, 0, 2e6 + 3000],
      ['held', 'held', 'goes-on'],
    ],
    ['to little has started again', [300, 1300], ['goes-on', 'goes-on']],
    [
      'to an older value for a minute goes on after it',
      [1e6, 1e6, 1e6, 2_004_000],
      ['first-held', 'held', 'held', 'goes-on'],
    ],
    ['to little, and is back by a leap, counts from there', [300, 2_001_000], ['goes-on', 'from-here']],
  ] as const)('%s', (_, values, verdicts) => {
    steadily(2e6 - 6000, 20, 30)
    expect(values.map((value) => show(value))).toEqual(verdicts)
  })

  test('to another value and stays there counts from where it fell to', () => {
    expect(steadily(1e6, 100, 15)).toEqual([
      'first-held',
      ...all('held', 11),
      'from-first',
      ...all('goes-on', 2),
    ])
  })

  test('and says that it began since has started again, whatever it shows', () => {
    expect(show(1e6, { startedMs: 5000 })).toBe('goes-on')
  })
})

/** What is counted of the values, as the driver tells them and the accumulator adds up. */
function counted(values: readonly number[]): number {
  let [sum, from, first] = [0, 2e6, 0]
  for (const value of values) {
    const verdict = show(value)
    if (verdict === 'first-held') first = value
    if (verdict === 'goes-on') {
      sum += value < from ? value : value - from
      from = value
    }
    if (verdict === 'from-first') from = first
    if (verdict === 'from-here') from = value
  }
  return sum
}

test('one failover to a server that has counted far more or less adds nothing, whenever it comes (property)', () => {
  const rates = fc.integer({ min: 1, max: 2000 })
  const leaps = fc.oneof(fc.integer({ min: 3e5, max: 1e9 }), fc.integer({ min: -1_900_000, max: -1e6 }))
  fc.assert(
    fc.property(rates, leaps, fc.integer({ min: 25, max: 80 }), (perS, by, at) => {
      s = 0
      counter = new WatchedCounter(2e6, 0, PACE)
      const values = Array.from({ length: 120 }, (_, i) => 2e6 + perS * POLL_S * (i + 1) + (i < at ? 0 : by))
      const sold = counted(values)
      expect(sold).toBeLessThanOrEqual(perS * POLL_S * 120)
      // a minute or two about the failover may be missing
      expect(sold).toBeGreaterThanOrEqual(perS * POLL_S * (120 - 2))
    }),
  )
})

describe('a rate is proven', () => {
  const rate = new ProvenRate()
  test('by what is kept up for three minutes, without the largest step of each', () => {
    for (let i = 0; i < 18; i++) {
      expect(rate.perS).toBeUndefined()
      rate.took(i % 6 === 2 ? 9e6 : 1000, 10_000)
    }
    expect(rate.perS).toBe(100)
  })

  test('and likely to be no more than three times that of the first minute', () => {
    const young = new ProvenRate()
    for (let i = 0; i < 6; i++) young.took(i === 3 ? 9e6 : 1000, 10_000)
    expect([young.perS, young.likelyPerS]).toEqual([undefined, 300])
    expect(new ProvenRate().likelyPerS).toBeUndefined()
    expect(rate.likelyPerS).toBe(100)
  })

  test('and a slower time, or a leap, changes nothing of it', () => {
    for (let i = 0; i < 60; i++) rate.took(i === 30 ? 5e8 : 10, 10_000)
    expect(rate.perS).toBe(100)
  })
})
