import { createHash } from 'node:crypto'
import { MILLIJOULES_PER_KWH, MINUTE_MS, NANO_USD_PER_USD } from '../../protocol/units.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'
import { inCents } from '../economics/statement/cents.ts'
import { demandTrueUp } from '../economics/statement/demand-true-up.ts'
import type { MonthAccount } from '../economics/statement/month-account.ts'
import { paysByBitcoin, statementLines } from '../economics/statement/statement-lines.ts'
import type { ChangeBucket, Repricing } from '../plugin/accounts.ts'
import type { Statement, StatementLine } from '../views/statement.ts'
import type { LedgerMonth } from './ledger-month.ts'
import { basisRatios } from './power-basis.ts'

/** Everything that a statement says something of. */
export interface StatementFacts {
  site: { id: string; name?: string | undefined }
  timeZone: string
  month: string
  /** absent: the site’s own */
  customer: string | undefined
  copy: Statement['copy']
  book: LedgerMonth
  /** of this customer */
  accounts: readonly MonthAccount[]
  /** that reach into the month, with what they changed there */
  repricings: readonly { repricing: Repricing; changes: readonly ChangeBucket[] }[]
  /** of the whole site */
  lostRecords: number
  nowMs: number
}

const iso = (ms: number): string => new Date(ms).toISOString()
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The number of a customer’s statement of a month: a hash, because a name may not stand in a file’s name. */
export const numberOf = (site: string, month: string, customer: string | undefined): string =>
  `${site}-${month}-${customer === undefined ? 'own' : sha256(customer).slice(0, 8)}`

export function buildStatement(facts: StatementFacts): Statement {
  const { site, timeZone, month, customer, copy, book, accounts, lostRecords, nowMs } = facts
  const { period, throughMs } = book
  const { lines, totalCents } = inLines(facts)
  const said: Omit<Statement, 'revision' | 'generatedAt'> = {
    number: numberOf(site.id, month, customer),
    site: site.id,
    siteName: site.name ?? site.id,
    timeZone,
    month,
    from: iso(period.startMs),
    to: iso(period.endMs),
    toDate: nowMs < period.endMs,
    through: iso(throughMs),
    ...(customer === undefined ? {} : { customer }),
    copy,
    lines,
    totalUsd: totalCents / 100,
    fees: feesOf(accounts),
    use: useOf(facts),
    ...(copy === 'own' ? { own: ownFigures(facts, lines) } : {}),
    prices: pricesOf(facts),
    restatements: {
      minutes: book.restatedMinutes,
      ...(book.restatedMs === undefined ? {} : { newest: iso(book.restatedMs) }),
    },
    repricings: repricingsOf(facts),
    completeness: {
      elapsedMinutes: book.elapsedMs / MINUTE_MS,
      settledMinutes: book.settledMinutes,
      waitingMinutes: book.waitingMinutes,
      lostRecords,
    },
  }
  return { ...said, revision: sha256(JSON.stringify(said)).slice(0, 12), generatedAt: iso(nowMs) }
}

function inLines({ accounts, book: { period } }: StatementFacts): {
  lines: StatementLine[]
  totalCents: number
} {
  const exact = accounts.flatMap((a) => statementLines(a, (period.endMs - period.startMs) / MINUTE_MS))
  const { cents, totalCents } = inCents(exact.map((l) => l.amountNanoUsd))
  const lines = exact.map(({ account, amountNanoUsd, ...line }, i): StatementLine => {
    const { workload, terms, startMs, endMs, sums } = account
    return {
      workload,
      kind: terms?.kind ?? 'unknown',
      from: iso(startMs),
      to: iso(endMs),
      ...line,
      amountUsd: (cents[i] ?? 0) / 100,
      ...(line.item === 'mined' ? { workDiff1: sums.workDiff1, minedSat: sums.minedMilliSat / 1000 } : {}),
    }
  })
  return { lines, totalCents }
}

/** A sum of each workload’s accounts, in cents that add up. */
function centsBy(accounts: readonly MonthAccount[], name: keyof LedgerSums): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { workload, sums: s } of accounts) sums.set(workload, (sums.get(workload) ?? 0) + s[name])
  const { cents } = inCents([...sums.values()])
  return new Map([...sums.keys()].map((workload, i) => [workload, cents[i] ?? 0]))
}

const feesOf = (accounts: readonly MonthAccount[]): Statement['fees'] =>
  [...centsBy(accounts, 'feeNanoUsd')]
    .filter(([, cents]) => cents !== 0)
    .map(([workload, cents]) => ({ workload, feesUsd: cents / 100 }))

/** A contract that is paid without machines uses nothing, and nobody observes it. */
const hasMachines = ({ sums }: MonthAccount): boolean => sums.intervals > 0 || sums.energyMilliJ !== 0

const useOf = ({ accounts, book: { elapsedMs, basis } }: StatementFacts): Statement['use'] =>
  [...new Set(accounts.filter(hasMachines).map((a) => a.workload))].map((workload) => {
    const own = accounts.filter((a) => a.workload === workload)
    const terms = own.at(-1)?.terms
    const known = basisRatios(basis, workload)
    return {
      workload,
      energyKwh: own.reduce((sum, a) => sum + a.sums.energyMilliJ, 0) / MILLIJOULES_PER_KWH,
      peakKw: Math.max(...own.map((a) => a.peak.kw)),
      ...(known ? { powerBasis: known } : {}),
      ...(terms?.kind === 'colocation' ? { contractedKw: terms.contractedKw } : {}),
      observedRatio: own.reduce((sum, a) => sum + a.observedMs, 0) / elapsedMs,
    }
  })

type OwnFigures = NonNullable<Statement['own']>

function ownFigures(
  { accounts, book, customer }: StatementFacts,
  lines: readonly StatementLine[],
): OwnFigures {
  const [energy, demand, depreciation] = (
    ['costNanoUsd', 'demandNanoUsd', 'depreciationNanoUsd'] as const
  ).map((name) => centsBy(accounts, name)) as [Map<string, number>, Map<string, number>, Map<string, number>]
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
  const rules = book.rules.costs.demand
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
    ...(rules && customer === undefined ? { demand: demandOf(rules, book) } : {}),
  }
}

function demandOf(
  rules: { billedKw: number; usdPerKwMonth: number },
  { peak, demandNanoUsd }: LedgerMonth,
): NonNullable<OwnFigures['demand']> {
  const { trueUpUsd, ...said } = demandTrueUp(rules, peak.kw)
  return {
    ...said,
    bookedUsd: inCents([demandNanoUsd]).totalCents / 100,
    trueUpUsd: inCents([trueUpUsd * NANO_USD_PER_USD]).totalCents / 100,
  }
}

/** The prices that these accounts depend on: what energy costs is the operator’s, unless it is passed on. */
function pricesOf({ accounts, copy, book }: StatementFacts): Statement['prices'] {
  const bitcoin = accounts.some((a) => paysByBitcoin(a.terms))
  const energy =
    copy === 'own' ||
    accounts.some(({ terms }) => terms?.kind === 'colocation' && terms.energyPassedOn === 'used')
  return book.prices
    .filter(({ name }) => (name === 'energyUsdPerKwh' ? energy : bitcoin && !name.startsWith('fx.')))
    .map(({ sources, ...range }) => ({ ...range, sources: [...sources].sort() }))
}

function repricingsOf({ repricings, accounts, copy }: StatementFacts): Statement['repricings'] {
  const own = new Set(accounts.map((a) => a.workload))
  return repricings
    .map(({ repricing: { id, atMs, by, reason, fromMs, toMs }, changes }) => ({
      id,
      at: iso(atMs),
      by,
      reason,
      from: iso(fromMs),
      to: iso(toMs),
      changeUsd:
        changes
          .filter((c) => own.has(c.group))
          .reduce((sum, c) => sum + c.after.revenueNanoUsd - c.before.revenueNanoUsd, 0) / NANO_USD_PER_USD,
    }))
    .filter(({ changeUsd }) => copy === 'own' || changeUsd !== 0)
}
