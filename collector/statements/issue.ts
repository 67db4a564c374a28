import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Issue } from '../plugin/issue-store.ts'
import type { IssueView, Statement, StatementList } from '../views/statement.ts'
import type { LedgerMonth } from './ledger-month.ts'

/** What issuing a statement needs beside the statement itself. */

export const COPIES: readonly Statement['copy'][] = ['customer', 'own']

export const issueView = ({ atMs, ...issue }: Issue): IssueView => ({
  ...issue,
  at: new Date(atMs).toISOString(),
})

/** How an entry of a month's list says that its statement was issued. */
export const issuedOf = ({
  at,
  by,
  revision,
  totalUsd,
  dueUsd,
}: IssueView): StatementList['statements'][number]['issued'] => ({ at, by, revision, totalUsd, dueUsd })

/** The prices that the month lacks, in words; undefined where there are all. */
export function unpricedPoints({ unpriced }: Pick<LedgerMonth, 'unpriced'>): string | undefined {
  const points = [...unpriced].map(([name, minutes]) => `${minutes} minutes have no price of ${name}`)
  return points.length > 0 ? points.join(', ') : undefined
}

export const alreadyIssued = ({ number, atMs, by }: Issue): PerwattError =>
  new PerwattError(
    'already-issued',
    `${number} was issued by ${by} at ${new Date(atMs).toISOString()} and stays as it is; what has changed since stands as corrections on the next statement`,
  )

/** A statement that would print a part of the month as its total. Nobody can ask for that. */
export const provisional = (number: string, waitingMinutes: number): PerwattError =>
  new PerwattError(
    'incomplete',
    `${number} is not issued: ${waitingMinutes} minutes of the month wait to be settled, so it is provisional; issue it when they are, which happens by itself`,
  )

export const incomplete = (number: string, open: string): PerwattError =>
  new PerwattError(
    'incomplete',
    `${number} is not issued: ${open}; push the prices, or issue it as it is with incomplete, and the rest becomes corrections`,
  )
