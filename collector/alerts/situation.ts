import type { State } from '../../protocol/sample.ts'
import type { AlertView } from '../view.ts'

/** All that the rules may look at, at one moment. Unknown is absent, and a rule says what absence means. */
export interface Situation {
  nowMs: number
  agents: readonly AgentSituation[]
  devices: readonly DeviceSituation[]
  workloads: readonly { workload: string; netUsdPerH: number; revenueUsdPerH: number; powerW: number }[]
  site: { powerW?: number; powerLimitW?: number }
}

export interface AgentSituation {
  agentId: string
  /** s since its last live message by the collector's clock; absent: never heard */
  silentS?: number
  pollS: number
  /** USD/h that its devices earned when last heard */
  earnedUsdPerH: number
  /** collector's clock minus the agent's; absent: not measured yet */
  clockOffsetMs?: number
}

export interface DeviceSituation {
  deviceId: string
  agentId: string
  kind: 'asic' | 'gpu' | 'host' | 'meter' | 'service'
  container?: string
  rack?: string
  model?: string
  /** true where its figures are too old to judge: a rule holds its last verdict */
  stale: boolean
  state: State
  hashrateHs?: number
  expectedHashrateHs?: number
  boardsWorking?: number
  boardsFitted?: number
  tempC?: number
  faults?: readonly string[]
  netUsdPerH?: number
  /** USD/h that it would earn at its expected hashrate or price */
  couldEarnUsdPerH?: number
  earnsUsdPerH?: number
}

/** What a rule's life gives to the channels. The id is the same from firing to resolved. */
export interface AlertEvent {
  type: 'firing' | 'resolved'
  alert: AlertView
  /** Unix ms */
  atMs: number
}
