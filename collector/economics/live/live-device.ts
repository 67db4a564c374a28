import type { Device } from '../../../protocol/device.ts'
import type { Sample } from '../../../protocol/sample.ts'
import type { DrawBasis } from '../energy/balance.ts'
import type { SettleRules } from '../settlement/settle.ts'
import type { WorkloadKind } from '../workloads.ts'

/** One device of the live plane. */
export interface LiveDevice {
  agentId: string
  device: Device
  /** newest sample; absent if the device has never sent one */
  sample?: Sample
  /** the sample is too old: its figures are in no total */
  stale: boolean
  /** the machine belongs to another agent, so its figures are shown and are in no total */
  claimed?: boolean
}

/** Power, revenue and energy cost of one device now. */
export interface LiveEarning {
  /** W, from the best source: see drawBasis; absent if unknown */
  powerW?: number
  drawBasis: DrawBasis
  revenueUsdPerH: number
  energyCostUsdPerH: number
  /** workloads that the device works for; the shares are parts of 1 */
  shares: { workload: string; share: number }[]
}

/** Power, revenue and costs of one workload now: sums over its devices. */
export interface LiveWorkload {
  workload: string
  kind: WorkloadKind
  powerW: number
  /** W of its devices that neither a meter nor the machine measured: split, estimated, by model or by rating */
  estimatedPowerW: number
  revenueUsdPerH: number
  /** pool fees and firmware dev fees; not part of the revenue */
  feesUsdPerH: number
  energyCostUsdPerH: number
  /** share of the site's demand charge */
  demandUsdPerH: number
  devices: number
  hashrateHs: number
  gpusHeld: number
  tokensInPerS: number
  tokensOutPerS: number
}

/** The rules of settlement, and the devices of the site. */
export interface LiveContext extends SettleRules {
  /** finds any device of the site by its deviceId */
  find(deviceId: string): Device | undefined
}
