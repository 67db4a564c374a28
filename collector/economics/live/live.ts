import type { Prices } from '../../../protocol/quote.ts'
import type { LiveContext, LiveDevice } from './live-device.ts'
import { type LiveFigures, LivePlane } from './live-plane.ts'

/**
 * Earnings of every device and workload at this moment, from nothing. W are split by who holds a machine, and balanced with the
 * meters as the ledger's minutes are, so that the workloads' power adds up to the site meter's.
 */
export function liveFigures(
  devices: readonly LiveDevice[],
  prices: Prices,
  context: LiveContext,
  atMs: number,
): LiveFigures {
  const plane = new LivePlane(context)
  plane.reset(devices)
  return plane.figures(prices, atMs)
}

/** J/TH of machines: W / (TH/s). Undefined where nothing hashes. */
export const efficiencyJPerTh = (powerW: number, hashrateHs: number): number | undefined =>
  hashrateHs > 0 ? powerW / (hashrateHs / 1e12) : undefined
