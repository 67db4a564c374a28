import type { Log } from '../../protocol/kit/log.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { HOUR_MS, MILLIJOULES_PER_KWH, NANO_USD_PER_USD } from '../../protocol/units.ts'
import { monthNamed, type Period } from '../economics/calendar.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import { inCents } from '../economics/statement/cents.ts'
import type { Issue } from '../plugin/issue-store.ts'
import type { Store } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import { whyProvisional } from '../views/provisional.ts'
import type { IssueView, Statement, StatementList } from '../views/statement.ts'
import { buildStatement, numberOf } from './build-statement.ts'
import { correctionsInCents } from './corrections.ts'
import { alreadyIssued, COPIES, issuedOf, issueView, refuseOpen } from './issue.ts'
import { IssuedMinutes } from './issued-minutes.ts'
import {
  type CorrectedMonth,
  type CustomerOf,
  IssuedStatements,
  minutesPart,
  PERIOD_PART,
  WORKLOADS_PART,
} from './issued-statements.ts'
import { type IssuingClock, refuseByClock, whyNotOver } from './issuing-clock.ts'
import { type LedgerMonth, readLedgerMonth } from './ledger-month.ts'
import { missingIn, openIn, openOf } from './missing-records.ts'
import type { StatementFacts } from './statement-facts.ts'
import {
  type IssueRequest,
  type RenderCopy,
  STATEMENT_FORMS,
  type StatementForm,
  type StatementRequest,
  type StatementSource,
} from './statement-source.ts'

const DAY_MS = 24 * HOUR_MS
/** Deadline for reading a month of a large site. */
const READ_MS = 120_000
/** The newest repricings that are searched for those of a month. */
const MAX_REPRICINGS = 200

/** The parts that statements are built from. */
export interface StatementServiceOptions {
  store: Store
  pricing: Pricing
  devices: KnownDevices
  site: { id: string; name?: string | undefined }
  nowMs: () => number
  log: Log
  /** by which a month is over; absent: it is right */
  clock?: IssuingClock
  /** how long after its end a minute waits for its records; 0 where absent */
  settleDelayMs?: number
}

/** Builds monthly statements by customer from the ledger. */
export class StatementService implements StatementSource {
  readonly #o: StatementServiceOptions
  /** by period, the months that are being read: concurrent requests for a month share one read */
  readonly #reading = new Map<string, Promise<LedgerMonth>>()
  readonly #issued: IssuedStatements
  /** one statement is issued at a time: none is issued twice */
  #issuing: Promise<unknown> = Promise.resolve()

  constructor(options: StatementServiceOptions) {
    this.#o = options
    this.#issued = new IssuedStatements(options)
  }

  get timeZone(): string {
    return this.#o.pricing.present.timeZone
  }

  period(month: string): Period {
    return monthNamed(month, this.#o.pricing.present.timeZone)
  }

  async statement({ month, customer, copy }: StatementRequest): Promise<Statement | undefined> {
    const ledgerMonth = await this.#read(await this.#periodOf({ month, customer }))
    const corrected = await this.#corrected(customer, month)
    const facts = await this.#factsOf({ month, customer }, ledgerMonth, corrected)
    return facts && buildStatement({ ...facts, copy })
  }

  number({ month, customer }: Pick<StatementRequest, 'month' | 'customer'>): string {
    return numberOf(this.#o.site.id, month, customer)
  }

  async issuedText(request: StatementRequest, form: StatementForm): Promise<string | undefined> {
    const issue = await this.#issued.find(request)
    return issue && this.#o.store.issueText(issue.number, `${request.copy}.${form}`)
  }

  async issues(month?: string): Promise<IssueView[]> {
    const issues = await this.#o.store.issues()
    return issues.filter((issue) => month === undefined || issue.month === month).map(issueView)
  }

  issue(request: IssueRequest, render: RenderCopy): Promise<IssueView | undefined> {
    const turn = this.#issuing.then(() => this.#issue(request, render))
    this.#issuing = turn.catch(() => undefined)
    return turn
  }

  async #issue(request: IssueRequest, render: RenderCopy): Promise<IssueView | undefined> {
    const { month, customer, by } = request
    const { store, site, nowMs } = this.#o
    const number = numberOf(site.id, month, customer)
    const known = await this.#issued.find(request)
    if (known) throw alreadyIssued(known)
    const atMs = nowMs()
    const period = await this.#periodOf(request)
    refuseByClock(number, period.endMs, this.#o)
    const minutes = new IssuedMinutes(period)
    const ledgerMonth = await withDeadline(
      (signal) =>
        readLedgerMonth(this.#o, period, atMs, signal, (ms, workload, sums) =>
          minutes.set(ms, workload, sums),
        ),
      READ_MS,
    )
    const corrected = await this.#corrected(customer, month)
    const facts = await this.#factsOf(request, ledgerMonth, corrected)
    if (!facts) return undefined
    const open = openOf(ledgerMonth, facts.putAsideRecords, facts.heldBack)
    refuseOpen(number, { ...ledgerMonth, ...open }, request.incomplete)
    const workloads = [...new Set(facts.accounts.map((a) => a.workload))]
    const customerOf = await this.#issued.customerOf(month, this.#present)
    const configured = this.#o.pricing.present.workloads.map(({ name }) => name)
    const own = configured.filter((name) => customerOf(name) === customer)
    const copies = COPIES.map((copy) => buildStatement({ ...facts, copy, issued: { atMs, by } }))
    const sent = copies.find(({ copy }) => copy === (customer === undefined ? 'own' : 'customer'))
    if (!sent) return undefined
    const { revision, totalUsd, dueUsd } = sent
    const issue: Issue = {
      number,
      month,
      ...(customer === undefined ? {} : { customer }),
      atMs,
      by,
      revision,
      totalUsd,
      dueUsd,
    }
    await store.writeIssue(issue, [
      ...copies.flatMap((statement) =>
        STATEMENT_FORMS.map((form) => ({ part: `${statement.copy}.${form}`, text: render(statement, form) })),
      ),
      { part: WORKLOADS_PART, text: JSON.stringify([...new Set([...workloads, ...own])]) },
      { part: PERIOD_PART, text: JSON.stringify(period) },
      { part: minutesPart(month), text: await minutes.toText(workloads) },
      ...(await Promise.all(corrected.map(({ text }) => text()))),
    ])
    this.#o.log.info('statement issued', { number, by, totalUsd, dueUsd })
    return issueView(issue)
  }

  #corrected(customer: string | undefined, month: string): Promise<CorrectedMonth[]> {
    const { timeZone } = this.#o.pricing.present
    return this.#issued.corrected(customer, month, timeZone, this.#present)
  }

  /** What a statement of either copy is built from; undefined where there is no such customer. */
  async #factsOf(
    { month, customer }: Pick<StatementRequest, 'month' | 'customer'>,
    ledgerMonth: LedgerMonth,
    corrected: readonly CorrectedMonth[],
  ): Promise<Omit<StatementFacts, 'copy'> | undefined> {
    const { store, pricing, site, nowMs } = this.#o
    const customerOf = await this.#issued.customerOf(month, this.#present)
    const known = [...this.#customers(ledgerMonth, customerOf), ...(await this.#issued.customers(month))]
    if (!known.includes(customer)) return undefined
    const { period } = ledgerMonth
    const accounts = ledgerMonth.accounts.filter((a) => customerOf(a.workload) === customer)
    const overlapping = (r: { fromMs: number; toMs: number }) =>
      r.fromMs < period.endMs && r.toMs > period.startMs
    const repricings = (await store.repricings(MAX_REPRICINGS)).filter(overlapping)
    const heldBack = (await store.heldBack(period.startMs, period.endMs, DAY_MS)).filter(
      (held) => customerOf(held.workload) === customer,
    )
    return {
      site,
      timeZone: pricing.present.timeZone,
      month,
      customer,
      ledgerMonth,
      accounts,
      repricings: await Promise.all(
        repricings.map(async (repricing) => {
          const fromMs = Math.max(repricing.fromMs, period.startMs)
          const toMs = Math.min(repricing.toMs, period.endMs)
          const changes = await store.changes({ id: repricing.id, fromMs, toMs }, toMs - fromMs)
          return { repricing, changes }
        }),
      ),
      heldBack,
      ...(await missingIn(store, period)),
      corrections: corrected.flatMap(({ corrections }) => corrections),
      nowMs: nowMs(),
    }
  }

  async list(month: string): Promise<StatementList> {
    const ledgerMonth = await this.#read(this.period(month))
    const { period } = ledgerMonth
    const issues = new Map((await this.issues(month)).map((issue) => [issue.number, issue]))
    const statements: StatementList['statements'] = []
    const customerOf = await this.#issued.customerOf(month, this.#present)
    const customers = this.#customers(ledgerMonth, customerOf)
    const former = (await this.#issued.customers(month)).filter((c) => !customers.includes(c))
    for (const customer of [...customers, ...former.sort()]) {
      const own = await this.#periodOf({ month, customer })
      const isOther = own.startMs !== period.startMs || own.endMs !== period.endMs
      const read = isOther ? await this.#read(own) : ledgerMonth
      const accounts = read.accounts.filter((a) => customerOf(a.workload) === customer)
      const revenueNanoUsd = accounts.reduce((sum, a) => sum + a.sums.revenueNanoUsd, 0)
      const number = numberOf(this.#o.site.id, month, customer)
      const issue = issues.get(number)
      const corrections = await this.#correctionsOf({ month, customer }, issue)
      // a former customer has a statement only where something is left to correct
      if (former.includes(customer) && !issue && corrections.length === 0) continue
      statements.push({
        ...(customer === undefined ? {} : { customer }),
        number,
        workloads: [...new Set(accounts.map((a) => a.workload))],
        totalUsd: inCents([revenueNanoUsd]).totalCents / 100,
        energyKwh: accounts.reduce((sum, a) => sum + a.sums.energyMilliJ, 0) / MILLIJOULES_PER_KWH,
        ...(issue ? { issued: issuedOf(issue) } : {}),
        ...(corrections.length > 0 && {
          corrections: {
            lines: corrections.length,
            changeUsd: corrections.reduce((sum, c) => sum + Math.round(c.changeUsd * 100), 0) / 100,
          },
        }),
      })
    }
    const toDate = this.#o.nowMs() < period.endMs
    const open = await openIn(this.#o.store, ledgerMonth)
    const why = whyNotOver(period.endMs, this.#o)
    return {
      month,
      from: new Date(period.startMs).toISOString(),
      to: new Date(period.endMs).toISOString(),
      toDate,
      through: new Date(ledgerMonth.throughMs).toISOString(),
      provisional: whyProvisional(open).length > 0,
      ...open,
      ...(toDate || why === undefined ? {} : { whyNotOver: why }),
      statements,
      totalUsd: statements.reduce((sum, s) => sum + Math.round(s.totalUsd * 100), 0) / 100,
      ledgerUsd: ledgerMonth.accounts.reduce((sum, a) => sum + a.sums.revenueNanoUsd, 0) / NANO_USD_PER_USD,
    }
  }

  /** The corrected amounts of earlier statements that one was issued with, or would be issued with now. */
  async #correctionsOf(
    { month, customer }: Pick<StatementRequest, 'month' | 'customer'>,
    issue: IssueView | undefined,
  ): Promise<Statement['corrections']> {
    if (issue) {
      const text = await this.issuedText({ month, customer, copy: 'customer' }, 'json')
      return text === undefined ? [] : (JSON.parse(text) as Statement).corrections
    }
    const corrected = await this.#corrected(customer, month)
    return correctionsInCents(
      corrected.flatMap(({ corrections }) => corrections),
      'customer',
    )
  }

  /** The customer of a workload now, also for its past that was not issued, as in the ledger's groups by customer. */
  readonly #present: CustomerOf = (workload) => this.#o.pricing.workload(workload)?.customer

  /** All customers; undefined, the site itself, comes first, then the names in order. */
  #customers({ accounts }: LedgerMonth, customerOf: CustomerOf): (string | undefined)[] {
    const names = new Set([
      ...accounts.map((a) => customerOf(a.workload)),
      ...this.#o.pricing.present.workloads.map((w) => w.customer),
    ])
    names.delete(undefined)
    return [undefined, ...[...names].sort()]
  }

  #periodOf(request: Pick<StatementRequest, 'month' | 'customer'>): Promise<Period> {
    return this.#issued.periodOf(request, this.period(request.month))
  }

  #read(period: Period): Promise<LedgerMonth> {
    const key = `${period.startMs} ${period.endMs}`
    const reading = this.#reading.get(key)
    if (reading) return reading
    const ledgerMonth = withDeadline(
      (signal) => readLedgerMonth(this.#o, period, this.#o.nowMs(), signal),
      READ_MS,
    ).finally(() => this.#reading.delete(key))
    this.#reading.set(key, ledgerMonth)
    return ledgerMonth
  }
}
