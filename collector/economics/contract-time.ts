import { Temporal } from 'temporal-polyfill'
import type { Workload } from './workloads.ts'

const momentMs = (text: string): number => Temporal.Instant.from(text).epochMilliseconds

interface Term {
  fromMs: number
  untilMs: number
}
/** Each minute of a year asks for it. */
const terms = new WeakMap<object, Term>()

/** When a contract is in force, Unix ms: from `fromMs`, inclusive, to `untilMs`, exclusive. */
export function contractTerm(workload: Pick<Workload, 'from' | 'until'>): Term {
  const known = terms.get(workload)
  if (known) return known
  const { from, until } = workload
  const term = {
    fromMs: from === undefined ? Number.NEGATIVE_INFINITY : momentMs(from),
    untilMs: until === undefined ? Number.POSITIVE_INFINITY : momentMs(until),
  }
  terms.set(workload, term)
  return term
}

/** Returns whether a contract is in force at a time (Unix ms). */
export function contractTime(workload: Pick<Workload, 'from' | 'until'>): (atMs: number) => boolean {
  const { fromMs, untilMs } = contractTerm(workload)
  return (atMs) => fromMs <= atMs && atMs < untilMs
}
