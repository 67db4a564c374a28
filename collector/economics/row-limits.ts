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

/** Name by name: this runs for every record, and a loop over the names costs as much as all other checks of it. */
export const isWithinRow = (record: Interval): boolean => {
  const { energyMilliJ = 0, exportedMilliJ = 0, workDiff1 = 0, estimatedWorkDiff1 = 0 } = record
  const { hashrateWorkDiff1 = 0, gpuMs = 0, busyGpuMs = 0 } = record
  const { tokensIn = 0, tokensInCached = 0, tokensOut = 0 } = record
  return (
    record.coveredMs <= MOST.coveredMs &&
    energyMilliJ <= MOST.energyMilliJ &&
    exportedMilliJ <= MOST.exportedMilliJ &&
    workDiff1 <= MOST.workDiff1 &&
    estimatedWorkDiff1 <= MOST.estimatedWorkDiff1 &&
    hashrateWorkDiff1 <= MOST.hashrateWorkDiff1 &&
    gpuMs <= MOST.gpuMs &&
    busyGpuMs <= MOST.busyGpuMs &&
    tokensIn <= MOST.tokensIn &&
    tokensInCached <= MOST.tokensInCached &&
    tokensOut <= MOST.tokensOut
  )
}

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
  if (isWithinRow(record)) return record
  const within = { ...record }
  for (const { name } of beyondRow(record))
    if (name === 'coveredMs') within.coveredMs = record.durationMs
    else delete within[name]
  return within
}
