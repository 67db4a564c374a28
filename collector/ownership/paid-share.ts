import { MINUTE_MS } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import type { DeviceClaim, PaidShare } from '../plugin/claim-store.ts'

/** A device with less than this part of another's rate does not do that machine's work. */
const LEAST_SHARE = 1 / 1000
/** One that was paid for less than this long ... */
const BRIEF_MS = 10 * MINUTE_MS
/** ... and so many times shorter than another, is new beside it. */
const TIMES_LONGER = 8

/** What a settled record adds to what its device was paid for; undefined where that is nothing new. */
export function paidWith(
  known: PaidShare | undefined,
  record: Pick<AgentInterval, 'startMs' | 'durationMs'> & Partial<AgentInterval>,
): PaidShare | undefined {
  const { startMs, durationMs, workDiff1 = 0, estimatedWorkDiff1 = 0, gpuMs = 0 } = record
  const { tokensIn = 0, tokensOut = 0 } = record
  const perMs = (workDiff1 + estimatedWorkDiff1 + gpuMs + tokensIn + tokensOut) / durationMs
  if (!(perMs > 0)) return undefined
  const toMs = startMs + durationMs
  if (!known) return { fromMs: startMs, toMs, mostPerMs: perMs }
  // noted where it doubles: a claim is not written each minute
  const isNew =
    startMs < known.fromMs || perMs > 2 * known.mostPerMs || toMs - known.fromMs > 2 * spanOf(known)
  if (!isNew) return undefined
  return {
    fromMs: Math.min(known.fromMs, startMs),
    toMs: Math.max(known.toMs, toMs),
    mostPerMs: Math.max(known.mostPerMs, perMs),
  }
}

/**
 * Whether a claim was paid for its machine long before another one that told a key of it first, and that has not done the machine's
 * work: hardly any, or for a moment.
 */
export function wasPaidBefore({ paid }: DeviceClaim, { paid: other }: DeviceClaim): boolean {
  if (!paid) return false
  if (!other) return true
  if (paid.fromMs >= other.fromMs) return false
  const isBrief = spanOf(other) < BRIEF_MS && TIMES_LONGER * spanOf(other) <= spanOf(paid)
  return isBrief || other.mostPerMs < LEAST_SHARE * paid.mostPerMs
}

const spanOf = ({ fromMs, toMs }: PaidShare): number => toMs - fromMs
