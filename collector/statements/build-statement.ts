import { createHash } from 'node:crypto'
import { MILLIJOULES_PER_KWH, MINUTE_MS, NANO_USD_PER_USD } from '../../protocol/units.ts'
import { inCents } from '../economics/statement/cents.ts'
import type { MonthAccount } from '../economics/statement/month-account.ts'
import { paysByBitcoin, statementLines } from '../economics/statement/statement-lines.ts'
import { whyProvisional } from '../views/provisional.ts'
import type { Statement, StatementLine } from '../views/statement.ts'
import { correctionsInCents, dueCents } from './corrections.ts'
import { openOf } from './missing-records.ts'
import { centsByWorkload, ownFigures } from './own-figures.ts'
import { basisRatios } from './power-basis.ts'
import type { StatementFacts } from './statement-facts.ts'

const iso = (ms: number): string => new Date(ms).toISOString()
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The number of a statement. It holds a hash of the customer, because names can have characters that file names must not have. */
export const numberOf = (site: string, month: string, customer: string | undefined): string =>
  `${site}-${month}-${customer === undefined ? 'own' : sha256(customer).slice(0, 8)}`

/** Builds a statement. Its lines add up to its total to the cent. */
export function buildStatement(facts: StatementFacts): Statement {
  const {
    site,
    timeZone,
    month,
    customer,
    copy,
    ledgerMonth,
    accounts,
    lostRecords,
    putAsideRecords,
    nowMs,
    issued,
  } = facts
  const { period, throughMs } = ledgerMonth
  const open = openOf(ledgerMonth, putAsideRecords, facts.heldBack)
  const { lines, totalCents } = inLines(facts)
  const corrections = correctionsInCents(facts.corrections, copy)
  const content: Omit<Statement, 'revision' | 'generatedAt'> = {
    number: numberOf(site.id, month, customer),
    site: site.id,
    siteName: site.name ?? site.id,
    timeZone,
    month,
    from: iso(period.startMs),
    to: iso(period.endMs),
    toDate: nowMs < period.endMs,
    through: iso(throughMs),
    provisional: whyProvisional(open).length > 0,
    ...(customer === undefined ? {} : { customer }),
    copy,
    ...(issued ? { issued: { at: iso(issued.atMs), by: issued.by } } : {}),
    lines,
    totalUsd: totalCents / 100,
    corrections,
    dueUsd: dueCents(totalCents, corrections) / 100,
    fees: feesOf(accounts),
    use: useOf(facts),
    ...(copy === 'own' ? { own: ownFigures(facts, lines) } : {}),
    prices: pricesOf(facts),
    restatements: {
      minutes: ledgerMonth.restatedMinutes,
      ...(ledgerMonth.restatedMs === undefined ? {} : { newest: iso(ledgerMonth.restatedMs) }),
    },
    repricings: repricingsOf(facts),
    held: heldOf(facts),
    completeness: {
      elapsedMinutes: ledgerMonth.elapsedMs / MINUTE_MS,
      settledMinutes: ledgerMonth.settledMinutes,
      ...open,
      lostRecords,
      unpriced: [...ledgerMonth.unpriced]
        .map(([name, minutes]) => ({ name, minutes }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    },
  }
  return { ...content, revision: sha256(JSON.stringify(content)).slice(0, 12), generatedAt: iso(nowMs) }
}

function inLines({ accounts, ledgerMonth: { period } }: StatementFacts): {
  lines: StatementLine[]
  totalCents: number
} {
  const exact = accounts.flatMap((a) => statementLines(a, (period.endMs - period.startMs) / MINUTE_MS))
  const { cents, totalCents } = inCents(exact.map((l) => l.amountNanoUsd))
  const lines = exact.map(({ account, amountNanoUsd, estimatedNanoUsd, ...line }, i): StatementLine => {
    const { workload, terms, startMs, endMs, sums } = account
    return {
      workload,
      kind: terms?.kind ?? 'unknown',
      from: iso(startMs),
      to: iso(endMs),
      ...line,
      amountUsd: (cents[i] ?? 0) / 100,
      ...(line.item === 'mined' ? { workDiff1: sums.workDiff1, minedSat: sums.minedMilliSat / 1000 } : {}),
      ...(line.item === 'pool-true-up' ? { workDiff1: sums.trueUpWorkDiff1 } : {}),
      ...(estimatedNanoUsd === undefined
        ? {}
        : { estimatedWorkDiff1: sums.estimatedWorkDiff1, estimatedUsd: estimatedNanoUsd / NANO_USD_PER_USD }),
    }
  })
  return { lines, totalCents }
}

const feesOf = (accounts: readonly MonthAccount[]): Statement['fees'] =>
  [...centsByWorkload(accounts, 'feeNanoUsd')]
    .filter(([, cents]) => cents !== 0)
    .map(([workload, cents]) => ({ workload, feesUsd: cents / 100 }))

/** Contracts without machines have no use to show. */
const hasMachines = ({ sums }: MonthAccount): boolean => sums.intervals > 0 || sums.energyMilliJ !== 0

const useOf = ({ accounts, ledgerMonth: { elapsedMs, basis } }: StatementFacts): Statement['use'] =>
  [...new Set(accounts.filter(hasMachines).map((a) => a.workload))].map((workload) => {
    const own = accounts.filter((a) => a.workload === workload)
    const terms = own.at(-1)?.terms
    const powerBasis = basisRatios(basis, workload)
    return {
      workload,
      energyKwh: own.reduce((sum, a) => sum + a.sums.energyMilliJ, 0) / MILLIJOULES_PER_KWH,
      peakKw: Math.max(...own.map((a) => a.peak.kw)),
      ...(powerBasis ? { powerBasis } : {}),
      ...(terms?.kind === 'colocation' ? { contractedKw: terms.contractedKw } : {}),
      observedRatio: own.reduce((sum, a) => sum + a.observedMs, 0) / elapsedMs,
    }
  })

/** The prices that these accounts depend on. Customers see the energy price only if energy is passed on to them. */
function pricesOf({ accounts, copy, ledgerMonth }: StatementFacts): Statement['prices'] {
  const bitcoin = accounts.some((a) => paysByBitcoin(a.terms))
  const energy =
    copy === 'own' ||
    accounts.some(({ terms }) => terms?.kind === 'colocation' && terms.energyPassedOn === 'used')
  return ledgerMonth.prices
    .filter(({ name }) => (name === 'energyUsdPerKwh' ? energy : bitcoin && !name.startsWith('fx.')))
    .map(({ sources, ...range }) => ({ ...range, sources: [...sources].sort() }))
}

function repricingsOf({ repricings, accounts, copy }: StatementFacts): Statement['repricings'] {
  const own = new Set(accounts.map((a) => a.workload))
  return repricings
    .map(({ repricing: { id, atMs, by, reason, fromMs, toMs, decision }, changes }) => ({
      id,
      at: iso(atMs),
      by,
      reason,
      from: iso(fromMs),
      to: iso(toMs),
      ...(decision ? { decision: decision.verdict } : {}),
      changeUsd:
        changes
          .filter((c) => own.has(c.group))
          .reduce((sum, c) => sum + c.after.revenueNanoUsd - c.before.revenueNanoUsd, 0) / NANO_USD_PER_USD,
    }))
    .filter(({ changeUsd }) => copy === 'own' || changeUsd !== 0)
}

/** What is open of the month, by workload and kind. */
function heldOf({ heldBack }: StatementFacts): Statement['held'] {
  const sums = new Map<
    string,
    { workload: string; kind: string; records: number; nanoUsd: number; milliJ: number }
  >()
  for (const { workload, kind, records, revenueNanoUsd, energyMilliJ } of heldBack) {
    const key = `${workload}\n${kind}`
    const sum = sums.get(key) ?? { workload, kind, records: 0, nanoUsd: 0, milliJ: 0 }
    sums.set(key, sum)
    sum.records += records
    sum.nanoUsd += revenueNanoUsd
    sum.milliJ += energyMilliJ
  }
  return [...sums.values()].map(({ workload, kind, records, nanoUsd, milliJ }) => ({
    workload,
    kind,
    records,
    wouldEarnUsd: nanoUsd / NANO_USD_PER_USD,
    energyKwh: milliJ / MILLIJOULES_PER_KWH,
  }))
}
