import type { Device } from '../../protocol/device.ts'
import type { Sample } from '../../protocol/sample.ts'
import type { Prices } from '../prices/quote-book.ts'
import type { Workload } from './workloads.ts'
import type { TookBy } from './balance.ts'
import type { LiveEarnings } from './live-earnings.ts'
import { LivePlane } from './live-plane.ts'
import type { SettleRules } from './settle.ts'

/** One device as the live plane knows it. */
export interface LiveDevice {
  agentId: string
  device: Device
  /** newest sample; absent: never heard */
  sample?: Sample
  /** too old to count: its figures are not in any total */
  stale: boolean
}

/** What a device takes, earns and costs now. */
export interface LiveEarning {
  /** W, by the best that is known; absent: unknown */
  powerW?: number
  powerBy: TookBy
  revenueUsdPerH: number
  energyCostUsdPerH: number
  shares: { workload: string; share: number }[]
}

/** What a workload takes and earns now: sums over devices. */
export interface LiveWorkload {
  workload: string
  kind: Workload['kind'] | 'idle' | 'overhead' | 'unaccounted'
  powerW: number
  revenueUsdPerH: number
  /** what pools and firmwares keep; not in the revenue */
  feesUsdPerH: number
  energyCostUsdPerH: number
  /** its part of the demand charge */
  demandUsdPerH: number
  devices: number
  hashrateHs: number
  gpusHeld: number
  tokensInPerS: number
  tokensOutPerS: number
}

export interface LiveFigures {
  workloads: LiveWorkload[]
  earnings: LiveEarnings
  /** W at the site meter; absent without one that is heard */
  meterPowerW?: number
  devicesPowerW: number
  /** meters with something behind them; restW where their reading is not what stands there, and nobody knows which is right */
  meters: { agentId: string; deviceId: string; powerW: number; restW: number }[]
  /** expected reward of a difficulty-1 share, USD */
  usdPerShare?: number
}

export interface LiveContext extends SettleRules {
  /** any device of the site by its name */
  find(deviceId: string): Device | undefined
}

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
