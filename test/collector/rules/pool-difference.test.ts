import { describe, expect, test } from 'vitest'
import type { PoolDifference } from '../../../collector/economics/settlement/pool-difference.ts'
import type { PoolSituation } from '../../../collector/plugin/situation.ts'
import { agent, rulesWith, situation } from '../alerts/situations.ts'

const NOON = Date.UTC(2026, 4, 20, 12)
const DAY_MS = 86_400_000
const difference = (
  differenceRatio: number | undefined,
  differenceUsdPerDay: number | undefined,
): PoolDifference => ({
  fromMs: NOON - DAY_MS,
  toMs: NOON,
  coveredRatio: 1,
  ledgerWorkDiff1: 1e9,
  ledgerRevenueUsd: 1000,
  basis: 'shares',
  differenceRatio,
  differenceUsdPerDay,
})
const pool = (more: Partial<PoolSituation> = {}): PoolSituation => ({
  pool: 'acme',
  workload: 'mining',
  stale: false,
  differences: [difference(-0.05, -50)],
  ...more,
})
const rule = (settings: object = {}) =>
  rulesWith({ 'pool-difference': settings }).find((r) => r.name === 'pool-difference')
const judge = (pools: PoolSituation[], settings: object = {}, agents = [agent()]) =>
  rule(settings)?.judge(situation(0, { pools, agents }))
const verdict = (differences: PoolDifference[], settings: object = {}) =>
  judge([pool({ differences })], settings)?.[0]?.verdict

describe('pool-difference', () => {
  test('says which pool, how much, and what it costs an hour', () => {
    expect(judge([pool()])).toEqual([
      {
        subject: { workload: 'mining' },
        verdict: 'bad',
        summary:
          'pool acme credited 5.0 % less than the ledger counts for mining in the 24 h to 2026-05-20T12:00Z: 50 USD a day',
        lossUsdPerHour: expect.closeTo(50 / 24, 12),
      },
    ])
  })

  test('a pool that credits more is told too, and loses nothing', () => {
    expect(judge([pool({ differences: [{ ...difference(0.2, 200), basis: 'revenue' }] })])).toMatchObject([
      { verdict: 'bad', summary: expect.stringMatching(/paid 20\.0 % more than/), lossUsdPerHour: 0 },
    ])
  })

  test.each([
    [-0.031, -31, 'bad'],
    [-0.029, -29, 'between'],
    [0.021, 21, 'between'],
    [-0.019, -19, 'good'],
    [-0.5, -9.9, 'good'],
    [undefined, 30, 'bad'],
  ] as const)('a ratio of %s and %s USD a day is %s', (ratio, usd, expected) => {
    expect(verdict([difference(ratio, usd)])).toBe(expected)
  })

  test('thresholds are settings', () => {
    expect(verdict([difference(-0.05, -50)], { raise: 0.1, clear: 0.06 })).toBe('good')
    expect(verdict([difference(-0.05, -50)], { minUsdPerDay: 100 })).toBe('good')
  })

  test('the worse of the last 24 h and yesterday counts, what is older does not', () => {
    const well = difference(0, 0)
    expect(verdict([well, difference(-0.05, -50), well])).toBe('bad')
    expect(verdict([well, well, difference(-0.05, -50)])).toBe('good')
  })

  test('nothing to compare, an old answer and a silent agent are unknown', () => {
    expect(verdict([])).toBe('unknown')
    expect(verdict([difference(undefined, undefined)])).toBe('unknown')
    expect(judge([pool({ stale: true })])).toMatchObject([{ verdict: 'unknown' }])
    expect(judge([pool()], {}, [agent({ silentS: 600 })])).toMatchObject([{ verdict: 'unknown' }])
  })

  test('a site without pools has nothing to judge', () => {
    expect(rule()?.judge(situation(0, {}))).toEqual([])
  })
})
