import { describe, expect, it } from 'vitest'
import { hashpriceUsdPerPhDay, usdPerDiff1 } from '../../../collector/economics/mining.ts'

/**
 * Bitcoin at the start of each quarter, 2016 to 2026, from public figures rounded to two or three digits: difficulty in
 * 1e12, average fees in BTC a block, USD/BTC. Exact enough for tests, not for accounts.
 */
const QUARTERS: readonly (readonly [string, number, number, number])[] = [
  ['2016-01-01', 0.104, 0.25, 430],
  ['2016-04-01', 0.167, 0.35, 420],
  ['2016-07-01', 0.21, 0.6, 670],
  ['2016-10-01', 0.24, 0.6, 610],
  ['2017-01-01', 0.318, 0.9, 1000],
  ['2017-04-01', 0.5, 1.6, 1080],
  ['2017-07-01', 0.71, 1.6, 2500],
  ['2017-10-01', 1.12, 0.9, 4400],
  ['2018-01-01', 1.93, 5, 13_900],
  ['2018-04-01', 3.5, 0.2, 6900],
  ['2018-07-01', 5.4, 0.2, 6400],
  ['2018-10-01', 7.2, 0.15, 6600],
  ['2019-01-01', 5.6, 0.15, 3750],
  ['2019-04-01', 6.4, 0.5, 4100],
  ['2019-07-01', 7.9, 0.6, 10_800],
  ['2019-10-01', 12.8, 0.3, 8300],
  ['2020-01-01', 13.8, 0.15, 7200],
  ['2020-04-01', 13.9, 0.2, 6500],
  ['2020-07-01', 15.8, 0.6, 9200],
  ['2020-10-01', 19.3, 0.8, 10_700],
  ['2021-01-01', 18.6, 0.9, 29_000],
  ['2021-04-01', 21.9, 1.2, 58_800],
  ['2021-07-01', 19.9, 0.4, 34_000],
  ['2021-10-01', 18.9, 0.1, 46_000],
  ['2022-01-01', 24.3, 0.1, 46_500],
  ['2022-04-01', 28.6, 0.1, 46_000],
  ['2022-07-01', 29.6, 0.1, 19_500],
  ['2022-10-01', 31.4, 0.08, 19_400],
  ['2023-01-01', 35.4, 0.1, 16_600],
  ['2023-04-01', 46.8, 0.2, 28_400],
  ['2023-07-01', 50.6, 0.25, 30_500],
  ['2023-10-01', 57.1, 0.2, 27_500],
  ['2024-01-01', 72, 1.5, 43_500],
  ['2024-04-01', 83.1, 0.4, 69_500],
  ['2024-07-01', 83.7, 0.15, 63_000],
  ['2024-10-01', 88.4, 0.1, 61_000],
  ['2025-01-01', 110, 0.08, 94_000],
  ['2025-04-01', 114, 0.05, 84_000],
  ['2025-07-01', 117, 0.04, 107_000],
  ['2025-10-01', 148, 0.03, 118_000],
  ['2026-01-01', 148, 0.03, 88_000],
]
/** The halvings of that time: day, height, and new subsidy, BTC. */
const HALVINGS = [
  ['2016-07-09', 420_000, 12.5],
  ['2020-05-11', 630_000, 6.25],
  ['2024-04-20', 840_000, 3.125],
] as const

const DAY_MS = 86_400_000
const FIRST = Date.parse('2016-01-01')
const LAST = Date.parse('2026-01-01')
const PH = 1e15

/** The figures of a day, interpolated between two quarters. */
function dayOf(ms: number) {
  const i = QUARTERS.findLastIndex(([date]) => Date.parse(date) <= ms)
  const [from, to] = [QUARTERS[i]!, QUARTERS[Math.min(i + 1, QUARTERS.length - 1)]!]
  const span = Date.parse(to[0]) - Date.parse(from[0])
  const part = span > 0 ? (ms - Date.parse(from[0])) / span : 0
  const [difficulty, fees, btcUsd] = [1, 2, 3].map((k) => {
    const [a, b] = [from[k] as number, to[k] as number]
    return a + (b - a) * part
  }) as [number, number, number]
  return { difficulty: difficulty * 1e12, feesBtcPerBlock: fees, btcUsd, blockHeight: heightOf(ms) }
}

/** The height at a day, interpolated between halvings, and at 144 blocks a day outside of them. */
function heightOf(ms: number): number {
  const [day, height] = HALVINGS.findLast(([date]) => Date.parse(date) <= ms) ?? ['2016-07-09', 420_000]
  const next = HALVINGS.find(([date]) => Date.parse(date) > ms)
  const guess = Math.floor(height + ((ms - Date.parse(day)) / DAY_MS) * 144)
  // between two halvings there were not exactly 144 blocks a day, so the height is limited to the next halving
  return next ? Math.min(guess, next[1] - 1) : guess
}

/**
 * The revenue of 1 PH/s for a day, computed without hashprice: blocks of a day x 1 PH/s / network hashrate that the difficulty
 * implies x (subsidy by the table of halvings + fees).
 */
function otherWayUsd(ms: number): number {
  const { difficulty, feesBtcPerBlock, btcUsd } = dayOf(ms)
  const networkHs = (difficulty / 600) * 4_294_967_296
  const subsidy = HALVINGS.findLast(([date]) => Date.parse(date) <= ms)?.[2] ?? 25
  return 144 * (PH / networkHs) * (subsidy + feesBtcPerBlock) * btcUsd
}

const oneWayUsd = (ms: number): number => hashpriceUsdPerPhDay(usdPerDiff1(dayOf(ms)) ?? Number.NaN)

describe('a decade of days', () => {
  const days = Array.from({ length: (LAST - FIRST) / DAY_MS }, (_, i) => FIRST + i * DAY_MS)

  it('has three leap days and three halvings', () => {
    expect(days).toHaveLength(3653)
    const leapDays = days.filter((ms) => new Date(ms).toISOString().slice(5, 10) === '02-29')
    expect(leapDays).toHaveLength(3)
    for (const [date, height] of HALVINGS) {
      expect(heightOf(Date.parse(date))).toBe(height)
      expect(heightOf(Date.parse(date) - DAY_MS)).toBeLessThan(height)
    }
  })

  it('pays 1 PH/s every day what its part of the day’s blocks pays', () => {
    for (const ms of days) {
      const other = otherWayUsd(ms)
      expect(Math.abs(oneWayUsd(ms) / other - 1), new Date(ms).toISOString()).toBeLessThan(1e-12)
    }
  })

  it('adds up to the same over ten years, and to the hashprices that the trade remembers', () => {
    const sum = (of: (ms: number) => number) => days.reduce((total, ms) => total + of(ms), 0)
    expect(sum(oneWayUsd)).toBeCloseTo(sum(otherWayUsd), 3)
    // some 2.5 USD/TH/day at the end of 2017, some 55 USD/PH/day at the begin of 2025
    expect(oneWayUsd(Date.parse('2018-01-01'))).toBeGreaterThan(1_500)
    expect(oneWayUsd(Date.parse('2025-01-01'))).toBeGreaterThan(45)
    expect(oneWayUsd(Date.parse('2025-01-01'))).toBeLessThan(65)
  })

  it.each(HALVINGS)('halves the subsidy on %s at block %i', (date, height, subsidy) => {
    const at = (blockHeight: number) =>
      usdPerDiff1({ ...dayOf(Date.parse(date)), feesBtcPerBlock: 0, blockHeight }) as number
    // work is for the next block, so the block before the halving already pays for the halved one
    expect(at(height - 1) / at(height - 2)).toBe(0.5)
    const { btcUsd, difficulty } = dayOf(Date.parse(date))
    expect(at(height - 1)).toBeCloseTo((subsidy * btcUsd) / difficulty, 15)
  })
})
