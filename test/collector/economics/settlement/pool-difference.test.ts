import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { poolDifference } from '../../../../collector/economics/settlement/pool-difference.ts'

const DAY_MS = 86_400_000
const FROM = Date.UTC(2026, 4, 19)
const day = { fromMs: FROM, toMs: FROM + DAY_MS }
const ledger = { workDiff1: 1_000_000, revenueUsd: 490, feeUsd: 10, coveredRatio: 1 }
const fpps = { btcUsd: 100_000, paysByShare: true, poolFeeRatio: 0.02 }

describe('what a pool credited beside the ledger', () => {
  test('is compared in money where each share is paid at once', () => {
    expect(
      poolDifference(
        { ...day, revenueBtc: 0.00441, workDiff1: 1_000_000, workBasis: 'shares' },
        ledger,
        fpps,
      ),
    ).toMatchObject({
      basis: 'revenue',
      poolRevenueUsd: 441,
      differenceRatio: expect.closeTo(-0.1, 12),
      differenceUsdPerDay: expect.closeTo(-49, 9),
    })
  })

  test.each([
    ['the pool says no revenue', { workDiff1: 970_000, workBasis: 'hashrate' as const }, fpps],
    [
      'its revenue is luck',
      { workDiff1: 970_000, workBasis: 'hashrate' as const, revenueBtc: 9, byLuck: true },
      fpps,
    ],
    [
      'the scheme pays by blocks',
      { workDiff1: 970_000, workBasis: 'hashrate' as const, revenueBtc: 9 },
      { ...fpps, paysByShare: false },
    ],
    [
      'no BTC price is known',
      { workDiff1: 970_000, workBasis: 'hashrate' as const, revenueBtc: 9 },
      { paysByShare: true, poolFeeRatio: 0.02 },
    ],
  ])('is compared in work, each share worth what the ledger’s are, where %s', (_, credit, terms) => {
    expect(poolDifference({ ...day, ...credit }, ledger, terms)).toMatchObject({
      basis: 'hashrate',
      differenceRatio: expect.closeTo(-0.03, 12),
      differenceUsdPerDay: expect.closeTo(-14.7, 9),
    })
  })

  test('a time of two days gives USD a day', () => {
    const credit = { fromMs: FROM, toMs: FROM + 2 * DAY_MS, revenueBtc: 0.00392 }
    expect(poolDifference(credit, ledger, fpps).differenceUsdPerDay).toBeCloseTo(-49, 9)
  })

  test('a firmware’s dev fee is no work of this pool’s', () => {
    // 2.5 % of the machines' work went to the firmware's maker: worth 12.5 of the 500 USD, 2 % of the rest is the pool's
    const withDevFee = { workDiff1: 1_000_000, revenueUsd: 477.75, feeUsd: 22.25, coveredRatio: 1 }
    const seen = poolDifference({ ...day, workDiff1: 975_000, workBasis: 'shares' }, withDevFee, fpps)
    expect(seen.ledgerWorkDiff1).toBeCloseTo(975_000, 6)
    expect(seen.differenceRatio).toBeCloseTo(0, 12)
  })

  test('missing minutes up to one per cent are taken to be like the others', () => {
    const most = { ...ledger, workDiff1: 995_000, revenueUsd: 490 * 0.995, feeUsd: 9.95, coveredRatio: 0.995 }
    const { differenceRatio } = poolDifference(
      { ...day, workDiff1: 1_000_000, workBasis: 'shares' },
      most,
      fpps,
    )
    expect(differenceRatio).toBeCloseTo(0, 12)
  })

  test.each([
    [
      'the ledger has too little of the time',
      { revenueBtc: 1 },
      { coveredRatio: 0.98 },
      fpps,
      'the ledger has only 98.0 % of this period',
    ],
    ['the pool says nothing', {}, {}, fpps, 'the pool reports nothing for this period'],
    [
      'the ledger has no work',
      { workDiff1: 5, workBasis: 'shares' as const },
      { workDiff1: 0 },
      fpps,
      'the ledger has no work of the workload in this period',
    ],
    [
      'there is revenue without a price',
      { revenueBtc: 1 },
      {},
      { paysByShare: true, poolFeeRatio: 0 },
      'the Bitcoin price of this period is unknown',
    ],
    [
      'there is revenue by luck without work',
      { revenueBtc: 1, byLuck: true },
      {},
      fpps,
      'the pool pays by the blocks it finds, and reports no work',
    ],
  ])('is unknown, and says why, where %s', (_, credit, change, terms, because) => {
    const seen = poolDifference({ ...day, ...credit }, { ...ledger, ...change }, terms)
    expect(seen.because).toBe(because)
    expect(seen).not.toHaveProperty('differenceRatio')
    expect(seen).not.toHaveProperty('differenceUsdPerDay')
  })

  test('money for which the ledger has nothing is a difference without a ratio', () => {
    const nothing = { workDiff1: 0, revenueUsd: 0, feeUsd: 0, coveredRatio: 1 }
    const seen = poolDifference({ ...day, revenueBtc: 0.001 }, nothing, fpps)
    expect(seen.differenceUsdPerDay).toBe(100)
    expect(seen).not.toHaveProperty('differenceRatio')
  })

  test('no figure is ever NaN or infinite, and its sign is that of the ratio', () => {
    const figure = fc.oneof(
      fc.constant(0),
      fc.double({ min: 0, max: 1e18, noNaN: true }),
      fc.constant(5e-324),
    )
    const part = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        fc.record({ workDiff1: figure, revenueUsd: figure, feeUsd: figure, coveredRatio: part }),
        fc.record({ workDiff1: figure, revenueBtc: figure }, { requiredKeys: [] }),
        fc.record({ btcUsd: figure, paysByShare: fc.boolean(), poolFeeRatio: part }),
        (has, says, terms) => {
          const seen = poolDifference({ ...day, workBasis: 'shares', ...says }, has, terms)
          for (const value of Object.values(seen))
            if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
          const { differenceRatio, differenceUsdPerDay } = seen
          if (differenceRatio !== undefined && differenceUsdPerDay !== undefined)
            expect(differenceRatio * differenceUsdPerDay).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})
