import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { minuteShare, monthsOf } from '../../../../collector/economics/calendar.ts'
import { PeakPower } from '../../../../collector/economics/energy/peak-power.ts'
import type { LedgerSums } from '../../../../collector/economics/ledger-row.ts'
import { zeroSums } from '../../../../collector/economics/ledger-row.ts'
import { inCents } from '../../../../collector/economics/statement/cents.ts'
import { type MonthAccount, MonthAccounts } from '../../../../collector/economics/statement/month-account.ts'
import { STATEMENT_ITEMS, statementLines } from '../../../../collector/economics/statement/statement-lines.ts'
import type { Workload } from '../../../../collector/economics/workloads.ts'
import { MINUTE_MS } from '../../../../protocol/units.ts'
import { kwMinute, WORKLOADS } from '../../statement-rig.ts'

const monthOf = monthsOf('UTC')
const MONTH_MINUTES = 31 * 1440
const accountsOf = (
  minutes: readonly { workload: string; minute: number; sums: Partial<LedgerSums> }[],
  workloads: readonly Workload[] = WORKLOADS,
): MonthAccount[] => {
  const accounts = new MonthAccounts()
  for (const { workload, minute, sums } of minutes.toSorted((a, b) => a.minute - b.minute))
    accounts.add(minute * MINUTE_MS, workload, { ...zeroSums(), ...sums }, { workloads, monthOf })
  return accounts.all()
}
const linesOfMinutes = (...args: Parameters<typeof accountsOf>) =>
  accountsOf(...args).flatMap((a) => statementLines(a, MONTH_MINUTES))

const count = fc.integer({ min: 0, max: 5e9 })
const anyMinute = fc.record({
  workload: fc.constantFrom(...WORKLOADS.map((w) => w.name), 'idle', 'overhead', 'gone'),
  minute: fc.integer({ min: 0, max: 2 * MONTH_MINUTES }),
  sums: fc.record({
    energyMilliJ: fc.integer({ min: -kwMinute(50), max: kwMinute(300) }),
    coveredMs: fc.integer({ min: 0, max: 10 * MINUTE_MS }),
    revenueNanoUsd: fc.integer({ min: 0, max: 9e12 }),
    costNanoUsd: fc.integer({ min: -1e12, max: 9e12 }),
    workDiff1: count,
    estimatedWorkDiff1: count,
    estimatedRevenueNanoUsd: fc.integer({ min: 0, max: 1e12 }),
    trueUpWorkDiff1: fc.integer({ min: -1e9, max: 1e9 }),
    trueUpRevenueNanoUsd: fc.integer({ min: -1e12, max: 1e12 }),
    gpuMs: count,
    tokensIn: count,
    tokensInCached: count,
    tokensOut: count,
  }),
})

describe('the lines of a statement', () => {
  it('say how much of mining is estimated, and give a pool’s true-up a line of its own', () => {
    const mining: Workload = {
      name: 'mining',
      kind: 'mining',
      scheme: 'fpps',
      poolFeeRatio: 0,
      match: [{ poolUrl: '*' }],
    }
    const sums = {
      revenueNanoUsd: 900,
      workDiff1: 750_000,
      estimatedWorkDiff1: 250_000,
      estimatedRevenueNanoUsd: 250,
      trueUpWorkDiff1: -100_000,
      trueUpRevenueNanoUsd: -100,
    }
    const lines = linesOfMinutes([{ workload: 'mining', minute: 0, sums }], [mining])
    expect(lines).toMatchObject([
      {
        item: 'mined',
        amountNanoUsd: 1000,
        estimatedNanoUsd: 250,
        estimated: expect.stringMatching(/^25 % of the work is by hashrate, less rejected shares/),
      },
      { item: 'pool-true-up', amountNanoUsd: -100 },
    ])
    const plain = { workload: 'mining', minute: 0, sums: { revenueNanoUsd: 5, workDiff1: 9 } }
    const [counted] = linesOfMinutes([plain], [mining])
    expect(counted).not.toHaveProperty('estimated')
    expect(counted).not.toHaveProperty('estimatedNanoUsd')
  })

  it('add up to the ledger, exactly and in cents, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(anyMinute, { maxLength: 60 }), (minutes) => {
        const lines = linesOfMinutes(minutes)
        const sum = (of: readonly bigint[]) => of.reduce((a, b) => a + b, 0n)
        const ledger = sum(minutes.map((m) => BigInt(m.sums.revenueNanoUsd)))
        expect(sum(lines.map((l) => BigInt(l.amountNanoUsd)))).toBe(ledger)
        const { cents, totalCents } = inCents(lines.map((l) => l.amountNanoUsd))
        expect(cents.reduce((a, c) => a + c, 0)).toBe(totalCents)
        expect(totalCents).toBe(Number((ledger + 5_000_000n) / 10_000_000n))
        for (const { item, quantity } of lines) {
          expect(STATEMENT_ITEMS).toContain(item)
          expect(quantity === undefined || Number.isFinite(quantity)).toBe(true)
        }
      }),
    )
  })

  it('split tokens by their kind and price', () => {
    const sums = { tokensIn: 3e6, tokensInCached: 1e6, tokensOut: 2e6, revenueNanoUsd: 1.55e9 }
    const lines = linesOfMinutes([{ workload: 'chat', minute: 0, sums }])
    expect(lines.map((l) => [l.item, l.quantity, l.unitPriceUsd, l.amountNanoUsd])).toEqual([
      ['tokens-in', 2, 0.15, 0.3e9],
      ['tokens-in-cached', 1, 0.05, 0.05e9],
      ['tokens-out', 2, 0.6, 1.2e9],
    ])
  })

  it('mark what a pool pays by its luck as estimated', () => {
    const sums = { workDiff1: 20_116_567_611, revenueNanoUsd: 40e9 }
    const [line] = linesOfMinutes([{ workload: 'pplns', minute: 0, sums }])
    // 1 PH/s for a day is 1e15 x 86,400 / 2^32 shares
    expect(line?.quantity).toBeCloseTo(1, 6)
    expect(line).toMatchObject({ unit: 'PH/s-day', estimated: expect.stringMatching(/PPLNS/) })
    expect(line?.unitPriceUsd).toBeCloseTo(40, 4)
  })

  it('say what a contract is made of: standing, passed on, over, given back for outages', () => {
    const month = monthOf(0)
    const standing = (minute: number) => minuteShare(15_000e9, minute * MINUTE_MS, month)
    const of = (minute: number, kw: number, costNanoUsd: number, more: number) => ({
      workload: 'cage',
      minute,
      sums: {
        energyMilliJ: kwMinute(kw),
        coveredMs: MINUTE_MS,
        costNanoUsd,
        revenueNanoUsd: standing(minute) + costNanoUsd + more,
      },
    })
    const over = Math.round((20 / 60) * 0.2 * 1e9)
    const lines = linesOfMinutes([
      of(0, 90, 75_000_000, 0),
      of(1, 120, 100_000_000, over),
      of(2, 0, 0, -2 * standing(2)),
    ])
    expect(lines.map((l) => [l.item, l.quantity, l.unit, l.priceBasis, l.amountNanoUsd])).toEqual([
      [
        'standing',
        (100 * 3) / MONTH_MINUTES,
        'kW-month',
        'contract',
        standing(0) + standing(1) + standing(2),
      ],
      ['energy-passed-on', 3.5, 'kWh', 'average', 175_000_000],
      ['over-contract', 20 / 60, 'kWh', 'contract', over],
      ['sla-credit', 1, 'min', 'average', -2 * standing(2)],
    ])
  })

  it('make a line of each contract that held in the month', () => {
    const accounts = new MonthAccounts()
    const [rental] = WORKLOADS.filter((w) => w.name === 'rental')
    const dearer = { ...rental, usdPerGpuHour: 3 } as Workload
    const moved = { ...dearer, customer: 'Gamma', match: [{ namespace: 'other' }] } as Workload
    const sums = { ...zeroSums(), gpuMs: 3_600_000, revenueNanoUsd: 1 }
    for (const [i, terms] of [rental, rental, dearer, moved].entries())
      accounts.add(i * MINUTE_MS, 'rental', sums, { workloads: [terms as Workload], monthOf })
    const lines = accounts.all().flatMap((a) => statementLines(a, MONTH_MINUTES))
    expect(lines.map((l) => [l.account.startMs / MINUTE_MS, l.quantity, l.unitPriceUsd])).toEqual([
      [0, 2, 2.1],
      [2, 2, 3],
    ])
  })

  it('name the revenue in the ledger that the contract does not explain', () => {
    const [line, ...rest] = linesOfMinutes([
      { workload: 'desk', minute: 0, sums: { revenueNanoUsd: 1_000_000_000 } },
    ])
    expect(line?.item).toBe('standing')
    expect(rest).toEqual([expect.objectContaining({ item: 'difference' })])
  })
})

describe('peak power', () => {
  it('is the highest average of a quarter of an hour, its parts added up', () => {
    const peak = new PeakPower()
    for (let m = 0; m < 15; m++) peak.add(m * MINUTE_MS, kwMinute(100))
    for (let m = 15; m < 30; m++) {
      peak.add(m * MINUTE_MS, kwMinute(m < 20 ? 300 : 50))
      peak.add(m * MINUTE_MS, kwMinute(10))
    }
    for (let m = 30; m < 45; m++) peak.add(m * MINUTE_MS, kwMinute(1))
    expect(peak.kw).toBeCloseTo((5 * 300 + 10 * 50) / 15 + 10, 9)
    expect(new PeakPower().kw).toBe(0)
  })
})
