import { CLOCK_TOLERANCE_MS, EARLIEST_RIGHT_MS } from '../../protocol/clock-tolerance.ts'

/** A time in which the agent's wall clock was not set. Kept on disk as JSON in the spool's checkpoint. */
export interface Stretch {
  id: number
  /** what the wall clock showed first and last in it, Unix ms */
  fromMs: number
  toMs: number
  /** by how much the wall clock was set when it began, ms; where `boot` is true, 0 or what puts its begin at the end of the one before */
  stepMs: number
  /** by how much the wall clock was slewed in the one before, as measured beside the collector's, which most clocks agree with, ms */
  slewMs?: number
  /** true: the computer was started between it and the one before, so the step is not known */
  boot?: true
  /** right time minus what the wall clock showed, ms; absent until it is known */
  shiftMs?: number
  /** collector's clock minus this one as it was measured, or follows by steps from a measurement, ms; absent: never, or the collector's was set */
  offsetMs?: number
}

/** More stretches are kept only while their shift is not known; records of older ones are in the spool since long. */
const RESOLVED_KEPT = 50
const MOST_KEPT = 500

/** What begins a stretch: the wall clock's last time before, the first now, and the step, or slewing, where it is known. */
export function nextStretch(
  list: readonly Stretch[],
  begin: { nowMs: number; stepMs: number | undefined; slewMs?: number | undefined },
): Stretch {
  const before = list.at(-1)
  const id = (before?.id ?? 0) + 1
  const base = { id, fromMs: begin.nowMs, toMs: begin.nowMs }
  if (begin.stepMs !== undefined) {
    const { stepMs, slewMs } = begin
    const movedMs = stepMs + (slewMs ?? 0)
    return {
      ...base,
      stepMs,
      ...(slewMs === undefined ? {} : { slewMs }),
      ...(before?.offsetMs === undefined ? {} : { offsetMs: before.offsetMs - movedMs }),
    }
  }
  // a battery or a saved time goes on after a boot; a clock that went back says nothing of how long the computer was off
  return { ...base, stepMs: before ? Math.min(0, begin.nowMs - before.toMs) : 0, boot: true }
}

/**
 * The collector's clock agrees with the last stretch: what is the right time of the earlier ones? Each is shifted by the steps and the slewing that
 * followed it, or left as it is where that is nearer to the collector's clock: one that was right needs no shift when it was set wrong
 * by less than what counts as agreement. Where the computer was started in between, what was measured before counts; without it the step is only
 * assumed, and a time that can be right as it is counts more than one that can't.
 * @param agreedMs when the clocks agreed last, by the right time; 0 where they never did
 * @param offsetMs collector's clock minus this one in the last stretch
 */
export function resolved(list: readonly Stretch[], agreedMs: number, offsetMs = 0): Stretch[] {
  const found: Stretch[] = []
  const nowMs = list.at(-1)?.toMs ?? 0
  const canBeRight = ({ fromMs, toMs }: Stretch, shift: number) =>
    fromMs + shift >= Math.max(EARLIEST_RIGHT_MS, agreedMs - CLOCK_TOLERANCE_MS) &&
    toMs + shift <= nowMs + CLOCK_TOLERANCE_MS
  let shiftMs = 0
  // what all later steps make together; not a number where the computer was started since
  let stepsMs = 0
  let after: Stretch | undefined
  for (const stretch of list.toReversed()) {
    if (after) {
      const movedMs = after.stepMs + (after.slewMs ?? 0)
      const byStepsMs = shiftMs + movedMs
      stepsMs += after.boot ? Number.NaN : movedMs
      const wasNearer = Math.abs(offsetMs + stepsMs) < Math.abs(offsetMs + stepsMs - byStepsMs)
      // a clock that went back at a boot may have been right before; one that went on has a battery, or saved its time
      const asItIs =
        after.boot && canBeRight(stretch, 0) && (after.stepMs < 0 || !canBeRight(stretch, byStepsMs))
      shiftMs = asItIs || wasNearer ? 0 : byStepsMs
      // what a start of the computer did to the clock is not known, but how wrong it was before may be
      if (after.boot && stretch.offsetMs !== undefined && canBeRight(stretch, stretch.offsetMs))
        shiftMs = stretch.offsetMs
    }
    shiftMs = stretch.shiftMs ?? shiftMs
    found.unshift({ ...stretch, shiftMs })
    after = stretch
  }
  return kept(found)
}

/** The list without the oldest that nobody needs any more. */
export function kept(list: readonly Stretch[]): Stretch[] {
  const open = list.findIndex((stretch) => stretch.shiftMs === undefined)
  const needed = open < 0 ? list.length - 1 : open
  return list.slice(Math.max(0, Math.min(needed, list.length - RESOLVED_KEPT), list.length - MOST_KEPT))
}
