import type { Quote, QuoteName } from '../../protocol/quote.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'
import type { Decision } from './held.ts'

/** What stands behind the ledger's figures, so that each can be explained, settled again as it was priced, and audited. */

/** Records that an agent lost before the collector could store them. Its key is (agentId, epoch, seq). */
export interface Loss {
  agentId: string
  epoch: number
  /** sequence number of the first record after the lost ones */
  seq: number
  records: number
  /** when the agent reported it, collector's clock */
  atMs: number
  /** approximate time of the lost records; absent where the agent does not know */
  fromMs?: number
  toMs?: number
  /** why, where it was not the agent's spool that was full or damaged */
  cause?: string
  /** present: the numbers of the agent's records told of it */
  kind?: LossKind
}

/** The cause of a loss that is no fault of the agent's. */
export const BY_DATABASE =
  'the database lost them, or was put back to an earlier state, and the agent no longer has them, because they had been acknowledged; look whether a newer file or backup of the database is there'

/** A cause that changed nothing: why the figures of a minute stay. */
export const RECORDS_GONE =
  'records that it was settled from are gone from the database: its figures stay as they were'
/** A cause that changed nothing: what else was kept of how a minute was settled can't be read. */
export const SETTLING_GONE = 'with which prices it was settled is gone from the database: its figures stay'

export const LOSS_KINDS = ['went-back', 'another-spool', 'reset'] as const
/**
 * What became of an agent's numbers: `went-back`: the agent's spool is an earlier state of the one that sent the last records (restored, rolled
 * back, copied); `another-spool`: it does not descend from that one; `reset`: a person put the numbers back, which loses nothing.
 */
export type LossKind = (typeof LOSS_KINDS)[number]

/** The pricing rules in force from a time. Its key is (version, fromMs): an earlier version may be in force again. */
export interface RulesVersion {
  /** hash of the text */
  version: string
  /** since when the collector runs with these rules */
  fromMs: number
  /** JSON of the rules: workloads, site meter, attribution, costs, time zone */
  text: string
}

/** How a minute was priced. Its key is the minute; a newer revision replaces the older one. */
export interface Settlement {
  minuteMs: number
  /** 1 at first, one more each time that the minute's figures changed; 0 where it was priced before its records came */
  revision: number
  /** when this revision was made */
  settledMs: number
  rulesVersion: string
  /** the prices that it was settled with */
  quotes: readonly Quote[]
  /** the prices that it needed and nobody knew: what depends on them is unpriced; absent where there are all */
  missing?: readonly QuoteName[]
  /** why its figures changed after it was first settled, oldest first; absent where they did not */
  causes?: readonly Cause[]
}

/** Why a settled minute was settled again with other figures, or why it can't be settled again. */
export interface Cause {
  atMs: number
  /** for a person: `late records`, `a price of this time came`, `repriced by anna: meter tariff was wrong` */
  why: string
}

/** A request to price past minutes again: who asked, why, and how far it is. Its key is the id. */
export interface Repricing {
  id: string
  /** time of the request */
  atMs: number
  by: string
  reason: string
  /** whole minutes; the end is exclusive */
  fromMs: number
  toMs: number
  /** version that replaces the rules of the time; '' where each minute keeps its own */
  rulesVersion: string
  /** corrected quotes: each holds from its time, or from the begin of the range, to the next of its name */
  quotes: readonly Quote[]
  /** minutes before this are done */
  doneMs: number
  /** present: a person ended it before it was done */
  cancelled?: { atMs: number; by: string }
  /** present: it settles the minutes of held records that a person accepted or rejected, each with its own prices */
  decision?: Decision
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

/** Changes of a repricing, added up over a bucket of time. */
export interface ChangeBucket extends Omit<Change, 'minuteMs'> {
  startMs: number
}

/** A bucket with minutes that were settled more than once: their highest revision, and when the newest was made. */
export interface Restatement {
  startMs: number
  revision: number
  restatedMs: number
}

/** A minute with something unpriced, and the prices that are missing for it. */
export interface UnpricedMinute {
  minuteMs: number
  missing: readonly QuoteName[]
}

/** The part of the store that keeps what the audit needs. */
export interface AuditStore {
  /** The newest `limit` losses, newest first. */
  losses(limit: number): Promise<Loss[]>
  /** Keeps the newest `keep` losses of each agent. */
  pruneLosses(keep: number): Promise<void>

  writeRulesVersion(version: RulesVersion): Promise<void>
  /** Removes one that began by a wrong clock. */
  removeRulesVersion(key: Pick<RulesVersion, 'version' | 'fromMs'>): Promise<void>
  /** All, oldest first. */
  rulesVersions(): Promise<RulesVersion[]>

  /** Of minutes in [fromMs, toMs), oldest first. */
  settlements(fromMs: number, toMs: number): Promise<Settlement[]>
  /** Those whose newest revision was made after `sinceMs`, oldest first. */
  settledSince(fromMs: number, toMs: number, sinceMs: number): Promise<Settlement[]>
  /** Minutes in [fromMs, toMs) that lack prices, oldest first. */
  unpriced(fromMs: number, toMs: number): Promise<UnpricedMinute[]>
  /** By buckets that begin at multiples of `stepMs`, oldest first; buckets without a restated minute are left out. */
  restatements(range: { fromMs: number; toMs: number; stepMs: number }): Promise<Restatement[]>

  writeRepricing(repricing: Repricing): Promise<void>
  /** The newest `limit` repricings, newest first. */
  repricings(limit: number): Promise<Repricing[]>
  /** What a repricing changed, by buckets that begin at multiples of `stepMs`, in order of time and group. */
  changes(of: Pick<Repricing, 'id' | 'fromMs' | 'toMs'>, stepMs: number): Promise<ChangeBucket[]>
}
