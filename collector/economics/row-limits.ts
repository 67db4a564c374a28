import type { Interval, IntervalQuantity } from '../../protocol/interval.ts'

type Limited = IntervalQuantity | 'coveredMs'

/**
 * The most of a record that a ledger row can hold at any price that is known: whole nano-USD below 2^53. What a device can do is much
 * less.
 */
const MOST: Record<Limited, number> = {
  coveredMs: 1e10,
  energyMilliJ: 1e15,
  workDiff1: 1e15,
  estimatedWorkDiff1: 1e15,
  hashrateWorkDiff1: 1e15,
  gpuMs: 1e12,
  busyGpuMs: 1e12,
  tokensIn: 1e11,
  tokensInCached: 1e11,
  tokensOut: 1e11,
  exportedMilliJ: 1e15,
}
const LIMITED = Object.entries(MOST) as [Limited, number][]

/** The quantities of a record that no ledger row can hold, with what it could. */
export function beyondRow(record: Interval): { name: Limited; value: number; most: number }[] {
  const beyond: { name: Limited; value: number; most: number }[] = []
  for (const [name, most] of LIMITED) {
    const value = record[name]
    if (value !== undefined && value > most) beyond.push({ name, value, most })
  }
  return beyond
}

/** What counts of a record: without the quantities that no ledger row can hold. */
export function withinRow<R extends Interval>(record: R): R {
  const beyond = beyondRow(record)
  if (beyond.length === 0) return record
  const within = { ...record }
  for (const { name } of beyond)
    if (name === 'coveredMs') within.coveredMs = record.durationMs
    else delete within[name]
  return within
}
