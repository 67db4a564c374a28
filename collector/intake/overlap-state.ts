import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import type { HighWater } from '../plugin/store.ts'
import { type Lineage, lineageOf } from './lineage.ts'
import type { OverlapState } from './overlap.ts'

/** Machines that were off come back with records of the common time at most this much later. */
const KEPT_MS = 7 * 86_400_000

/** The time that another life of the agent's spool has recorded too, and what is open of it; undefined where there is none. */
export function overlapAt(
  { epoch }: Pick<IntervalBatch, 'epoch'>,
  kind: Lineage['kind'],
  mark: HighWater | undefined,
  nowMs: number,
): OverlapState | undefined {
  if (kind !== 'went-back' && kind !== 'another-spool') return openIn(mark, nowMs)
  return {
    cause: kind,
    ...(mark?.newestMs === undefined ? {} : { sinceMs: mark.newestMs }),
    beganMs: Math.min(epoch, nowMs),
    untilMs: nowMs,
    ahead: {},
    seen: [],
  }
}

/** Whether a batch can only be planned with what the store has in its minutes. */
export function asksForStored(batch: IntervalBatch, mark: HighWater | undefined, nowMs: number): boolean {
  const { kind } = lineageOf(batch, mark)
  if (kind === 'behind') return false
  const state = overlapAt(batch, kind, mark, nowMs)
  return state !== undefined && batch.intervals.some((r) => r.startMs <= state.untilMs)
}

function openIn(mark: HighWater | undefined, nowMs: number): OverlapState | undefined {
  if (mark?.overlap === undefined) return undefined
  const state = JSON.parse(mark.overlap) as OverlapState
  return Math.abs(nowMs - state.untilMs) < KEPT_MS ? state : undefined
}

/** Times of a width, [from, to), that hold the starts of records: what to ask the store for. */
export function spansOf(records: readonly Interval[], widthMs: number): [fromMs: number, toMs: number][] {
  const starts = [...new Set(records.map((r) => Math.floor(r.startMs / widthMs)))].sort((a, b) => a - b)
  return starts.map((n) => [n * widthMs, (n + 1) * widthMs])
}
