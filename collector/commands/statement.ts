import { UsageError } from '../../protocol/kit/errors.ts'
import { table } from '../../protocol/kit/table.ts'
import { plain, printLine } from '../../protocol/kit/terminal.ts'
import type { IssueView } from '../views/statement.ts'
import { ApiClient, type ApiOptions } from './api-client.ts'
import { write } from './report.ts'

export interface StatementOptions extends ApiOptions {
  month?: string
  customer?: string
  copy?: string
  format: string
  draft?: boolean
}

export interface IssueOptions extends ApiOptions {
  month: string
  customer?: string
  by: string
  incomplete?: boolean
}

export interface IssuedOptions extends ApiOptions {
  month?: string
}

/** Writes a customer’s statement, or the site’s own, to standard output: the issued copy, or a draft where there is none. */
export async function statement(options: StatementOptions): Promise<void> {
  const { month, customer, copy, format, draft } = options
  if (month === undefined) throw new UsageError(['--month: expected a month, such as 2026-11'])
  const query = {
    month,
    format,
    ...(customer === undefined ? {} : { customer }),
    ...(copy === undefined ? {} : { copy }),
    ...(draft ? { draft: 'true' } : {}),
  }
  for await (const piece of new ApiClient(options).download('/api/v1/statement', query)) await write(piece)
}

/** Issues a statement, which stays as it is from then on. */
export async function issueStatement(options: IssueOptions): Promise<void> {
  const { month, customer, by, incomplete = false } = options
  const body = { month, by, incomplete, ...(customer === undefined ? {} : { customer }) }
  const issue = await new ApiClient(options).ask<IssueView>('/api/v1/statements/issue', {}, body)
  const due = issue.dueUsd === issue.totalUsd ? '' : `, ${issue.dueUsd.toFixed(2)} due with corrections`
  printLine(
    `issued ${plain(issue.number)}, revision ${issue.revision}: ${issue.totalUsd.toFixed(2)} USD${due}; later changes are corrections on another statement`,
  )
}

/** Prints the issued statements. */
export async function issuedStatements(options: IssuedOptions): Promise<void> {
  const { month } = options
  const issues = await new ApiClient(options).ask<IssueView[]>(
    '/api/v1/statements/issued',
    month === undefined ? {} : { month },
  )
  printLine(issues.length === 0 ? 'no statement was issued' : issuedText(issues))
}

const issuedText = (issues: readonly IssueView[]): string =>
  table(
    ['number', 'month', 'customer', 'total USD', 'due USD', 'issued', 'by', 'revision'],
    issues.map((issue) =>
      [
        issue.number,
        issue.month,
        issue.customer ?? 'the site itself',
        issue.totalUsd.toFixed(2),
        issue.dueUsd.toFixed(2),
        issue.at,
        issue.by,
        issue.revision,
      ].map(plain),
    ),
  )
