import { rangeOf } from '../../protocol/quantities.ts'
import { HASHES_PER_DIFF1, MINUTE_MS } from '../../protocol/units.ts'
import type { Reading } from '../plugin/reading.ts'
import type { CounterLimit } from './counter.ts'
import type { Comparison } from './last-reading.ts'
import type { OwnerQuantity } from './owner-quantities.ts'

/** Between two readings a machine may have worked this many times harder than at either of them. */
const HARDER = 10
/** No single machine hashes faster, but that its own hashrate says so. */
const MOST_HS = 1e15
/** No single server serves more tokens; a fleet behind one page shows more by its own rate. */
const MOST_TOKENS_PER_S = 1e5
/** The time between two readings may be this much too short: two polls, and a clock that was set. */
const SLACK_MS = 2 * MINUTE_MS

type Bounds = Pick<Comparison, 'samples' | 'atMs' | 'upMs'>

/** The most energy that a device can have drawn, mJ. A meter that reports no power has no limit. */
export function energyLimit(kind: Reading['identity']['kind'], bounds: Bounds): CounterLimit {
  if (kind !== 'meter') return limitOf(bounds, rangeOf('powerW', kind)[1], true)
  const powersW = bounds.samples.flatMap(({ powerW }) => (powerW === undefined ? [] : [Math.abs(powerW)]))
  if (powersW.length > 0) return limitOf(bounds, HARDER * Math.max(...powersW, 100), false)
  const { atMs, upMs } = bounds
  return { atMs, upMs, perMs: Number.MAX_VALUE, atOnce: Number.POSITIVE_INFINITY, boundsGrowth: false }
}

/** The most that a device can have done for one owner: difficulty-1 shares, or tokens. */
export function workLimit(quantity: OwnerQuantity, bounds: Bounds): CounterLimit {
  const { samples } = bounds
  if (quantity === 'workDiff1') {
    const mostHs = Math.max(...samples.map(({ hashrateHs = 0 }) => HARDER * hashrateHs), MOST_HS)
    return limitOf(bounds, mostHs / HASHES_PER_DIFF1 / 1000, true)
  }
  const ratesPerS = samples.map(({ tokensInPerS = 0, tokensOutPerS = 0 }) => tokensInPerS + tokensOutPerS)
  return limitOf(bounds, Math.max(HARDER * Math.max(...ratesPerS), MOST_TOKENS_PER_S) / 1000, false)
}

/** @param perMs in the counter's unit; for energy, W are mJ per ms */
const limitOf = ({ atMs, upMs }: Bounds, perMs: number, boundsGrowth: boolean): CounterLimit => ({
  atMs,
  upMs,
  perMs,
  atOnce: perMs * SLACK_MS,
  boundsGrowth,
})
