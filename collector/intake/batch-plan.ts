import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'
import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import type { AckMessage } from '../../protocol/status.ts'
import type { Loss } from '../plugin/audit-store.ts'
import { BEYOND_LEDGER, type Hold, type RecordHold } from '../plugin/held.ts'
import type { Append, HighWater, Quarantined } from '../plugin/store.ts'
import { recordFault } from './record-limits.ts'

const REASON_CHARS = 512

/** A batch of one agent as it was received. */
export interface AgentBatch {
  agentId: string
  batch: IntervalBatch
  /**
   * Set where the records could not be decoded: how many the batch numbers, and why. The high-water mark passes over them, so that
   * later batches can follow; their bytes are in quarantine.
   */
  unreadable?: { records: number; reason: string }
}

/** An acknowledgement without the fields that only the sender of the reply knows. */
export type BatchAnswer = Omit<AckMessage, 'v' | 'creditRecords' | 'pauseMs' | 'atMs' | 'echoSentAtMs'>

/** What one batch comes to: what is stored, what is quarantined, and what the agent is answered once it is stored. */
export interface BatchPlan {
  delivery: AgentBatch
  answer: BatchAnswer
  /** absent where the batch holds nothing new */
  append?: Append
  aside: Quarantined[]
}

/**
 * Looks at each record once, in the order of its agent, before it is stored. A record for which one gives a hold is stored, and
 * counts only once a person accepts it.
 */
export type RecordJudge = (agentId: string, record: Interval) => Hold | undefined

export interface PlanContext {
  /** collector's clock */
  nowMs: number
  /** records older than this are put aside */
  retentionMs: number
  /** whether the collector's clock may be wrong: then no record is too old */
  clockInDoubt?: boolean
  judges?: readonly RecordJudge[]
}

/**
 * Plans one batch against the agent's high-water mark: exactly the records after the mark are stored, each once and in order. From the
 * first on that is from the future by the collector's clock nothing is taken: one of the two clocks is wrong, and the agent keeps them.
 */
export function planBatch(
  delivery: AgentBatch,
  mark: HighWater | undefined,
  context: PlanContext,
): BatchPlan {
  const { agentId, batch, unreadable } = delivery
  const { epoch, firstSeq, oldestSeq } = batch
  const nothing = (answer: BatchAnswer): BatchPlan => ({ delivery, answer, aside: [] })
  // an agent whose clock was set back starts an epoch below the stored one: the answer makes it start a higher epoch
  if (mark && epoch < mark.epoch) return nothing({ ...mark })
  const storedSeq = mark?.epoch === epoch ? mark.seq : undefined
  const expected = Math.max((storedSeq ?? 0) + 1, oldestSeq)
  const lastSeq = firstSeq + (unreadable?.records ?? batch.intervals.length) - 1
  if (firstSeq > expected) return nothing({ epoch, seq: expected - 1, resend: true })
  if (lastSeq < expected) return nothing({ epoch, seq: Math.max(storedSeq ?? 0, lastSeq) })
  const offered = batch.intervals.slice(expected - firstSeq)
  const waits = offered.map((record) => waitReason(record, context)).findIndex((why) => why !== undefined)
  const records = waits < 0 ? offered : offered.slice(0, waits)
  const waiting = waits < 0 ? undefined : waitReason(offered[waits] as Interval, context)
  const held = waiting === undefined ? {} : { held: waiting.slice(0, REASON_CHARS) }
  if (waits === 0) return nothing({ epoch, seq: storedSeq ?? 0, ...held })
  const next: HighWater = { epoch, seq: waits < 0 ? lastSeq : expected + waits - 1 }
  const holds = holdsOf(agentId, records, context)
  const aside = holds.filter(({ kind }) => kind === 'quarantine')
  const losses = [
    ...lossBefore(agentId, batch, storedSeq, expected, context.nowMs),
    ...unreadableLoss(delivery, expected, lastSeq, context.nowMs),
  ]
  const why =
    unreadable?.reason ??
    (aside.length > 0 ? `${aside.length} records are put aside: ${aside[0]?.reason}` : undefined)
  return {
    delivery,
    answer: { ...next, ...(why ? { quarantined: why.slice(0, REASON_CHARS) } : {}), ...held },
    append: {
      agentId,
      mark: next,
      records,
      ...(holds.length > 0 ? { holds } : {}),
      ...(losses.length > 0 ? { losses } : {}),
    },
    aside: [],
  }
}

/** Why a record can't be taken now, or undefined. The agent keeps it. */
function waitReason(
  { startMs }: Interval,
  { nowMs, retentionMs, clockInDoubt }: PlanContext,
): string | undefined {
  const future = startMs > nowMs + CLOCK_TOLERANCE_MS
  const old = startMs < nowMs - retentionMs
  if (!future && !(old && clockInDoubt)) return undefined
  return `the record's start ${iso(startMs)} is ${future ? 'from the future' : 'older than the retention'} by the collector's clock, ${iso(nowMs)}: one of the two clocks is wrong; check NTP on both computers`
}

const iso = (ms: number): string => new Date(Math.min(Math.max(ms, -8.64e15), 8.64e15)).toISOString()

/** Records that could not be read: their bytes are in quarantine, and they are missing in the ledger like lost ones. */
function unreadableLoss(
  { agentId, batch: { epoch }, unreadable }: AgentBatch,
  expected: number,
  lastSeq: number,
  nowMs: number,
): Loss[] {
  if (!unreadable) return []
  return [{ agentId, epoch, seq: lastSeq + 1, records: lastSeq - expected + 1, atMs: nowMs }]
}

/** Records lost before this batch: the sequence numbers that are missing or, in a new epoch, the gaps that the agent reports. */
function lossBefore(
  agentId: string,
  { epoch, firstSeq, gaps = [] }: IntervalBatch,
  storedSeq: number | undefined,
  expected: number,
  nowMs: number,
): Loss[] {
  const reported = firstSeq === expected ? gaps : []
  const records =
    storedSeq === undefined ? reported.reduce((sum, gap) => sum + gap.records, 0) : expected - storedSeq - 1
  if (records <= 0) return []
  const loss: Loss = { agentId, epoch, seq: expected, records, atMs: nowMs }
  if (reported.length === 0) return [loss]
  const fromMs = Math.min(...reported.map((gap) => gap.fromMs))
  const toMs = Math.max(...reported.map((gap) => gap.toMs))
  return [{ ...loss, fromMs, toMs }]
}

/** The holds on these records: what is put aside, and what the judges hold of the rest. */
function holdsOf(agentId: string, records: readonly Interval[], context: PlanContext): RecordHold[] {
  const { nowMs: heldMs, judges = [] } = context
  const holds: RecordHold[] = []
  for (const record of records) {
    const aside = asideHold(record, context)
    // what is taken in later is held against its device as well
    const judged = aside?.check === BEYOND_LEDGER ? [] : judges.map((judge) => judge(agentId, record))
    for (const hold of [aside, ...judged]) if (hold) holds.push({ ...hold, record, heldMs })
  }
  return holds
}

/** Why a record is put aside, or undefined: it is stored, and in no sum until a person takes it in. */
function asideHold(record: Interval, { nowMs, retentionMs }: PlanContext): Hold | undefined {
  const fault = recordFault(record)
  if (fault) return { kind: 'quarantine', check: BEYOND_LEDGER, reason: fault }
  const { startMs } = record
  if (startMs >= nowMs - retentionMs) return undefined
  const reason = `the record's start ${iso(startMs)} is older than the retention; check the clock of its agent`
  return { kind: 'quarantine', check: 'too-old', reason }
}

export const quarantinedRecord = (
  agentId: string,
  record: Interval,
  reason: string,
  atMs: number,
): Quarantined => ({ atMs, agentId, topic: 'intervals', reason, payload: JSON.stringify(record) })
