import { describe, expect, it } from 'vitest'
import {
  breakEvenUsdPerKwh,
  hashpriceUsdPerPhDay,
  subsidyBtc,
  usdPerDiff1,
} from '../../../collector/economics/mining.ts'

describe('mining economics', () => {
  it('halves the subsidy every 210,000 blocks, in whole satoshis, and ends it after 33 halvings', () => {
    expect(subsidyBtc(0)).toBe(50)
    expect(subsidyBtc(209_999)).toBe(50)
    expect(subsidyBtc(210_000)).toBe(25)
    expect(subsidyBtc(840_000)).toBe(3.125)
    expect(subsidyBtc(6_929_999)).toBe(1e-8)
    expect(subsidyBtc(6_930_000)).toBe(0)
  })

  it('gives the hashprice of the formula: D = 1e14, 3.125 BTC, no fees, 100,000 USD is 62.864 USD/PH/day', () => {
    const usd = usdPerDiff1({
      difficulty: 1e14,
      blockHeight: 900_000,
      feesBtcPerBlock: 0,
      btcUsd: 100_000,
    }) as number
    expect(hashpriceUsdPerPhDay(usd)).toBeCloseTo(62.8643, 4)
  })

  it('gives the break-even of the worked example: 50 USD/PH/day at 17.5 J/TH is 0.119 USD/kWh', () => {
    expect(breakEvenUsdPerKwh(50, 17.5)).toBeCloseTo(0.119, 3)
    expect(breakEvenUsdPerKwh(50, 0)).toBeUndefined()
  })

  it('knows no reward without a difficulty', () => {
    expect(usdPerDiff1({ difficulty: 0, blockHeight: 1, feesBtcPerBlock: 0, btcUsd: 1 })).toBeUndefined()
  })
})
