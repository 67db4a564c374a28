import { HASHES_PER_DIFF1, MINUTE_MS } from '../../protocol/units.ts'
import type { Reading } from '../plugin/reading.ts'
import type { OWNER_QUANTITIES, CounterLimit } from './counter.ts'

/** A machine may have worked harder while nobody looked than it does now. */
const HARDER = 10
/** No single machine takes more, or hashes faster; a meter may stand for a site. */
const MOST_W = { asic: 20_000, gpu: 2_500, host: 50_000, service: 50_000 } as const
const MACHINE_HS = 1e15
/** Of one server; a fleet behind one page says by its rate that it is more. */
const TOKENS_PER_S = 1e5
/** A reading may be this much older than its time says: two polls, and a clock that was set. */
const SLACK_MS = 2 * MINUTE_MS

type Says = Pick<Reading['sample'], 'powerW' | 'hashrateHs' | 'tokensInPerS' | 'tokensOutPerS'>

/** mJ that a device can have taken; without a power anything is possible. */
export function energyLimit(
  kind: Reading['identity']['kind'],
  says: readonly Says[],
  atMs: number,
): CounterLimit {
  const powers = says.flatMap(({ powerW }) => (powerW === undefined ? [] : [powerW]))
  if (kind === 'meter' && powers.length === 0)
    return { atMs, perMs: Number.MAX_VALUE, atOnce: Number.POSITIVE_INFINITY, boundsGrowth: false }
  if (kind !== 'meter') return bounded(atMs, MOST_W[kind])
  return bounded(atMs, HARDER * Math.max(...powers, 100), false)
}

/** What it can have done for one owner. */
export function workLimit(
  quantity: (typeof OWNER_QUANTITIES)[number],
  says: readonly Says[],
  atMs: number,
): CounterLimit {
  if (quantity !== 'workDiff1') {
    const rates = says.map(({ tokensInPerS = 0, tokensOutPerS = 0 }) => tokensInPerS + tokensOutPerS)
    return bounded(atMs, Math.max(HARDER * Math.max(...rates), TOKENS_PER_S) / 1000, false)
  }
  const mostHs = Math.max(...says.map(({ hashrateHs = 0 }) => HARDER * hashrateHs), MACHINE_HS)
  return bounded(atMs, mostHs / HASHES_PER_DIFF1 / 1000)
}

const bounded = (atMs: number, perMs: number, boundsGrowth = true): CounterLimit => ({
  atMs,
  perMs,
  atOnce: perMs * SLACK_MS,
  boundsGrowth,
})
