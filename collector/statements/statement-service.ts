import type { Log } from '../../protocol/kit/log.ts'
import { withDeadline } from '../../protocol/kit/retry.ts'
import { HOUR_MS, MILLIJOULES_PER_KWH, NANO_USD_PER_USD } from '../../protocol/units.ts'
import { monthNamed, type Period } from '../economics/calendar.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import { inCents } from '../economics/statement/cents.ts'
import type { Issue } from '../plugin/issue-store.ts'
import type { Store } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { IssueView, Statement, StatementList } from '../views/statement.ts'
import { buildStatement, numberOf } from './build-statement.ts'
import { correctionsInCents } from './corrections.ts'
import { alreadyIssued, COPIES, incomplete, issuedOf, issueView, openPoints } from './issue.ts'
import { IssuedMinutes } from './issued-minutes.ts'
import { type CorrectedMonth, IssuedStatements, minutesPart, WORKLOADS_PART } from './issued-statements.ts'
import { type LedgerMonth, readLedgerMonth } from './ledger-month.ts'
import { missingIn } from './missing-records.ts'
import type { StatementFacts } from './statement-facts.ts'

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
}

/** A request for one statement; without a customer, for the site’s own. */
export interface StatementRequest {
  month: string
  customer?: string | undefined
  copy: Statement['copy']
}

export const STATEMENT_FORMS = ['json', 'csv', 'html'] as const
export type StatementForm = (typeof STATEMENT_FORMS)[number]
/** Makes the text of a statement in one form; the same text for the same statement. */
export type RenderCopy = (statement: Statement, form: StatementForm) => string

/** A request to issue one statement; without a customer, the site’s own. */
export interface IssueRequest {
  month: string
  customer?: string | undefined
  by: string
  /** issue it although minutes wait or are unpriced; they become corrections */
  incomplete: boolean
}

/** The statements for the API. Promises reject with a PerwattError if the store fails or takes too long. */
export interface StatementSource {
  /** As the ledger is now: a draft. Undefined if the customer has no workload, now or in that month. */
  statement(request: StatementRequest): Promise<Statement | undefined>
  /** IANA name of the site’s time zone */
  readonly timeZone: string
  /** The number of a statement, issued or not. */
  number(request: Pick<StatementRequest, 'month' | 'customer'>): string
  /** A copy of an issued statement, byte for byte as it was issued; undefined for a draft. */
  issuedText(request: StatementRequest, form: StatementForm): Promise<string | undefined>
  /** Issued statements, oldest first; of one month, or all. */
  issues(month?: string): Promise<IssueView[]>
  /**
   * Issues a statement of a month that is over: it stays as it is from now on. Undefined if there is no such customer.
   * @throws PerwattError `already-issued`; `incomplete` while minutes wait or are unpriced
   */
  issue(request: IssueRequest, render: RenderCopy): Promise<IssueView | undefined>
  /** all statements of a month. @param month `2026-11` */
  list(month: string): Promise<StatementList>
  /** start and end of a month in the site’s time zone, Unix ms. @throws RangeError if the name is not a month */
  period(month: string): Period
}

/** Builds monthly statements by customer from the ledger. */
export class StatementService implements StatementSource {
  readonly #o: StatementServiceOptions
  /** months that are being read: concurrent requests for a month share one read */
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
    const ledgerMonth = await this.#read(month)
    const corrected = await this.#corrected(customer, month)
    const facts = await this.#factsOf({ month, customer }, ledgerMonth, corrected)
    return facts && buildStatement({ ...facts, copy })
  }

  number({ month, customer }: Pick<StatementRequest, 'month' | 'customer'>): string {
    return numberOf(this.#o.site.id, month, customer)
  }

  async issuedText(request: StatementRequest, form: StatementForm): Promise<string | undefined> {
    return this.#o.store.issueText(this.number(request), `${request.copy}.${form}`)
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
    const known = await this.#issued.find(number)
    if (known) throw alreadyIssued(known)
    const atMs = nowMs()
    const period = this.period(month)
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
    const open = openPoints(ledgerMonth)
    if (open && !request.incomplete) throw incomplete(number, open)
    const workloads = [...new Set(facts.accounts.map((a) => a.workload))]
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
      { part: WORKLOADS_PART, text: JSON.stringify(workloads) },
      { part: minutesPart(month), text: await minutes.toText(workloads) },
      ...(await Promise.all(corrected.map(({ text }) => text()))),
    ])
    this.#o.log.info('statement issued', { number, by, totalUsd, dueUsd })
    return issueView(issue)
  }

  #corrected(customer: string | undefined, month: string): Promise<CorrectedMonth[]> {
    const { timeZone } = this.#o.pricing.present
    return this.#issued.corrected(customer, month, timeZone, (w) => this.#customerOf(w) === customer)
  }

  /** What a statement of either copy is built from; undefined where there is no such customer. */
  async #factsOf(
    { month, customer }: Pick<StatementRequest, 'month' | 'customer'>,
    ledgerMonth: LedgerMonth,
    corrected: readonly CorrectedMonth[],
  ): Promise<Omit<StatementFacts, 'copy'> | undefined> {
    const { store, pricing, site, nowMs } = this.#o
    if (!this.#customers(ledgerMonth).includes(customer)) return undefined
    const { period } = ledgerMonth
    const accounts = ledgerMonth.accounts.filter((a) => this.#customerOf(a.workload) === customer)
    const overlapping = (r: { fromMs: number; toMs: number }) =>
      r.fromMs < period.endMs && r.toMs > period.startMs
    const repricings = (await store.repricings(MAX_REPRICINGS)).filter(overlapping)
    const heldBack = (await store.heldBack(period.startMs, period.endMs, DAY_MS)).filter(
      (held) => this.#customerOf(held.workload) === customer,
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
    const ledgerMonth = await this.#read(month)
    const { period } = ledgerMonth
    const issues = new Map((await this.issues(month)).map((issue) => [issue.number, issue]))
    const statements: StatementList['statements'] = []
    for (const customer of this.#customers(ledgerMonth)) {
      const accounts = ledgerMonth.accounts.filter((a) => this.#customerOf(a.workload) === customer)
      const revenueNanoUsd = accounts.reduce((sum, a) => sum + a.sums.revenueNanoUsd, 0)
      const number = numberOf(this.#o.site.id, month, customer)
      const issue = issues.get(number)
      const corrections = await this.#correctionsOf({ month, customer }, issue)
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
    return {
      month,
      from: new Date(period.startMs).toISOString(),
      to: new Date(period.endMs).toISOString(),
      toDate: this.#o.nowMs() < period.endMs,
      through: new Date(ledgerMonth.throughMs).toISOString(),
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

  /** The customer of a workload now, also for its past, as in the ledger's groups by customer. */
  #customerOf(workload: string): string | undefined {
    return this.#o.pricing.workload(workload)?.customer
  }

  /** All customers; undefined, the site itself, comes first, then the names in order. */
  #customers({ accounts }: LedgerMonth): (string | undefined)[] {
    const names = new Set([
      ...accounts.map((a) => this.#customerOf(a.workload)),
      ...this.#o.pricing.present.workloads.map((w) => w.customer),
    ])
    names.delete(undefined)
    return [undefined, ...[...names].sort()]
  }

  #read(month: string): Promise<LedgerMonth> {
    const reading = this.#reading.get(month)
    if (reading) return reading
    const ledgerMonth = withDeadline(
      (signal) => readLedgerMonth(this.#o, this.period(month), this.#o.nowMs(), signal),
      READ_MS,
    ).finally(() => this.#reading.delete(month))
    this.#reading.set(month, ledgerMonth)
    return ledgerMonth
  }
}
