import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import type { AckMessage } from '../../protocol/status.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Loss } from '../plugin/audit-store.ts'
import type { Hold, RecordHold } from '../plugin/held.ts'
import type { Append, HighWater, Quarantined } from '../plugin/store.ts'

/** How far an agent's clock may run ahead of the collector's before its records are quarantined. */
const FUTURE_MS = 2 * MINUTE_MS
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
  /** records older than this are quarantined */
  retentionMs: number
  judges?: readonly RecordJudge[]
}

/** Plans one batch against the agent's high-water mark: exactly the records after the mark are stored, each once and in order. */
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
  const next: HighWater = { epoch, seq: lastSeq }
  const { good, aside } = sortRecords(agentId, batch.intervals.slice(expected - firstSeq), context)
  const holds = holdsOf(agentId, good, context)
  const loss = lossBefore(agentId, batch, storedSeq, expected, context.nowMs)
  const why =
    unreadable?.reason ??
    (aside.length > 0
      ? `${aside.length === 1 ? '1 record is' : `${aside.length} records are`} put aside: ${aside[0]?.reason}`
      : undefined)
  return {
    delivery,
    answer: { ...next, ...(why ? { quarantined: why.slice(0, REASON_CHARS) } : {}) },
    append: {
      agentId,
      mark: next,
      records: good,
      ...(holds.length > 0 ? { holds } : {}),
      ...(loss ? { losses: [loss] } : {}),
    },
    aside,
  }
}

/** Records lost before this batch: the sequence numbers that are missing or, in a new epoch, the gaps that the agent reports. */
function lossBefore(
  agentId: string,
  { epoch, firstSeq, gaps = [] }: IntervalBatch,
  storedSeq: number | undefined,
  expected: number,
  nowMs: number,
): Loss | undefined {
  const reported = firstSeq === expected ? gaps : []
  const records =
    storedSeq === undefined ? reported.reduce((sum, gap) => sum + gap.records, 0) : expected - storedSeq - 1
  if (records <= 0) return undefined
  const loss: Loss = { agentId, epoch, seq: expected, records, atMs: nowMs }
  if (reported.length === 0) return loss
  return {
    ...loss,
    fromMs: Math.min(...reported.map((gap) => gap.fromMs)),
    toMs: Math.max(...reported.map((gap) => gap.toMs)),
  }
}

/** The holds of the judges on these records. */
function holdsOf(
  agentId: string,
  records: readonly Interval[],
  { nowMs, judges = [] }: PlanContext,
): RecordHold[] {
  const holds: RecordHold[] = []
  for (const record of records)
    for (const judge of judges) {
      const hold = judge(agentId, record)
      if (hold) holds.push({ ...hold, record, heldMs: nowMs })
    }
  return holds
}

/** Parts the records into those that can be stored and those that go to quarantine. */
function sortRecords(
  agentId: string,
  records: readonly Interval[],
  { nowMs, retentionMs }: PlanContext,
): { good: Interval[]; aside: Quarantined[] } {
  const [oldestMs, newestMs] = [nowMs - retentionMs, nowMs + FUTURE_MS]
  const timeFault = ({ startMs }: Interval) => {
    if (startMs >= oldestMs && startMs <= newestMs) return undefined
    const why = startMs > newestMs ? 'is from the future' : 'is older than the retention'
    return `the record's start ${new Date(startMs).toISOString()} ${why}; check the clock`
  }
  const aside: Quarantined[] = []
  const good = records.filter((record) => {
    const reason = timeFault(record)
    if (reason === undefined) return true
    aside.push(quarantinedRecord(agentId, record, reason, nowMs))
    return false
  })
  return { good, aside }
}

export const quarantinedRecord = (
  agentId: string,
  record: Interval,
  reason: string,
  atMs: number,
): Quarantined => ({ atMs, agentId, topic: 'intervals', reason, payload: JSON.stringify(record) })
