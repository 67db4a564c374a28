import { describe, expect, test } from 'vitest'
import type { PoolDifference } from '../../../collector/economics/settlement/pool-difference.ts'
import type {
  ShortWorker,
  WorkerComparison,
} from '../../../collector/economics/settlement/worker-difference.ts'
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

  test('nothing to compare and an old answer are unknown', () => {
    expect(verdict([])).toBe('unknown')
    expect(verdict([difference(undefined, undefined)])).toBe('unknown')
    expect(judge([pool({ stale: true })])).toMatchObject([{ verdict: 'unknown' }])
  })

  describe('while an agent is silent', () => {
    const NOW_S = (NOON - situation(0).nowMs) / 1000
    const at = (pools: PoolSituation[], agents: ReturnType<typeof agent>[]) =>
      rule()?.judge(situation(NOW_S, { pools, agents }))?.[0]?.verdict
    const box = (silentS: number | undefined, more: object = {}) => {
      const old = agent({ agentId: 'old-box', ...more })
      if (silentS === undefined) delete old.silentS
      else old.silentS = silentS
      return [agent(), old]
    }
    const miners = { agents: new Set(['edge-1', 'old-box']) }
    const more = { ...miners, differences: [difference(0.2, 200)] }
    const well = { ...miners, differences: [difference(0, 0)] }

    test('what is missing is missing in any case: the records that it holds only add to the ledger', () => {
      expect(at([pool(miners)], box(600))).toBe('bad')
      expect(at([pool(miners)], box(undefined))).toBe('bad')
    })

    test('more than is counted, and all well, are unknown where it worked for the pool in the time', () => {
      expect(at([pool(more)], box(600))).toBe('unknown')
      expect(at([pool(well)], box(600))).toBe('unknown')
      expect(at([pool(well)], box(undefined))).toBe('unknown')
      const { agents: _, ...notRead } = more
      expect(at([pool(notRead)], box(600))).toBe('unknown')
    })

    test.each([
      ['whose silence began before the compared time', box(86_401), miners.agents],
      ['that had no work for the pool in it', box(600), new Set(['edge-1'])],
      ['that was never heard and had no work for the pool', box(undefined), new Set(['edge-1'])],
      ['whose devices others have now', box(600, { replaced: true }), miners.agents],
    ])('an agent %s hides nothing, however long it is silent', (_, agents, worked) => {
      expect(at([pool({ ...more, agents: worked })], agents)).toBe('bad')
      expect(at([pool({ ...well, agents: worked })], agents)).toBe('good')
    })

    test('an excess that its records may explain does not hide what yesterday lacks', () => {
      const yesterday = { ...difference(-0.05, -50), fromMs: NOON - 1.5 * DAY_MS, toMs: NOON - DAY_MS / 2 }
      expect(at([pool({ ...miners, differences: [difference(0.2, 200), yesterday] })], box(600))).toBe('bad')
    })
  })

  describe('by worker', () => {
    const worker = (name: string, shortUsd: number, more: Partial<ShortWorker> = {}): ShortWorker => ({
      worker: name,
      devices: [`${name}-machine`],
      ledgerWorkDiff1: 2_000_000,
      poolWorkDiff1: 1_500_000,
      poolBasis: 'shares',
      allowedWorkDiff1: 30_000,
      shortWorkDiff1: 500_000,
      shortUsd,
      ...more,
    })
    const workers = (worst: ShortWorker[]): WorkerComparison => ({
      fromMs: NOON - DAY_MS,
      toMs: NOON,
      compared: 100,
      worst,
      short: {
        workers: worst.length,
        workDiff1: worst.length * 500_000,
        usd: worst.reduce((sum, w) => sum + (w.shortUsd ?? 0), 0),
      },
      otherWorkDiff1: 0,
      others: [],
      unclear: [],
    })

    test('the worst workers are named beside the account, with machine, work and money', () => {
      const found = judge([
        pool({
          workers: workers([
            worker('rack1-01', 30),
            worker('rack1-02', 12, { devices: ['a', 'b', 'c'], poolBasis: undefined as never }),
            worker('rack1-03', 5),
            worker('rack1-04', 1),
          ]),
        }),
      ])
      expect(found?.[0]?.summary).toBe(
        'pool acme credited 5.0 % less than the ledger counts for mining in the 24 h to 2026-05-20T12:00Z: 50 USD a day; by worker, 4 workers are short by 48 USD in the 24 h to 2026-05-20T12:00Z: rack1-01 (rack1-01-machine) 25.0 % less, 5.00e+5 difficulty-1 shares, 30.00 USD; rack1-02 (a and 2 more) not in the pool’s list, 5.00e+5 difficulty-1 shares, 12.00 USD; rack1-03 (rack1-03-machine) 25.0 % less, 5.00e+5 difficulty-1 shares, 5.00 USD; and 1 more',
      )
      expect(found?.[0]?.lossUsdPerHour).toBeCloseTo(50 / 24, 12)
    })

    test('a worker that is not listed is told together with the names that have as much work', () => {
      const gone = worker('gone', 499, { poolBasis: undefined as never })
      const others = [{ worker: 'elsewhere', workDiff1: 4_103_000 }]
      const found = judge([
        pool({ differences: [], workers: { ...workers([gone]), otherWorkDiff1: 4_103_000, others } }),
      ])
      expect(found?.[0]).toMatchObject({
        verdict: 'bad',
        summary: expect.stringMatching(
          /gone \(gone-machine\) not in the pool’s list, .*; the pool credits 4\.10e\+6 difficulty-1 shares to names that no machine here mines under \(elsewhere\): give the machines the names/,
        ),
        lossUsdPerHour: expect.closeTo(499 / 24, 9),
      })
    })

    test('a few workers of a large account are told though the account is within its limits', () => {
      const found = judge([
        pool({ differences: [difference(-0.001, -1)], workers: workers([worker('rack1-01', 30)]) }),
      ])
      expect(found).toMatchObject([
        {
          verdict: 'bad',
          summary: expect.stringMatching(
            /^pool acme credits some workers of mining less than is counted; by worker, one worker is short by 30 USD/,
          ),
          lossUsdPerHour: expect.closeTo(30 / 24, 12),
        },
      ])
    })

    test('what is less than the least sum, and a pool that tells no workers, change nothing', () => {
      const well = { differences: [difference(0, 0)] }
      expect(judge([pool({ ...well, workers: workers([worker('rack1-01', 9)]) })])).toMatchObject([
        { verdict: 'good' },
      ])
      const none = { ...workers([]), because: 'this pool tells no figures of its workers' }
      expect(judge([pool({ ...well, workers: none })])).toMatchObject([{ verdict: 'good' }])
    })
  })

  test('a site without pools has nothing to judge', () => {
    expect(rule()?.judge(situation(0, {}))).toEqual([])
  })
})
