import type { MonthAccount } from '../economics/statement/month-account.ts'
import type { ChangeBucket, Repricing } from '../plugin/audit-store.ts'
import type { HeldBackBucket } from '../plugin/held.ts'
import type { Statement } from '../views/statement.ts'
import type { ExactCorrection } from './corrections.ts'
import type { LedgerMonth } from './ledger-month.ts'

/** The inputs of a statement. */
export interface StatementFacts {
  site: { id: string; name?: string | undefined }
  timeZone: string
  month: string
  /** undefined for the site’s own statement */
  customer: string | undefined
  copy: Statement['copy']
  ledgerMonth: LedgerMonth
  /** the accounts of this customer */
  accounts: readonly MonthAccount[]
  /** repricings that overlap the month, with their changes in it */
  repricings: readonly { repricing: Repricing; changes: readonly ChangeBucket[] }[]
  /** what the open held records of this customer’s workloads would be worth */
  heldBack: readonly HeldBackBucket[]
  /** records lost in the month, whole site */
  lostRecords: number
  /** records that were put aside in the month, whole site */
  putAsideRecords: number
  nowMs: number
  /** absent for a draft */
  issued?: { atMs: number; by: string } | undefined
  /** changes of statements that were issued before, exact */
  corrections: readonly ExactCorrection[]
}
