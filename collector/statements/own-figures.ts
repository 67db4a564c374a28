import { NANO_USD_PER_USD } from '../../protocol/units.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'
import { inCents } from '../economics/statement/cents.ts'
import { demandTrueUp } from '../economics/statement/demand-true-up.ts'
import type { MonthAccount } from '../economics/statement/month-account.ts'
import type { Statement, StatementLine } from '../views/statement.ts'
import type { LedgerMonth } from './ledger-month.ts'
import type { StatementFacts } from './statement-facts.ts'

/** The sum of each workload’s accounts, in cents that add up to the rounded total. */
export function centsByWorkload(
  accounts: readonly MonthAccount[],
  name: keyof LedgerSums,
): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { workload, sums: s } of accounts) sums.set(workload, (sums.get(workload) ?? 0) + s[name])
  const { cents } = inCents([...sums.values()])
  return new Map([...sums.keys()].map((workload, i) => [workload, cents[i] ?? 0]))
}

type OwnFigures = NonNullable<Statement['own']>

/** Costs and margins by workload, for the operator’s copy. */
export function ownFigures(
  { accounts, ledgerMonth, customer }: StatementFacts,
  lines: readonly StatementLine[],
): OwnFigures {
  const [energy, demand, depreciation] = (
    ['costNanoUsd', 'demandNanoUsd', 'depreciationNanoUsd'] as const
  ).map((name) => centsByWorkload(accounts, name)) as [
    Map<string, number>,
    Map<string, number>,
    Map<string, number>,
  ]
  const inUsd = (revenue: number, energyCost: number, demandCost: number, writtenOff: number) => ({
    revenueUsd: revenue / 100,
    energyCostUsd: energyCost / 100,
    demandUsd: demandCost / 100,
    netUsd: (revenue - energyCost - demandCost) / 100,
    depreciationUsd: writtenOff / 100,
  })
  const centsOf = (of: readonly StatementLine[]) =>
    of.reduce((sum, l) => sum + Math.round(l.amountUsd * 100), 0)
  const total = (by: ReadonlyMap<string, number>) => [...by.values()].reduce((sum, c) => sum + c, 0)
  const rules = ledgerMonth.rules.costs.demand
  return {
    workloads: [...energy.keys()].map((workload) => ({
      workload,
      ...inUsd(
        centsOf(lines.filter((l) => l.workload === workload)),
        energy.get(workload) ?? 0,
        demand.get(workload) ?? 0,
        depreciation.get(workload) ?? 0,
      ),
    })),
    totals: inUsd(centsOf(lines), total(energy), total(demand), total(depreciation)),
    ...(rules && customer === undefined ? { demand: demandOf(rules, ledgerMonth) } : {}),
  }
}

function demandOf(
  rules: { billedKw: number; usdPerKwMonth: number },
  { peak, demandNanoUsd }: LedgerMonth,
): NonNullable<OwnFigures['demand']> {
  const { trueUpUsd, ...measured } = demandTrueUp(rules, peak.kw)
  return {
    ...measured,
    bookedUsd: inCents([demandNanoUsd]).totalCents / 100,
    trueUpUsd: inCents([trueUpUsd * NANO_USD_PER_USD]).totalCents / 100,
  }
}
