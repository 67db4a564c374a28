import type { Device } from '../../../protocol/device.ts'
import type { Sample } from '../../../protocol/sample.ts'
import type { DrawBasis } from '../energy/balance.ts'
import type { SettleRules } from '../settlement/settle.ts'
import type { Workload } from '../workloads.ts'

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
  powerBy: DrawBasis
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

export interface LiveContext extends SettleRules {
  /** any device of the site by its name */
  find(deviceId: string): Device | undefined
}
