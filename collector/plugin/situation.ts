import type { State } from '../../protocol/sample.ts'
import type { PoolDifference } from '../economics/settlement/pool-difference.ts'
import type { WorkerComparison } from '../economics/settlement/worker-difference.ts'
import type { AlertView } from '../views/alert.ts'
import type { HoldKind } from './held.ts'

/** Everything that alert rules judge, at one moment. Unknown is absent; each rule decides what absence means. */
export interface Situation {
  nowMs: number
  agents: readonly AgentSituation[]
  /** those that changed since the last situation, and those with an alert that is pending or firing; the rest have no news */
  devices: readonly DeviceSituation[]
  workloads: readonly { workload: string; netUsdPerH: number; revenueUsdPerH: number; powerW: number }[]
  site: { powerW?: number; powerLimitW?: number }
  /** meters with machines behind them; restW: reading less the machines' sum, negative where the machines report more */
  meters?: readonly {
    agentId: string
    deviceId: string
    /** negative: it exports */
    powerW: number
    restW: number
    /** what own generation gives and machines take behind it, added up; at least the reading */
    throughW?: number
    /** own generation that is measured behind it, positive while it gives; without power where its meter is silent */
    sources?: readonly { deviceId: string; generates: string; powerW?: number }[]
    /** where it measures own generation itself: what is set behind it and generates nothing */
    notSources?: readonly string[]
  }[]
  /** silence after which the owner of put-aside devices counts as gone: the limit of the rule owner-silent; absent: its default */
  ownerSilentAfterMs?: number
  /** devices that an agent reads though they belong to another; absent: none */
  claims?: readonly ClaimSituation[]
  /** absent: none is configured */
  pools?: readonly PoolSituation[]
  /** every price that is in use or needed */
  prices?: readonly PriceSituation[]
  held?: readonly HeldSituation[]
}

/** Records of one device that are held for one reason, and wait for a person. */
export interface HeldSituation {
  kind: HoldKind
  check: string
  agentId: string
  deviceId: string
  records: number
  reason: string
}

/** A price or a network figure, and its faults. */
export interface PriceSituation {
  name: string
  /** absent: no source has published it */
  value?: number
  unit?: string
  source?: string
  /** s since it should have been renewed; absent: it is fresh */
  staleS?: number
  /** why its feeds fail */
  failing?: string
  /** the implausible value that was published, and why it is not used */
  heldBack?: string
  /** workloads whose money depends on it */
  prices: readonly string[]
}

/** A pool's account beside the ledger of its workload. */
export interface PoolSituation {
  pool: string
  workload: string
  /** true where the pool has not answered for long: the rule keeps its last verdict */
  stale: boolean
  /** the last 24 h, then complete UTC days, newest first */
  differences: readonly PoolDifference[]
  /** each worker of the last 24 h or the last complete UTC day; absent: not compared yet */
  workers?: WorkerComparison
}

/** The devices of one agent that are put aside because another has them. */
export interface ClaimSituation {
  /** who reads them, and is heard */
  agentId: string
  /** who has them */
  ownerAgentId: string
  /** how many */
  devices: number
  /** one of them, by both names, and what both have in common */
  example: { deviceId: string; ownerDeviceId: string; because: string }
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
  /** true: other agents have all of its devices now */
  replaced?: boolean
}

export interface DeviceSituation {
  deviceId: string
  agentId: string
  kind: 'asic' | 'gpu' | 'host' | 'meter' | 'service'
  container?: string | undefined
  rack?: string | undefined
  model?: string | undefined
  /** true where its figures are too old to judge: the rule keeps its last verdict */
  stale: boolean
  state: State
  hashrateHs?: number | undefined
  expectedHashrateHs?: number | undefined
  boardsWorking?: number | undefined
  boardsFitted?: number | undefined
  tempC?: number | undefined
  faults?: readonly string[] | undefined
  /** true where it hashes for a pool that it does not tell */
  poolUnknown?: boolean
  netUsdPerH?: number | undefined
  /** USD/h that it would earn at its expected hashrate or price */
  couldEarnUsdPerH?: number | undefined
  earnsUsdPerH?: number | undefined
}

/** An alert that begins or ends. Its id is the same from firing to resolved. */
export interface AlertEvent {
  type: 'firing' | 'resolved'
  alert: AlertView
  /** Unix ms */
  atMs: number
}
