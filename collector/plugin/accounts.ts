import type { Quote } from '../../protocol/quote.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'

/** What stands behind the ledger's figures, so that each can be explained, restated as it was priced, and audited. */

/** Records that an agent closed and lost before we could take them. Its key is (agentId, epoch, seq). */
export interface Loss {
  agentId: string
  epoch: number
  /** of the first record after the lost ones */
  seq: number
  records: number
  /** when it was told, collector's clock */
  atMs: number
  /** about the time of the lost records; absent where the agent does not know */
  fromMs?: number
  toMs?: number
}

/** The rules of the configuration at a time. Its key is (version, fromMs): an earlier version may hold again. */
export interface Terms {
  /** hash of the text */
  version: string
  /** since when the collector runs with them */
  fromMs: number
  /** JSON of the workloads and the site meter */
  text: string
}

/** How a minute was priced. Its key is the minute; the newest revision replaces the one before. */
export interface Settlement {
  minuteMs: number
  /** 1 at first; one more each time that its figures changed */
  revision: number
  /** when this revision was made */
  settledMs: number
  /** version of the terms */
  terms: string
  /** the prices that it was settled with */
  quotes: readonly Quote[]
}

/** Who had which time priced anew, and why. Its key is the id. */
export interface Repricing {
  id: string
  /** when it was asked for */
  atMs: number
  by: string
  reason: string
  /** whole minutes; the end is exclusive */
  fromMs: number
  toMs: number
  /** version of the terms that replace those of the time; '' where each minute keeps its own */
  terms: string
  /** corrected quotes: each holds from its time, or from the begin of the range, to the next of its name */
  quotes: readonly Quote[]
  /** minutes before this are done */
  doneMs: number
}

/** What a repricing did to one group of one minute. Its key is (repricing, minuteMs, group). */
export interface Change {
  repricing: string
  minuteMs: number
  /** workload */
  group: string
  before: LedgerSums
  after: LedgerSums
}

/** Changes of a repricing, added up over a time. */
export interface ChangeBucket extends Omit<Change, 'minuteMs'> {
  startMs: number
}

/** Settled more than once: the highest revision in a bucket, and when its newest restatement was made. */
export interface Restatement {
  startMs: number
  revision: number
  restatedMs: number
}

/** The part of the store that keeps them. */
export interface Accounts {
  /** The newest `limit` losses, newest first. */
  losses(limit: number): Promise<Loss[]>

  writeTerms(terms: Terms): Promise<void>
  /** All, oldest first. */
  terms(): Promise<Terms[]>

  /** Of minutes in [fromMs, toMs), oldest first. */
  settlements(fromMs: number, toMs: number): Promise<Settlement[]>
  /** By buckets that begin at multiples of `stepMs`, oldest first; those never restated are left out. */
  restatements(range: { fromMs: number; toMs: number; stepMs: number }): Promise<Restatement[]>

  writeRepricing(repricing: Repricing): Promise<void>
  /** The newest `limit` repricings, newest first. */
  repricings(limit: number): Promise<Repricing[]>
  /** What a repricing changed, by buckets that begin at multiples of `stepMs`, in order of time and group. */
  changes(of: Pick<Repricing, 'id' | 'fromMs' | 'toMs'>, stepMs: number): Promise<ChangeBucket[]>
}
