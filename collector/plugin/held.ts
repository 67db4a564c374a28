import type { Interval } from '../../protocol/interval.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'

/**
 * Held records: kept like every other record, but in no sum of the ledger until a person accepts them. A record may be held for
 * several reasons; it counts once each of them is accepted.
 */

/**
 * What a record is held for. `doubt`: its device can't have done that. `claim`: another agent has the device. `quarantine`: it was
 * put aside before, and came in by a command.
 */
export const HOLD_KINDS = ['doubt', 'claim', 'quarantine'] as const
export type HoldKind = (typeof HOLD_KINDS)[number]

/**
 * The check that holds GPU time that another device is paid for. It can be rejected, and never accepted: that would pay a GPU-second to a
 * second device.
 */
export const GPU_TWICE = 'gpu-twice'
/** The check that doubts a record's energy alone: its work, GPU time and tokens count meanwhile. */
export const ENERGY_ALONE = 'meter'

/** The check that puts a record aside because it is older than the retention. */
export const TOO_OLD = 'too-old'
/** The check that puts a record aside that is from the future by the collector's clock and by its agent's clock of now. */
export const FROM_FUTURE = 'from-future'
/** The check that puts a record aside that was stored by a clock of the collector’s that no other had confirmed and that was set since. */
export const WRONG_CLOCK = 'wrong-clock'
/** The checks that put a record aside for the time that it says: it may be taken in at another. */
export const WRONG_TIME = [TOO_OLD, FROM_FUTURE, WRONG_CLOCK] as const

/** `open` until a person decides. A decision may be turned round later. */
export const HOLD_STATES = ['open', 'accepted', 'rejected'] as const
export type HoldState = (typeof HOLD_STATES)[number]

/** Why a record is held. */
export interface Hold {
  kind: HoldKind
  /** short name of the check that holds it, by which many are decided at once: `work`, `energy`, `coverage` ... */
  check: string
  /** for a person: who, both figures, what to look at */
  reason: string
}

/** The key of a stored record. */
export type RecordKey = Pick<AgentInterval, 'agentId' | 'deviceId' | 'owner' | 'startMs'>

/** A hold of one record. Its key is the record's with kind and check; the first of a key stays. */
export interface HeldMark extends Hold, RecordKey {
  /** collector's clock */
  heldMs: number
}

/** A hold of a record that is stored in the same transaction. */
export interface RecordHold extends Hold {
  record: Interval
  heldMs: number
}

/** A held record with its hold; one with several holds comes once for each. */
export interface HeldRecord extends Hold {
  record: AgentInterval
  heldMs: number
  state: HoldState
  /** id of the repricing that decided it last; absent while nobody did */
  decision?: string
}

/** Which holds are meant: those that match everything named here. An empty list matches none. */
export interface HeldFilter {
  kinds?: readonly HoldKind[]
  checks?: readonly string[]
  agents?: readonly string[]
  devices?: readonly string[]
  state?: HoldState
  /** id of the repricing that decided them last */
  decision?: string
  /** the record's start: inclusive, exclusive */
  fromMs?: number
  toMs?: number
}

/** Holds of one device for one reason, added up. */
export interface HeldGroup extends Hold {
  agentId: string
  deviceId: string
  state: HoldState
  records: number
  /** start of the first and of the last record */
  firstMs: number
  lastMs: number
}

/** What a person decided about held records. `open`: an earlier decision is taken back, and nothing is decided. */
export interface Decision {
  verdict: HoldState
  /** within the times of the repricing that carries it out */
  filter: HeldFilter
  /** holds that matched when it was asked for */
  records: number
  /** present: the records were moved by so much from where they were put aside, ms */
  shiftMs?: number
}

/** What a minute's open held records would be worth at the minute's prices, by workload. */
export interface HeldBack {
  minuteMs: number
  workload: string
  /** of the first hold, where a record has several */
  kind: HoldKind
  records: number
  revenueNanoUsd: number
  energyMilliJ: number
}

/** The same, added up over a bucket of time. */
export interface HeldBackBucket extends Omit<HeldBack, 'minuteMs'> {
  startMs: number
}
