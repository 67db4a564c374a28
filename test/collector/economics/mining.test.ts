import { describe, expect, it } from 'vitest'
import {
  breakEvenUsdPerKwh,
  hashcostUsdPerPhDay,
  hashpriceUsdPerPhDay,
  networkHashrateHs,
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

  it('pays work by the subsidy of the next block: at height 839,999 it is already 3.125 BTC', () => {
    const at = (blockHeight: number) =>
      hashpriceUsdPerPhDay(
        usdPerDiff1({
          difficulty: 86_388_558_925_171,
          blockHeight,
          feesBtcPerBlock: 0,
          btcUsd: 63_850,
        }) as number,
      )
    expect(at(839_999) / at(839_998)).toBe(0.5)
    expect(at(839_999)).toBe(at(840_000))
  })

  it('gives the break-even of the worked example: 50 USD/PH/day at 17.5 J/TH is 0.119 USD/kWh', () => {
    expect(breakEvenUsdPerKwh(50, 17.5)).toBeCloseTo(0.119, 3)
    expect(breakEvenUsdPerKwh(50, 0)).toBeUndefined()
  })

  it('gives the hashcost of a machine, which is its break-even hashprice: 17.5 J/TH at 0.05 USD/kWh is 21 USD/PH/day', () => {
    expect(hashcostUsdPerPhDay(17.5, 0.05)).toBeCloseTo(21, 10)
    // at the break-even energy price the energy costs what the hashes earn
    expect(hashcostUsdPerPhDay(17.5, breakEvenUsdPerKwh(50, 17.5) as number)).toBeCloseTo(50, 10)
  })

  it('gives the network’s hashrate: a difficulty of 1e14 is 716 EH/s', () => {
    expect(networkHashrateHs(1e14) / 1e18).toBeCloseTo(715.83, 2)
  })

  it('knows no reward without a difficulty', () => {
    const at = (difficulty: number) =>
      usdPerDiff1({ difficulty, blockHeight: 1, feesBtcPerBlock: 0, btcUsd: 1 })
    expect([0, -1, Number.NaN, Number.MIN_VALUE].map(at)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})
