import { type Holder, isUnknownPool } from '../../protocol/owner.ts'
import type { Reading } from './reading.ts'

/** The pools that a miner worked for when it last told them. JSON. */
interface KnownHolders {
  holders: readonly Holder[]
  /** accepted part of its shares, 0 to 1; absent: it was never told */
  paidRatio?: number
  /** a counter tells its work */
  counts?: true
}

/**
 * Keeps the pools that a miner works for, over restarts of the agent too: a new session that can't read its pools at once would give its time and its
 * energy to an unknown pool, and its work to the last one that was told.
 */
export class HolderMemory {
  #known: KnownHolders | undefined

  /** @param known what an earlier session has learnt, as `known` was; anything else is taken for nothing */
  constructor(known?: unknown) {
    this.#known = isKnown(known) ? known : undefined
  }

  /** What the next session should know; undefined: nothing. */
  get known(): KnownHolders | undefined {
    return this.#known
  }

  /** The reading; where it knows none of its pools, with those that were told last. */
  checked(reading: Reading): Reading {
    const { sample, counters } = reading
    const { holders = [], paidRatio } = sample
    const isCounted = counters?.byOwner?.some(({ workDiff1 }) => workDiff1 !== undefined) === true
    if (!holders.some(({ owner }) => isUnknownPool(owner))) {
      if (holders.length > 0) this.#learn(holders, paidRatio, isCounted)
      return reading
    }
    const known = this.#known
    if (!known) return reading
    const { uncountedWork, ...rest } = reading
    // a counter that was seen catches up
    const isEstimated = uncountedWork && !known.counts
    const ratio = isEstimated ? (paidRatio ?? known.paidRatio) : paidRatio
    return {
      ...rest,
      ...(isEstimated && { uncountedWork }),
      sample: { ...sample, holders: [...known.holders], ...(ratio !== undefined && { paidRatio: ratio }) },
    }
  }

  #learn(holders: readonly Holder[], paidRatio = this.#known?.paidRatio, isCounted = false): void {
    this.#known = {
      holders,
      ...(paidRatio !== undefined && { paidRatio }),
      ...(isCounted && { counts: true }),
    }
  }
}

const isRow = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const isKnown = (value: unknown): value is KnownHolders =>
  isRow(value) &&
  Array.isArray(value['holders']) &&
  value['holders'].length > 0 &&
  value['holders'].every((h: unknown) => isRow(h) && isRow(h['owner']) && typeof h['share'] === 'number')
