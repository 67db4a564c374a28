import type { Period } from '../economics/calendar.ts'
import type { IssueView, Statement, StatementList } from '../views/statement.ts'

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
  /** issue it although minutes are unpriced; they become corrections */
  incomplete: boolean
}

/** The statements for the API. Promises reject with a PerwattError if the store fails or takes too long. */
export interface StatementSource {
  /** As the ledger is now: a draft. Undefined if the customer has no workload, now or in that month, and no issued statement. */
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
   * @throws PerwattError `already-issued`; `incomplete` while minutes wait to be settled, or are unpriced
   */
  issue(request: IssueRequest, render: RenderCopy): Promise<IssueView | undefined>
  /** all statements of a month. @param month `2026-11` */
  list(month: string): Promise<StatementList>
  /** start and end of a month in the site’s time zone, Unix ms. @throws RangeError if the name is not a month */
  period(month: string): Period
}
