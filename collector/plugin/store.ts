import type { z } from 'zod'
import type { Interval } from '../../protocol/interval.ts'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { Plugin } from '../../protocol/kit/plugin.ts'
import type { Quote } from '../../protocol/quote.ts'
import type { Sample } from '../../protocol/sample.ts'
import type { AgentInterval, LedgerRow, LedgerSums } from '../economics/ledger-row.ts'
import type { TrueUp } from '../economics/true-up.ts'
import type { AuditStore, Change, Loss, Repricing, Settlement } from './audit-store.ts'
import type { ClaimStore } from './claim-store.ts'
import type { HeldBack, RecordHold } from './held.ts'
import type { HeldStore } from './held-store.ts'
import type { IssueStore } from './issue-store.ts'
import type { LeaseStore } from './lease-store.ts'
import type { StoreRepair } from './store-repair.ts'

/** How far an agent's records are in the store without a hole. */
export interface HighWater {
  epoch: number
  seq: number
  /** life of the agent's spool that the epoch belongs to; absent: an older agent's */
  life?: string
  /** start of the newest record of the agent, Unix ms */
  newestMs?: number
  /** what is still open of records that a former life of the spool stored, as JSON; absent: nothing */
  overlap?: string
  /** how many records the mark's numbers don't tell, as JSON; absent: none */
  tally?: string
}

export const GROUP_BYS = ['workload', 'device', 'agent', 'container', 'rack', 'site'] as const
export type GroupBy = (typeof GROUP_BYS)[number]

export interface LedgerQuery {
  /** inclusive, exclusive; whole minutes */
  fromMs: number
  toMs: number
  /** width of a bucket, whole minutes; buckets begin at multiples of it since 1970 (UTC) */
  stepMs: number
  groupBy: GroupBy
}

/** One bucket of one group. `group` is the workload, deviceId, agentId, container or rack; 'site' for the whole. */
export interface LedgerBucket extends LedgerSums {
  startMs: number
  group: string
}

/** Whether a store will never take this, however often it is sent: PerwattError `store-refused`. */
export const isRefused = (error: unknown): boolean =>
  error instanceof PerwattError && error.code === 'store-refused'

/** Why a store takes nothing: another collector has it, and this one stands by. */
export const STANDS_BY = 'store-standing-by'

/** A sample with its agent, as kept for charts. */
export interface StoredSample {
  agentId: string
  deviceId: string
  /** collector's clock */
  atMs: number
  state: Sample['state']
  powerW?: number
  hashrateHs?: number
  utilizationRatio?: number
  tempC?: number
}

/** A message that could not be used: kept for a look, bounded by `keep`. */
export interface Quarantined {
  atMs: number
  agentId: string
  topic: string
  reason: string
  /** beginning of the payload */
  payload: string
}

/** What a device recorded of late. */
export interface DevicePast {
  agentId: string
  deviceId: string
  /** end of its newest record, held ones too: Unix ms, agent's clock */
  endMs: number
  /** of its newest records that count: their energy and the sum of their durations. Absent: there is none */
  energy?: { energyMilliJ: number; exportedMilliJ: number; overMs: number }
}

/** What one agent's batch adds to the store. */
export interface Append {
  agentId: string
  /** the agent's new high-water mark */
  mark: HighWater
  records: readonly Interval[]
  /** those of the records that count only once a person accepts them */
  holds?: readonly RecordHold[]
  /** what the agent says it lost before these records */
  losses?: readonly Loss[]
}

/** What is kept of how minutes were settled, together with their rows. */
export interface SettledWith {
  settlements?: readonly Settlement[]
  changes?: readonly Change[]
  /** how far it is with these minutes */
  repricing?: Repricing
  /** what the open held records of these minutes would be worth; replaces what was kept of them */
  heldBack?: readonly HeldBack[]
  /** the minutes become such as were never settled: what was kept of how they were goes too */
  takesBack?: true
}

/** The work of one machine for one owner in a time of the ledger, true-ups left out. */
export interface OwnerWork {
  owner: string
  agentId: string
  deviceId: string
  workDiff1: number
  estimatedWorkDiff1: number
  /** observed time, ms */
  coveredMs: number
  /** standard deviation of the counted work, from the scatter of its minutes: chance by the size of a share, and starts and stops */
  workScatterDiff1: number
  /** observed time of the machines with estimated work, ms */
  estimatedCoveredMs: number
}

/** What is wrong with a store that answers, for a person. */
export interface StoreWarning {
  atMs: number
  /** who and what: `influx http://...: the database came back empty` */
  what: string
  /** what to do about it */
  cure: string
  /** present where records are gone that the store had: of these agents */
  agents?: readonly string[]
}

/** Where the collector keeps what it must not lose. Every method rejects with a PerwattError when the store can't do it. */
export interface Store extends AuditStore, HeldStore, IssueStore, ClaimStore {
  readonly name: string
  /** present: several collectors can open it at once, and must not */
  readonly shared?: LeaseStore
  /**
   * Creates what is missing (database, tables).
   * @param obtain of a shared store: runs once its leases can be read and before anything else is written; where it rejects, nothing is
   */
  open(obtain?: () => Promise<void>): Promise<void>
  close(): Promise<void>
  /** How long the database keeps what is written, ms, by a retention of its own. Absent where it keeps everything. Known once open. */
  readonly keepsMs?: number | undefined
  /** What is wrong with the store though it answers, newest last; absent where it never is. */
  readonly warnings?: readonly StoreWarning[]
  /**
   * Calls `listener` whenever the open database turns out to be without what it held: it was dropped, came back without its data, or was put
   * back to an earlier state. Its marks then stand at sequence number 0 of their epochs, or where the earlier state has them: agents send
   * again what they still hold, and the rest is counted as lost. Nothing is appended until the marks are read again.
   */
  onEmptied?(listener: () => void): void
  /** Calls `listener` whenever another program turns out to have written to the open database. Nothing is appended until it is opened and read again. */
  onOvertaken?(listener: () => void): void
  /** Looks whether the open database still has what it had, as each append does. Rejects where it has not. */
  check?(): Promise<void>

  /**
   * Writes records and the agent's new high-water mark, all or nothing; resolves when they are safe (committed and
   * synced, or accepted by the server). A record whose key is there already changes
   * nothing: the caller gives no two records of one key that differ.
   */
  append(agentId: string, mark: HighWater, records: readonly Interval[]): Promise<void>
  /** The same for many agents at once, all or nothing: ten thousand small batches can't each wait for the disk. */
  appendAll(parts: readonly Append[]): Promise<void>
  highWaters(): Promise<Map<string, HighWater>>
  /** Start of the oldest record, held or not; undefined where there is none. */
  firstRecordMs(): Promise<number | undefined>
  /** Start of the newest record, Unix ms; undefined where there is none. */
  newestRecordMs(): Promise<number | undefined>
  /**
   * Records that start in [fromMs, toMs) and count: those that are held are left out until they are accepted.
   * @param agentId of this agent alone; absent: of all
   */
  intervals(fromMs: number, toMs: number, agentId?: string): Promise<AgentInterval[]>

  /**
   * The devices with records that start at or after `fromMs`, in any order.
   * @param energyFromMs start of the records whose energy is added up
   */
  pastOfDevices(fromMs: number, energyFromMs: number): Promise<DevicePast[]>

  /**
   * Replaces the whole ledger of these minutes, and keeps with what they were settled. Minutes named with no row become empty. Rejects with
   * `store-refused` where a row is of another minute.
   */
  settle(minutes: readonly number[], rows: readonly LedgerRow[], settledWith?: SettledWith): Promise<void>
  ledger(query: LedgerQuery): Promise<LedgerBucket[]>
  /**
   * Minutes in [fromMs, toMs) whose number of counting intervals is not the sum of `intervals` over their ledger rows: what a
   * stopped collector left unsettled, or a late interval has outdated. Minutes settled from more records than are stored, held ones
   * included, are left out: settled again they would lose what is lost in the database alone.
   */
  unsettledMinutes(fromMs: number, toMs: number): Promise<number[]>

  /** Keeps true-ups; one replaces another of the same workload, worker and day. */
  writeTrueUps(trueUps: readonly TrueUp[]): Promise<void>
  /** Of days that start in [fromMs, toMs), in order of day, workload and worker. */
  trueUps(fromMs: number, toMs: number): Promise<TrueUp[]>
  /** A workload's ledger over [fromMs, toMs) by owner and machine, in their order. Owners are ledger keys (`ownerKey`). */
  workByOwner(workload: string, fromMs: number, toMs: number): Promise<OwnerWork[]>

  /** Keeps a text of any length for the collector's next start; one replaces another of the same kind and name. */
  keepText(kind: string, name: string, text: string): Promise<void>
  /** The kept texts of a kind, by name. One that a stop cut short may be missing. */
  keptTexts(kind: string): Promise<Map<string, string>>

  writeSamples(samples: readonly StoredSample[]): Promise<void>
  /** A device's samples in [fromMs, toMs), oldest first, at most `limit` evenly thinned. */
  samples(deviceId: string, fromMs: number, toMs: number, limit: number): Promise<StoredSample[]>

  writeQuotes(quotes: readonly Quote[]): Promise<void>
  quotes(): Promise<Quote[]>

  /** Keeps the newest `keep` of them. */
  quarantine(entries: readonly Quarantined[], keep: number): Promise<void>
  quarantined(limit: number): Promise<Quarantined[]>

  /** Removes samples older than `samplesBeforeMs` (the ledger stays). */
  prune(samplesBeforeMs: number): Promise<void>
}

/** What a store is opened with. */
export interface StoreContext {
  /** the collector's data folder; relative paths begin here */
  dataFolder: string
  log: Log
}

/** The contract of a kind of store. One file or folder each in stores/. */
export interface StorePlugin<S extends z.ZodObject = z.ZodObject> extends Plugin<S> {
  /** Does no I/O yet: the store's own `open` does. */
  open(settings: z.output<S>, context: StoreContext): Store
  /**
   * Plans the repair of a damaged store that no collector has open, and changes nothing yet. Absent where a store has nothing to
   * repair from here. @returns undefined where it is whole. Rejects where it can't be repaired
   */
  repair?(settings: z.output<S>, context: StoreContext): Promise<StoreRepair | undefined>
}

export const defineStore = <S extends z.ZodObject>(store: StorePlugin<S>): StorePlugin<S> => store
