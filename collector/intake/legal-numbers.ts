import type { IntervalBatch } from '../../protocol/interval.ts'
import { HIGHEST_SEQ, LATEST_EPOCH } from '../../protocol/spool-life.ts'

/** How far an agent's clock may be ahead when its spool begins: clocks that are years wrong do occur. */
const AHEAD_MS = 10 * 365 * 86_400_000
/** More records at once can't be lost: 5,000 devices with ten owners each close as many in two weeks. */
const MOST_LOST = 1e9

/** The latest epoch that can be at a time by the collector's clock. */
export const latestEpochAt = (nowMs: number): number => Math.min(LATEST_EPOCH, Math.max(0, nowMs) + AHEAD_MS)

/** Why the numbers of a batch can't be an honest agent's, or undefined. @param records how many it numbers */
export function illegalNumbers(
  { epoch, firstSeq, gaps = [] }: Omit<IntervalBatch, 'intervals'>,
  records: number,
  nowMs: number,
): string | undefined {
  const latest = latestEpochAt(nowMs)
  if (epoch > latest) return `epoch ${epoch} is later than ${latest}, the latest that can be now`
  const lastSeq = firstSeq + records - 1
  if (lastSeq > HIGHEST_SEQ) return `record number ${lastSeq} is above ${HIGHEST_SEQ}, which no agent reaches`
  const lost = gaps.reduce((sum, gap) => sum + gap.records, 0)
  if (lost >= firstSeq) return `it reports ${lost} lost records before record ${firstSeq}`
  return undefined
}

/** Why so many lost records can't be, or undefined. */
export const illegalLoss = (lost: number): string | undefined =>
  lost > MOST_LOST ? `${lost} records would be missing before it, more than ${MOST_LOST}` : undefined
