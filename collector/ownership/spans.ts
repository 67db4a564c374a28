import { MINUTE_MS } from '../../protocol/units.ts'
import type { ClaimSpan, DeviceClaim } from '../plugin/claim-store.ts'

/** The times in which the records of a claim count. They are whole minutes, so a record never lies in two of them. */

/** Everything, for the first claim. */
export const ALWAYS: readonly ClaimSpan[] = [{}]
/** Nothing, for a claim that is put aside. */
export const NEVER: readonly ClaimSpan[] = []

/** Whether a record that starts then counts. */
export const countsAt = (spans: readonly ClaimSpan[], startMs: number): boolean =>
  spans.some(
    ({ fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY }) =>
      startMs >= fromMs && startMs < toMs,
  )

/** Whether a device was its agent's in a minute, and there by then: it was heard of, or had recorded, before the minute's end. */
export const stoodAt = ({ claimedMs, fromMs, spans }: DeviceClaim, minuteMs: number): boolean =>
  Math.min(claimedMs, fromMs ?? claimedMs) < minuteMs + MINUTE_MS && countsAt(spans, minuteMs)

/** The spans without everything from this minute on. */
export const endedAt = (spans: readonly ClaimSpan[], toMs: number): ClaimSpan[] =>
  spans
    .filter(({ fromMs }) => fromMs === undefined || fromMs < toMs)
    .map((span) => ({ ...span, toMs: Math.min(span.toMs ?? toMs, toMs) }))

/** The spans with everything from this minute on. */
export const begunAt = (spans: readonly ClaimSpan[], fromMs: number): ClaimSpan[] => [
  ...endedAt(spans, fromMs),
  { fromMs },
]

/** End of the last span; +Infinity where it is open, -Infinity where there is none. */
export const lastEnd = (spans: readonly ClaimSpan[]): number =>
  Math.max(Number.NEGATIVE_INFINITY, ...spans.map(({ toMs = Number.POSITIVE_INFINITY }) => toMs))
