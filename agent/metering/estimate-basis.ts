import { type Holder, isUnknownPool, UNKNOWN_POOL } from '../../protocol/owner.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Reading } from '../plugin/reading.ts'

/** The owners that a machine without a counter of accepted work mines for. Kept on disk as JSON in the spool's checkpoint. */
export interface EstimateBasis {
  holders: readonly Holder[]
  /** part of the hashrate that is paid: the accepted part of the shares, 0 to 1 */
  paidRatio: number
  /** time of the reading that told it, Unix ms */
  knownMs: number
}

/** A reading without the list of pools is taken to be for the pools before, for this long. */
const KEPT_MS = 15 * MINUTE_MS

/**
 * @param before the basis of the last reading; it holds on where this reading does not show the pools
 * @param counts whether a counter has counted this machine's work lately: it catches up with what this reading does not show
 */
export function estimateBasis(
  { sample, counters, uncountedWork }: Reading,
  atMs: number,
  before: EstimateBasis | undefined,
  counts: boolean,
): EstimateBasis | undefined {
  const { holders, paidRatio } = sample
  const isTold = holders !== undefined && !holders.some(({ owner }) => isUnknownPool(owner))
  // until its first share a machine has no ratio, and nothing of its work has been rejected
  const ratio = paidRatio ?? before?.paidRatio ?? 1
  if (uncountedWork && isTold) return { holders, paidRatio: ratio, knownMs: atMs }
  const unseen = !isTold && counters?.byOwner === undefined
  if (unseen && before && atMs - before.knownMs < KEPT_MS) return before
  if (!uncountedWork || counts) return undefined
  return { holders: [{ owner: UNKNOWN_POOL, share: 1 }], paidRatio: ratio, knownMs: atMs }
}
