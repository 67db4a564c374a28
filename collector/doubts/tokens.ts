import type { Interval } from '../../protocol/interval.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { isBeyond, type RecordedSoFar } from './recorded-so-far.ts'

/** Any server may serve this much, tokens per s: a full machine of GPUs that reads prompts, from its cache too, and that writes. */
const ANY_IN_PER_S = 200_000
const ANY_OUT_PER_S = 50_000
/** One that serves more, such as a fleet behind one page, may serve this many times its average of a day. */
const ABOVE_AVERAGE = 20
const AVERAGE_MS = 24 * HOUR_MS
/** An average of less time than this is no average yet. */
const LEAST_AVERAGE_MS = HOUR_MS
/** Counters are read late by a few polls. */
const LATE_MS = 3 * MINUTE_MS

/** Tokens against what a server can serve, and against what this one does. */
export function tokenFault(next: RecordedSoFar, record: Interval, elapsedMs: number): string | undefined {
  const { tokensIn = 0, tokensInCached = 0, tokensOut = 0 } = record
  const [read, written] = [Math.max(tokensIn, tokensInCached), tokensOut]
  if (read === 0 && written === 0 && next.tokensInPerMs === 0 && next.tokensOutPerMs === 0) return undefined
  const mostIn = Math.max(ANY_IN_PER_S / 1000, ABOVE_AVERAGE * next.tokensInPerMs)
  const mostOut = Math.max(ANY_OUT_PER_S / 1000, ABOVE_AVERAGE * next.tokensOutPerMs)
  const before = { read: next.tokensIn, written: next.tokensOut }
  next.tokensIn = Math.max(0, before.read + read - mostIn * elapsedMs)
  next.tokensOut = Math.max(0, before.written + written - mostOut * elapsedMs)
  if (isBeyond(before.read, next.tokensIn, mostIn * LATE_MS)) return fault('input', next.tokensIn, mostIn)
  if (isBeyond(before.written, next.tokensOut, mostOut * LATE_MS))
    return fault('output', next.tokensOut, mostOut)
  const fade = Math.exp(-elapsedMs / AVERAGE_MS)
  const spanMs = Math.max(next.tokensMs, LEAST_AVERAGE_MS)
  next.tokensMs = next.tokensMs * fade + elapsedMs
  const ms = Math.max(next.tokensMs, LEAST_AVERAGE_MS)
  next.tokensInPerMs = (next.tokensInPerMs * spanMs * fade + read) / ms
  next.tokensOutPerMs = (next.tokensOutPerMs * spanMs * fade + written) / ms
  return undefined
}

/** A person accepted these records: the server does serve as much, so that is the least of its average from now on. */
export function learnTokens(next: RecordedSoFar, records: readonly Interval[]): void {
  const ms = records.reduce((sum, r) => sum + r.durationMs, 0)
  if (ms <= 0) return
  const perMs = (tokens: (record: Interval) => number) => records.reduce((sum, r) => sum + tokens(r), 0) / ms
  if (next.taught === 0) {
    next.untaughtInPerMs = next.tokensInPerMs
    next.untaughtOutPerMs = next.tokensOutPerMs
  }
  next.taught = 1
  next.tokensMs = Math.max(next.tokensMs, AVERAGE_MS)
  next.tokensInPerMs = Math.max(
    next.tokensInPerMs,
    perMs(({ tokensIn = 0, tokensInCached = 0 }) => Math.max(tokensIn, tokensInCached)),
  )
  next.tokensOutPerMs = Math.max(
    next.tokensOutPerMs,
    perMs(({ tokensOut = 0 }) => tokensOut),
  )
}

/** A person took that back: the server's rate is what it was before, and is learnt again from there. */
export function unlearnTokens(next: RecordedSoFar): void {
  const [inPerMs, outPerMs] = next.taught === 0 ? [0, 0] : [next.untaughtInPerMs, next.untaughtOutPerMs]
  next.tokensMs = Math.min(next.tokensMs, LEAST_AVERAGE_MS)
  next.tokensInPerMs = inPerMs
  next.tokensOutPerMs = outPerMs
  next.taught = 0
}

const fault = (kind: string, beyond: number, mostPerMs: number): string =>
  `it has ${Math.round(beyond)} ${kind} tokens beyond what it can serve, ${Math.round(mostPerMs * 1000)} tokens/s; look at its counter`
