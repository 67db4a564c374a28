import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Issue } from '../plugin/issue-store.ts'
import { type OpenOfMonth, whyProvisional } from '../views/provisional.ts'
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

/** What would change the month once somebody acts, in words, with the act; undefined where nothing would. */
function openPoints({ unpriced, putAsideRecords = 0, doubtfulRecords = 0 }: Open): string | undefined {
  const points = [...unpriced].map(([name, minutes]) => `${minutes} minutes have no price of ${name}`)
  if (points.length > 0) points.push('push the prices')
  const waiting = whyProvisional({ waitingMinutes: 0, putAsideRecords, doubtfulRecords })
  if (putAsideRecords > 0) waiting.push('decide with perwatt-collector quarantine')
  if (doubtfulRecords > 0) waiting.push('decide with perwatt-collector doubts or devices')
  return points.length + waiting.length > 0 ? [...points, ...waiting].join(', ') : undefined
}
type Open = Pick<LedgerMonth, 'unpriced'> & OpenOfMonth

export const alreadyIssued = ({ number, atMs, by }: Issue): PerwattError =>
  new PerwattError(
    'already-issued',
    `${number} was issued by ${by} at ${new Date(atMs).toISOString()} and stays as it is; what has changed since stands as corrections on the next statement`,
  )

/** A statement that would print a part of the month as its total. Nobody can ask for that. */
const provisional = (number: string, waitingMinutes: number): PerwattError =>
  new PerwattError(
    'incomplete',
    `${number} is not issued: ${waitingMinutes} minutes of the month wait to be settled, so it is provisional; issue it when they are, which happens by itself`,
  )

const incomplete = (number: string, open: string): PerwattError =>
  new PerwattError(
    'incomplete',
    `${number} is not issued: ${open}; issue it as it is with incomplete, and the rest becomes corrections`,
  )

/**
 * Refuses a statement that something would change soon.
 * @param isIncomplete true: the person wants it although minutes are unpriced, or records undecided
 * @throws PerwattError `incomplete` while minutes wait to be settled or are unpriced, or records wait for a decision
 */
export function refuseOpen(number: string, month: Open, isIncomplete: boolean): void {
  if (month.waitingMinutes > 0) throw provisional(number, month.waitingMinutes)
  const open = openPoints(month)
  if (open && !isIncomplete) throw incomplete(number, open)
}
