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

/** Over a short time no meter counts a thousand times what it shows, or what a small site draws; over a longer one, more than the largest shows. */
const METER_HARDER = 1000
const LEAST_METER_W = 10_000
const SHORT_MS = 15 * MINUTE_MS

type Bounds = Pick<Comparison, 'last' | 'samples' | 'atMs' | 'upMs'>

/** The most energy that a device can have drawn, mJ. A meter that reports no power has no limit. */
export function energyLimit(kind: Reading['identity']['kind'], bounds: Bounds): CounterLimit {
  const mostW = rangeOf('powerW', kind)[1]
  if (kind !== 'meter') return { ...limitOf(bounds, mostW), growthPerMs: mostW }
  const powersW = bounds.samples.flatMap(({ powerW }) => (powerW === undefined ? [] : [Math.abs(powerW)]))
  const { atMs, upMs, last } = bounds
  if (powersW.length > 0) {
    const isShort = last !== undefined && atMs - last.wallMs <= SHORT_MS
    const growthPerMs = isShort ? METER_HARDER * Math.max(...powersW, LEAST_METER_W) : mostW
    return { ...limitOf(bounds, HARDER * Math.max(...powersW, 100)), growthPerMs }
  }
  return { atMs, upMs, perMs: Number.MAX_VALUE, atOnce: Number.POSITIVE_INFINITY }
}

/** The most that a device can have done for one owner: difficulty-1 shares, or tokens. */
export function workLimit(quantity: OwnerQuantity, bounds: Bounds): CounterLimit {
  const { samples } = bounds
  if (quantity === 'workDiff1') {
    const mostHs = Math.max(...samples.map(({ hashrateHs = 0 }) => HARDER * hashrateHs), MOST_HS)
    const perMs = mostHs / HASHES_PER_DIFF1 / 1000
    return { ...limitOf(bounds, perMs), growthPerMs: perMs }
  }
  const ratesPerS = samples.map(({ tokensInPerS = 0, tokensOutPerS = 0 }) => tokensInPerS + tokensOutPerS)
  const perMs = Math.max(HARDER * Math.max(...ratesPerS), MOST_TOKENS_PER_S) / 1000
  // the driver judges growth between its own readings; across a restart of the agent another server may stand there
  return { ...limitOf(bounds, perMs), growthPerMs: perMs }
}

/** @param perMs in the counter's unit; for energy, W are mJ per ms */
const limitOf = ({ atMs, upMs }: Bounds, perMs: number): CounterLimit => ({
  atMs,
  upMs,
  perMs,
  atOnce: perMs * SLACK_MS,
})
