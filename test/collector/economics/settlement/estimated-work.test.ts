import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainMinute } from '../../../../collector/books/explain-minute.ts'
import {
  type AgentInterval,
  LEDGER_SUMS,
  type LedgerRow,
} from '../../../../collector/economics/ledger-row.ts'
import { settleMinute } from '../../../../collector/economics/settlement/ledger-rows.ts'
import { DAY_MS } from '../../../../collector/economics/settlement/revenue.ts'
import { workByUser, workerTrueUps } from '../../../../collector/economics/settlement/worker-true-up.ts'
import { type TrueUp, trueUpMinute } from '../../../../collector/economics/true-up.ts'
import type { Workload } from '../../../../collector/economics/workloads.ts'
import { evaluate } from '../../../../collector/screens/web/economics/parts/evaluate.ts'
import type { Prices, QuoteName } from '../../../../protocol/quote.ts'
import { siteRules } from '../../rules.ts'

const WORKLOADS: Workload[] = [
  { name: 'mining', kind: 'mining', scheme: 'fpps', poolFeeRatio: 0.02, match: [{ poolUrl: '*' }] },
]
const RULES = siteRules({ workloads: WORKLOADS })
const quote = (name: QuoteName, value: number) => ({ name, value, unit: '', source: 'test', fromMs: 0 })
const PRICES: Prices = {
  btcUsd: quote('btcUsd', 1e5),
  difficulty: quote('difficulty', 1e14),
  blockHeight: quote('blockHeight', 9e5),
}
const POOL = { poolUrl: 'stratum+tcp://p.example', poolUser: 'acme.rig1' }
const record = (more: Partial<AgentInterval>): AgentInterval => ({
  agentId: 'a',
  deviceId: 'rig',
  owner: POOL,
  startMs: 0,
  durationMs: 60_000,
  coveredMs: 60_000,
  ...more,
})
const sum = (rows: readonly LedgerRow[], name: (typeof LEDGER_SUMS)[number]) =>
  rows.reduce((a, r) => a + r[name], 0)

const TRUE_UP: TrueUp = {
  workload: 'mining',
  worker: 'acme.rig1',
  dayMs: 0,
  workDiff1: -20_000,
  poolWorkDiff1: 980_000,
  poolBasis: 'hashrate',
  countedWorkDiff1: 400_000,
  estimatedWorkDiff1: 600_000,
}

describe('estimated work', () => {
  it('is paid as counted work is, and marked: 200 TH/s for a minute are no longer worth nothing', () => {
    const [row] = settleMinute(0, [record({ estimatedWorkDiff1: 2_793_968 })], PRICES, RULES)
    const [counted] = settleMinute(0, [record({ workDiff1: 2_793_968 })], PRICES, RULES)
    // 62.8643 USD/PH/day at these prices, less 2 %
    expect((row?.revenueNanoUsd ?? 0) / 1e9).toBeCloseTo((0.2 * 62.8643 * 0.98) / 1440, 5)
    expect(row).toMatchObject({ workDiff1: 0, estimatedWorkDiff1: 2_793_968 })
    expect(row?.estimatedRevenueNanoUsd).toBe(row?.revenueNanoUsd)
    expect(counted).toMatchObject({ revenueNanoUsd: row?.revenueNanoUsd, estimatedRevenueNanoUsd: 0 })
  })

  it('for a pool that the machine does not tell is paid by a rule that takes any pool, and else unassigned', () => {
    const owner = { poolUrl: 'unknown' }
    const [row] = settleMinute(0, [record({ owner, estimatedWorkDiff1: 2_793_968 })], PRICES, RULES)
    const [known] = settleMinute(0, [record({ estimatedWorkDiff1: 2_793_968 })], PRICES, RULES)
    expect(row).toMatchObject({ workload: 'mining', revenueNanoUsd: known?.revenueNanoUsd })
    const named = siteRules({
      workloads: [
        { name: 'acme', kind: 'mining', scheme: 'fpps', poolFeeRatio: 0, match: [{ poolUrl: '*acme*' }] },
      ] as Workload[],
    })
    const [unpaid] = settleMinute(0, [record({ owner, estimatedWorkDiff1: 2_793_968 })], PRICES, named)
    expect(unpaid).toMatchObject({ workload: 'unassigned', revenueNanoUsd: 0 })
  })

  it('of a firmware’s dev fee earns nothing, and its fee is kept', () => {
    const owner = { ...POOL, poolRole: 'devfee' }
    const [row] = settleMinute(0, [record({ owner, estimatedWorkDiff1: 1e6 })], PRICES, RULES)
    expect(row).toMatchObject({ revenueNanoUsd: 0, estimatedRevenueNanoUsd: 0 })
    expect(row?.feeNanoUsd).toBeGreaterThan(0)
  })

  it('adds up exactly with counted work, in any order, and says how much is which (property)', () => {
    const work = fc.record({
      minute: fc.integer({ min: 0, max: 59_999 }),
      workDiff1: fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined }),
      estimatedWorkDiff1: fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(work, { minLength: 1, maxLength: 12 }), (works) => {
        const records = works.map(({ minute, workDiff1, estimatedWorkDiff1 }, i) =>
          record({
            deviceId: `rig${i}`,
            startMs: minute,
            ...(workDiff1 === undefined ? {} : { workDiff1 }),
            ...(estimatedWorkDiff1 === undefined ? {} : { estimatedWorkDiff1 }),
          }),
        )
        const rows = settleMinute(0, records, PRICES, RULES)
        const again = settleMinute(0, records.toReversed(), PRICES, RULES)
        for (const name of LEDGER_SUMS) {
          expect(sum(rows, name)).toBe(sum(again, name))
          expect(Number.isInteger(sum(rows, name))).toBe(true)
        }
        expect(sum(rows, 'estimatedWorkDiff1')).toBe(
          works.reduce((a, w) => a + (w.estimatedWorkDiff1 ?? 0), 0),
        )
        for (const r of rows) {
          expect(r.estimatedRevenueNanoUsd).toBeLessThanOrEqual(r.revenueNanoUsd)
          if (r.workDiff1 === 0) expect(r.estimatedRevenueNanoUsd).toBe(r.revenueNanoUsd)
        }
      }),
    )
  })
})

describe('a true-up', () => {
  it('is a row of its own, priced as work is; settled again or repriced it follows, and takes no energy or cost', () => {
    const records = [record({ energyMilliJ: 1000, estimatedWorkDiff1: 600_000 })]
    const settle = (prices: Prices) => settleMinute(trueUpMinute(TRUE_UP), records, prices, RULES, [TRUE_UP])
    const rows = settle(PRICES)
    expect(rows).toHaveLength(2)
    const row = rows.find((r) => r.deviceId === '') as LedgerRow
    expect(row).toMatchObject({
      owner: 'poolUser=acme.rig1;trueUpOf=1970-01-01',
      trueUpWorkDiff1: -20_000,
      workDiff1: 0,
      energyMilliJ: 0,
      costNanoUsd: 0,
      intervals: 0,
    })
    expect(row.trueUpRevenueNanoUsd).toBe(row.revenueNanoUsd)
    expect(row.revenueNanoUsd).toBeLessThan(0)
    expect(settle(PRICES)).toEqual(rows)
    const double = settle({ ...PRICES, btcUsd: quote('btcUsd', 2e5) })
    const repriced = double.find((r) => r.deviceId === '')?.revenueNanoUsd ?? 0
    expect(Math.abs(repriced - 2 * row.revenueNanoUsd)).toBeLessThanOrEqual(1)
  })

  it('and estimated work explain themselves: the formulas give the booked figures, and say that they are estimates', () => {
    const minuteMs = trueUpMinute(TRUE_UP)
    const intervals = [record({ startMs: minuteMs, workDiff1: 1_000, estimatedWorkDiff1: 600_000 })]
    const rows = settleMinute(minuteMs, intervals, PRICES, RULES, [TRUE_UP])
    const ledger = Object.fromEntries(LEDGER_SUMS.map((n) => [n, sum(rows, n)])) as never
    const explanation = explainMinute({
      workload: 'mining',
      minuteMs,
      intervals,
      settlement: undefined,
      pricing: { rules: { ...RULES, version: 'v', standing: false, timeZone: 'UTC' }, prices: PRICES },
      ledger,
      devices: RULES,
      trueUps: [TRUE_UP],
    })
    expect(explanation?.agrees).toBe(true)
    const [work, trueUp] = explanation?.intervals ?? []
    expect(work?.revenue.formula).toContain('(workDiff1 + estimatedWorkDiff1)')
    expect(work?.revenue.because).toMatch(/^estimated: /)
    expect(trueUp?.revenue.because).toMatch(
      /true-up of estimated work: what the pool credited worker acme\.rig1/,
    )
    for (const part of [work, trueUp])
      expect(evaluate(part?.revenue.formula ?? '', part?.revenue.inputs ?? {})).toBe(part?.revenueNanoUsd)
  })
})

describe('what a pool credits a worker', () => {
  const owners = [
    { owner: 'poolUrl=a;poolUser=acme.rig1', workDiff1: 100, estimatedWorkDiff1: 900 },
    { owner: 'poolUrl=b;poolUser=acme.rig1', workDiff1: 0, estimatedWorkDiff1: 50 },
    { owner: 'poolUrl=a;poolUser=acme.rig2', workDiff1: 500, estimatedWorkDiff1: 0 },
    { owner: 'poolRole=devfee;poolUrl=f;poolUser=acme.rig1', workDiff1: 7, estimatedWorkDiff1: 7 },
    { owner: '', workDiff1: 0, estimatedWorkDiff1: 3 },
  ]
  const bookedOf = (...credits: Parameters<typeof workerTrueUps>[2]) =>
    workerTrueUps({ workload: 'mining', dayMs: 0 }, workByUser(owners), credits)
  const trueUps = (...credits: Parameters<typeof workerTrueUps>[2]) => bookedOf(...credits).trueUps

  it('is set against counted and estimated work of that worker; only a worker with estimated work is trued up', () => {
    expect(trueUps({ worker: 'rig1', workDiff1: 1_000 }, { worker: 'rig2', workDiff1: 9 })).toEqual([
      {
        workload: 'mining',
        worker: 'acme.rig1',
        dayMs: 0,
        workDiff1: -50,
        poolWorkDiff1: 1_000,
        poolBasis: 'shares',
        countedWorkDiff1: 100,
        estimatedWorkDiff1: 950,
      },
    ])
  })

  it('is its average hashrate x a day where the pool counts no shares', () => {
    const [trueUp] = trueUps({ worker: 'acme.rig1', hashrateHs: 5e7 })
    expect(trueUp).toMatchObject({
      poolWorkDiff1: Math.round((5e7 * 86_400) / 2 ** 32),
      poolBasis: 'hashrate',
    })
  })

  it.each([
    ['not listed', [], /^not in the pool’s list$/],
    ['listed for another account', [{ worker: 'x.rig1', workDiff1: 5 }], /^not in the pool’s list$/],
    [
      'listed twice',
      [
        { worker: 'rig1', workDiff1: 5 },
        { worker: 'rig1', workDiff1: 6 },
      ],
      /^the pool lists rig1, rig1, and each may be it/,
    ],
    [
      'credited three times what it can',
      [{ worker: 'rig1', workDiff1: 5_000 }],
      /4\.8 times the ledger’s work/,
    ],
    ['listed without a figure', [{ worker: 'rig1' }], /^the pool lists it without a figure$/],
  ])('is not booked of a worker that is %s, and it says why', (_, credits, because) => {
    expect(bookedOf(...credits)).toEqual({
      trueUps: [],
      not: [{ worker: 'acme.rig1', because: expect.stringMatching(because) }],
    })
  })

  it('is not booked beyond what the machine could do in the day, by the time over which it was observed', () => {
    const booked = (coveredMs: number, workDiff1: number) =>
      workerTrueUps(
        { workload: 'mining', dayMs: 0 },
        workByUser([
          { owner: 'poolUrl=a;poolUser=acme.rig1', workDiff1: 0, estimatedWorkDiff1: 900, coveredMs },
        ]),
        [{ worker: 'rig1', workDiff1 }],
      ).trueUps.map((trueUp) => trueUp.workDiff1)
    expect(booked(DAY_MS, 1_340)).toEqual([440])
    // a second machine under its name
    expect(booked(DAY_MS, 1_800)).toEqual([])
    // the agent was away for half of the day
    expect(booked(DAY_MS / 2, 1_800)).toEqual([900])
    expect(booked(DAY_MS / 2, 2_750)).toEqual([])
  })

  it('goes to the worker whose whole name it has, never to one whose name is its end', () => {
    const users = new Map(
      ['acme.rack1.07', 'acme.07', 'ajax.07'].map((user) => [
        user,
        { workDiff1: 0, estimatedWorkDiff1: 1_000 },
      ]),
    )
    const credited = (...listed: string[]) => {
      const credits = listed.map((worker) => ({ worker, workDiff1: 500 }))
      return workerTrueUps({ workload: 'mining', dayMs: 0 }, users, credits).trueUps.map((t) => t.worker)
    }
    expect(credited('rack1.07')).toEqual(['acme.rack1.07'])
    expect(credited('RACK1.07')).toEqual(['acme.rack1.07'])
    expect(credited('acme.07')).toEqual(['acme.07'])
    // of two accounts that have the worker it can't be known whose it is
    expect(credited('07')).toEqual([])
  })
})
