import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { HighWater, Store } from '../plugin/store.ts'
import { type Lineage, lineageOf } from './lineage.ts'
import type { OverlapState } from './open-amounts.ts'

/** A batch of one agent seldom spans more than this. */
const SPAN_MS = 10 * MINUTE_MS

/** Machines that were off come back with records of the common time at most this much later. */
const KEPT_MS = 7 * 86_400_000

/** States that are kept of one agent: more lives than two seldom go on beside each other. */
const STATES_KEPT = 4

/** What is open, by the life that it belongs to: of two copies that send in turn, each goes on with its own. */
type States = Record<string, OverlapState>

/** The time that another life of the agent's spool has recorded too, and what is open of it; undefined where there is none. */
export function overlapAt(
  { epoch, after = [] }: Pick<IntervalBatch, 'epoch' | 'after'>,
  kind: Lineage['kind'],
  mark: HighWater | undefined,
  nowMs: number,
): OverlapState | undefined {
  const states = statesOf(mark)
  if (kind !== 'went-back' && kind !== 'another-spool') {
    const open = states[mark?.life ?? '']
    return open && isOpen(open, nowMs) ? open : undefined
  }
  // a program that returns under a new life, with all that it had sent: a copy of an earlier moment has another state
  const own = after.findLast((a) => (states[a.life ?? '']?.seq ?? Number.POSITIVE_INFINITY) <= a.seq)
  const {
    ahead = {},
    drift = {},
    last = {},
    counted = {},
    most = {},
    metered = [],
  } = states[own?.life ?? ''] ?? {}
  return {
    kind,
    ...(mark?.newestMs === undefined ? {} : { sinceMs: mark.newestMs }),
    beganMs: Math.min(epoch, nowMs),
    untilMs: nowMs,
    ahead,
    drift,
    last,
    counted,
    most,
    metered,
    seen: [],
  }
}

/** What is kept with the mark, as JSON: what is open of this life, and of those that may return. */
export function keptOverlap(
  { life, seq }: Pick<HighWater, 'life' | 'seq'>,
  state: OverlapState | undefined,
  mark: HighWater | undefined,
  nowMs: number,
): Pick<HighWater, 'overlap'> {
  const others = Object.entries(statesOf(mark)).filter(
    ([of, other]) => of !== life && isOpen(other, nowMs) && (state !== undefined || of !== mark?.life),
  )
  const all = [...others, ...(state ? [[life ?? '', { ...state, seq }] as const] : [])].slice(-STATES_KEPT)
  return all.length === 0 ? {} : { overlap: JSON.stringify(Object.fromEntries(all)) }
}

const isOpen = ({ untilMs }: OverlapState, nowMs: number): boolean => Math.abs(nowMs - untilMs) < KEPT_MS

const statesOf = (mark: HighWater | undefined): States =>
  mark?.overlap === undefined ? {} : (JSON.parse(mark.overlap) as States)

/**
 * Times of a width, [from, to), of which the stored records are needed to plan a batch: those of its records, and of the newest stored one.
 * Empty where no other life of the spool can have recorded them.
 */
function neededSpans(
  batch: IntervalBatch,
  mark: HighWater | undefined,
  nowMs: number,
  widthMs: number,
): [fromMs: number, toMs: number][] {
  const { kind } = lineageOf(batch, mark)
  const state = kind === 'behind' ? undefined : overlapAt(batch, kind, mark, nowMs)
  if (!state || !batch.intervals.some((r) => r.startMs <= state.untilMs)) return []
  const starts = [...batch.intervals.map((r) => r.startMs), state.sinceMs ?? nowMs]
  const numbers = [...new Set(starts.map((ms) => Math.floor(ms / widthMs)))].sort((a, b) => a - b)
  return numbers.map((n) => [n * widthMs, (n + 1) * widthMs])
}

/** What the store has of an agent that is needed to plan a batch; nearly always nothing is. Rejects where the store fails. */
export async function storedBeside(
  store: Pick<Store, 'intervals'>,
  { agentId, batch }: { agentId: string; batch: IntervalBatch },
  mark: HighWater | undefined,
  nowMs: number,
): Promise<Interval[]> {
  const stored: Interval[] = []
  for (const [fromMs, toMs] of neededSpans(batch, mark, nowMs, SPAN_MS))
    for (const { agentId: _, ...record } of await store.intervals(fromMs, toMs, agentId)) stored.push(record)
  return stored
}
