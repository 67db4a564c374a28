import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import type { AckMessage } from '../../protocol/status.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Hold, RecordHold } from '../plugin/held.ts'
import type { Append, HighWater, Quarantined } from '../plugin/store.ts'
import { batchLoss } from './batch-loss.ts'
import { illegalLoss, illegalNumbers, latestEpochAt } from './legal-numbers.ts'
import { lineageOf } from './lineage.ts'
import { withoutStored } from './overlap.ts'
import { keptOverlap, overlapAt } from './overlap-state.ts'

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
  /** why its numbers can't be an honest agent's; nothing of it is taken */
  refused?: string
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
  /** what the store has of the agent in the minutes of the batch; needed where `neededSpans` names any */
  stored?: readonly Interval[]
}

/** Plans one batch against the agent's high-water mark: exactly the records after the mark are stored, each once and in order. */
export function planBatch(
  delivery: AgentBatch,
  mark: HighWater | undefined,
  context: PlanContext,
): BatchPlan {
  const { agentId, batch, unreadable } = delivery
  const { epoch, life, firstSeq, oldestSeq } = batch
  const records = unreadable?.records ?? batch.intervals.length
  const lineage = lineageOf(batch, mark)
  const storedSeq = 'storedSeq' in lineage ? lineage.storedSeq : undefined
  const expected = Math.max((storedSeq ?? 0) + 1, oldestSeq)
  const illegal =
    illegalNumbers(batch, records, context.nowMs) ??
    (storedSeq === undefined ? undefined : illegalLoss(expected - storedSeq - 1)) ??
    illegalMark(mark, context.nowMs)
  if (illegal !== undefined) return refusal(delivery, mark, illegal, context.nowMs)
  // its epoch is below the stored one: the answer makes it start a higher epoch
  if (mark && lineage.kind === 'behind')
    return { delivery, answer: inLife(mark.life, mark.epoch, mark.seq), aside: [] }
  const answer = (seq: number) => inLife(life, epoch, seq)
  if (firstSeq > expected) return { delivery, answer: { ...answer(expected - 1), resend: true }, aside: [] }
  const lastSeq = firstSeq + records - 1
  const isNew = lastSeq >= expected
  const seq = Math.max(storedSeq ?? 0, lastSeq)
  // a following life whose records are all stored replaces the mark too: its next batch tells no ancestors any more
  if (!isNew && (lineage.kind === 'same' || records === 0))
    return { delivery, answer: answer(seq), aside: [] }
  const fresh = isNew ? batch.intervals.slice(expected - firstSeq) : []
  const open = overlapAt(batch, lineage.kind, mark, context.nowMs)
  const overlap = open && withoutStored(fresh, context.stored ?? [], open)
  const { good, aside } = sortRecords(agentId, overlap?.records ?? fresh, context)
  const holds = holdsOf(agentId, good, context)
  const loss = batchLoss({ batch, storedSeq, expected, isNew }, overlap)
  const next: HighWater = {
    ...answer(seq),
    ...newestOf(good, mark),
    ...keptOverlap(answer(seq), overlap?.state, mark, context.nowMs),
  }
  const why =
    unreadable?.reason ??
    (aside.length > 0
      ? `${aside.length === 1 ? '1 record is' : `${aside.length} records are`} put aside: ${aside[0]?.reason}`
      : undefined)
  return {
    delivery,
    answer: { ...answer(seq), ...(why ? { quarantined: why.slice(0, REASON_CHARS) } : {}) },
    append: {
      agentId,
      mark: next,
      records: good,
      ...(holds.length > 0 ? { holds } : {}),
      ...(loss ? { losses: [{ ...loss, agentId, epoch, seq: expected, atMs: context.nowMs }] } : {}),
    },
    aside,
  }
}

const inLife = (life: string | undefined, epoch: number, seq: number): HighWater => ({
  epoch,
  ...(life === undefined ? {} : { life }),
  seq,
})

/** Nothing is taken, and the agent keeps its records. The answer says which epochs can be. */
function refusal(
  delivery: AgentBatch,
  mark: HighWater | undefined,
  refused: string,
  nowMs: number,
): BatchPlan {
  const latestEpoch = latestEpochAt(nowMs)
  const { epoch = 0, seq = 0, life } = mark && mark.epoch <= latestEpoch ? mark : {}
  return { delivery, answer: { ...inLife(life, epoch, seq), latestEpoch }, aside: [], refused }
}

const illegalMark = (mark: HighWater | undefined, nowMs: number): string | undefined =>
  mark && mark.epoch > latestEpochAt(nowMs)
    ? `the collector's mark is in epoch ${mark.epoch}, which can't be; mend it with: perwatt-collector agents reset`
    : undefined

const newestOf = (records: readonly Interval[], mark: HighWater | undefined): Pick<HighWater, 'newestMs'> => {
  const newestMs = records.reduce((newest, r) => Math.max(newest, r.startMs), mark?.newestMs ?? 0)
  return newestMs > 0 ? { newestMs } : {}
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
