import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'
import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import { LATEST_EPOCH } from '../../protocol/spool-life.ts'
import type { AckMessage } from '../../protocol/status.ts'
import type { Loss } from '../plugin/audit-store.ts'
import { FROM_FUTURE, type Hold, type RecordHold, TOO_OLD } from '../plugin/held.ts'
import { type Tally, tallyAfter, tallyBefore } from '../plugin/mark-tally.ts'
import type { Append, HighWater, Quarantined } from '../plugin/store.ts'
import { batchLoss, noStartLoss, unreadableLoss } from './batch-loss.ts'
import { illegalLoss, illegalNumbers, latestEpochAt } from './legal-numbers.ts'
import { type Lineage, lineageOf } from './lineage.ts'
import { withoutStored } from './overlap.ts'
import { accountOf, keptAccounts } from './overlap-state.ts'
import { keptApart } from './own-starts.ts'

const REASON_CHARS = 512

/** A batch of one agent as it was received. */
export interface AgentBatch {
  agentId: string
  batch: IntervalBatch
  /** agent's clock when it was sent, Unix ms; absent: not known */
  sentAtMs?: number
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
  /** records that begin some ms later than they say, because another of their device and owner does */
  moved?: number
}

/**
 * Looks at each record once, in the order of its agent, before it is stored. A record for which one gives a hold is stored, and
 * counts only once a person accepts it.
 */
export type RecordJudge = (agentId: string, record: Interval) => Hold | undefined

/** What the other clocks say. */
export interface ClockDoubt {
  /** whether others contradict the collector's clock, or it can't be right */
  readonly isWrong: boolean
  /** whether the collector's clock and this agent's don't agree */
  inDoubt(agentId: string): boolean
}

export interface PlanContext {
  /** collector's clock */
  nowMs: number
  /** records older than this are put aside */
  retentionMs: number
  /** whether the clocks of collector and agent don't agree: then no record is too old */
  clockInDoubt?: boolean
  /** whether others contradict the collector's clock: then no epoch is too late */
  collectorInDoubt?: boolean
  judges?: readonly RecordJudge[]
  /** what the store has of the agent in the minutes of the batch; needed where two lives of its spool recorded them */
  stored?: readonly Interval[]
  /** what the store has of the agent where a record may begin with another of its device and owner */
  there?: readonly Interval[]
}

/**
 * Plans one batch against the agent's high-water mark: exactly the records after the mark are stored, each once and in order. From the
 * first on that is from the future by the collector's clock nothing is taken: one of the two clocks is wrong, and the agent keeps them. Where
 * the agent's clock agrees it will never shift them: they are put aside, and hold nothing up.
 */
export function planBatch(
  delivery: AgentBatch,
  mark: HighWater | undefined,
  context: PlanContext,
): BatchPlan {
  const { agentId, batch, unreadable } = delivery
  const { epoch, life, firstSeq } = batch
  // what is in the batch is not lost, also where it was acknowledged and trimmed while the agent read it
  const oldestSeq = Math.min(batch.oldestSeq, firstSeq)
  const records = unreadable?.records ?? batch.intervals.length
  const lineage = lineageOf(batch, mark)
  const open = lineage.kind === 'behind' ? undefined : accountOf(batch, lineage, mark, context.nowMs)
  // what a spool that went back still has is compared by time, also what is stored under its numbers: from there on both lives are even
  const isEven = lineage.kind === 'same' || lineage.kind === 'continues'
  const storedSeq = open?.storedSeq ?? (isEven ? lineage.storedSeq : undefined)
  const expected = Math.max((storedSeq ?? 0) + 1, oldestSeq)
  const illegal =
    illegalNumbers(batch, records, context.nowMs) ??
    (storedSeq === undefined ? undefined : illegalLoss(expected - storedSeq - 1)) ??
    illegalMark(mark, context.nowMs)
  if (illegal !== undefined) return refusal(delivery, mark, illegal, context)
  // its epoch is below the stored one: the answer makes it start a higher epoch
  if (mark && lineage.kind === 'behind')
    return { delivery, answer: inLife(mark.life, mark.epoch, mark.seq), aside: [] }
  const answer = (seq: number) => inLife(life, epoch, seq)
  if (firstSeq > expected) return { delivery, answer: { ...answer(expected - 1), resend: true }, aside: [] }
  const lastSeq = firstSeq + records - 1
  const isNew = lastSeq >= expected
  // a following life whose records are all stored replaces the mark too: its next batch tells no ancestors any more
  if (!isNew && (lineage.kind === 'same' || records === 0))
    return { delivery, answer: answer(Math.max(storedSeq ?? 0, lastSeq)), aside: [] }
  const offered = isNew ? batch.intervals.slice(expected - firstSeq) : []
  const doubt = { ...context, agrees: agreesNow(delivery, context) }
  const { fresh, held } = takenOf(offered, doubt)
  // the mark stays in the life that it is in, so the answer names none
  if (held && fresh.length === 0) return { delivery, answer: { epoch, seq: storedSeq ?? 0, held }, aside: [] }
  const seq = held ? expected + fresh.length - 1 : Math.max(storedSeq ?? 0, lastSeq)
  const overlap = open && withoutStored(fresh, context.stored ?? [], open.account)
  const own = keptApart(fresh, context.there ?? [])
  const kept = overlap?.records ?? own.records
  const holds = holdsOf(agentId, kept, doubt)
  const aside = holds.filter(({ kind }) => kind === 'quarantine')
  const tally = tallyOf(lineage, mark, storedSeq)
  const losses = [
    batchLoss({ batch, storedSeq, expected, isNew, newestMs: mark?.newestMs, owed: tally.owed }, overlap),
    unreadable
      ? unreadableLoss({ records: lastSeq - expected + 1, reason: unreadable.reason })
      : overlap
        ? undefined
        : noStartLoss(own.left),
  ].flatMap((loss, i): Loss[] =>
    loss ? [{ ...loss, agentId, epoch, seq: i === 0 ? expected : lastSeq + 1, atMs: context.nowMs }] : [],
  )
  const counted = kept.length + losses.reduce((sum, loss) => sum + loss.records, 0) - tally.owed
  const next: HighWater = {
    ...answer(seq),
    ...newestOf(kept, mark, context.nowMs),
    ...keptAccounts(answer(seq), overlap?.account, mark, context.nowMs, kept),
    ...tallyAfter(mark, tally, counted),
  }
  const why =
    unreadable?.reason ??
    (aside.length > 0
      ? `${aside.length === 1 ? '1 record is' : `${aside.length} records are`} put aside: ${aside[0]?.reason}`
      : undefined)
  return {
    delivery,
    answer: {
      ...answer(seq),
      ...(why ? { quarantined: why.slice(0, REASON_CHARS) } : {}),
      ...(held && { held }),
    },
    append: {
      agentId,
      mark: next,
      records: kept,
      ...(holds.length > 0 ? { holds } : {}),
      ...(losses.length > 0 ? { losses } : {}),
    },
    aside: [],
    ...(own.moved > 0 && !overlap ? { moved: own.moved } : {}),
  }
}

/** Whether the agent's clock agreed with the collector's when it sent the batch, and nobody contradicts the collector's. */
const agreesNow = (
  { sentAtMs }: AgentBatch,
  { nowMs, clockInDoubt, collectorInDoubt }: PlanContext,
): boolean =>
  sentAtMs !== undefined &&
  Math.abs(sentAtMs - nowMs) <= CLOCK_TOLERANCE_MS &&
  !clockInDoubt &&
  !collectorInDoubt

/** The agent's counts of stored and missing records as they stand before this batch. */
function tallyOf(lineage: Lineage, mark: HighWater | undefined, storedSeq: number | undefined): Tally {
  switch (lineage.kind) {
    case 'went-back':
    case 'another-spool':
      return tallyBefore(mark, storedSeq ?? 0)
    case 'continues':
      return tallyBefore(mark, lineage.commonSeq, true)
    default:
      return tallyBefore(mark)
  }
}

interface TimeContext extends PlanContext {
  /** whether the clocks agree: then the agent sends a record's right time, as far as it knows it */
  agrees: boolean
}

/** The records up to the first that can't be taken now, and why that one can't. */
function takenOf(
  offered: readonly Interval[],
  context: TimeContext,
): { fresh: readonly Interval[]; held?: string } {
  for (const [i, record] of offered.entries()) {
    const why = waitReason(record, context)
    if (why !== undefined) return { fresh: offered.slice(0, i), held: why.slice(0, REASON_CHARS) }
  }
  return { fresh: offered }
}

/** Why a record can't be taken now, or undefined. The agent keeps it. */
function waitReason(
  { startMs }: Interval,
  { nowMs, retentionMs, clockInDoubt, agrees }: TimeContext,
): string | undefined {
  const future = startMs > nowMs + CLOCK_TOLERANCE_MS && !agrees
  const old = startMs < nowMs - retentionMs
  if (!future && !(old && clockInDoubt)) return undefined
  return `the record's start ${iso(startMs)} is ${future ? 'from the future' : 'older than the retention'} by the collector's clock, ${iso(nowMs)}: one of the two clocks is wrong; check NTP on both computers`
}

const iso = (ms: number): string => new Date(Math.min(Math.max(ms, -8.64e15), 8.64e15)).toISOString()

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
  { nowMs, collectorInDoubt }: PlanContext,
): BatchPlan {
  const latestEpoch = latestEpochAt(nowMs)
  const { epoch = 0, seq = 0, life } = mark && mark.epoch <= latestEpoch ? mark : {}
  const newest = Math.max(delivery.batch.epoch, mark?.epoch ?? 0)
  // which epochs can be is not known by a clock that others contradict: the agent only waits
  if (collectorInDoubt && newest > latestEpoch && newest <= LATEST_EPOCH) {
    const held = `${refused}; but the collector's clock may be wrong, ${iso(nowMs)}: check NTP on both computers`
    return { delivery, answer: { epoch: 0, seq: 0, held: held.slice(0, REASON_CHARS) }, aside: [] }
  }
  return { delivery, answer: { ...inLife(life, epoch, seq), latestEpoch }, aside: [], refused }
}

const illegalMark = (mark: HighWater | undefined, nowMs: number): string | undefined =>
  mark && mark.epoch > latestEpochAt(nowMs)
    ? `the collector's mark is in epoch ${mark.epoch}, which can't be; mend it with: perwatt-collector agents reset`
    : undefined

/** What is put aside because it is from the future is not the newest. */
const newestOf = (
  records: readonly Interval[],
  mark: HighWater | undefined,
  nowMs: number,
): Pick<HighWater, 'newestMs'> => {
  const own = records.filter(({ startMs }) => startMs <= nowMs + CLOCK_TOLERANCE_MS)
  const newestMs = own.reduce((newest, r) => Math.max(newest, r.startMs), mark?.newestMs ?? 0)
  return newestMs > 0 ? { newestMs } : {}
}

/** The holds on these records: what is put aside, and what the judges hold of the rest. */
function holdsOf(agentId: string, records: readonly Interval[], context: TimeContext): RecordHold[] {
  const { nowMs: heldMs, judges = [] } = context
  const holds: RecordHold[] = []
  for (const record of records) {
    // what is taken in later is held against its device as well
    const found = [asideHold(record, context), ...judges.map((judge) => judge(agentId, record))]
    for (const hold of found) if (hold) holds.push({ ...hold, record, heldMs })
  }
  return holds
}

/** Why a record is put aside, or undefined: it is stored, and in no sum until a person takes it in. */
function asideHold({ startMs }: Interval, { nowMs, retentionMs, agrees }: TimeContext): Hold | undefined {
  if (agrees && startMs > nowMs + CLOCK_TOLERANCE_MS) {
    const reason = `the record's start ${iso(startMs)} is from the future: a clock was ahead when it was made, and has been set right since; take it in with the shift of that step`
    return { kind: 'quarantine', check: FROM_FUTURE, reason }
  }
  if (startMs >= nowMs - retentionMs) return undefined
  const reason = `the record's start ${iso(startMs)} is older than the retention; check the clock of its agent`
  return { kind: 'quarantine', check: TOO_OLD, reason }
}

export const quarantinedRecord = (
  agentId: string,
  record: Interval,
  reason: string,
  atMs: number,
): Quarantined => ({ atMs, agentId, topic: 'intervals', reason, payload: JSON.stringify(record) })
