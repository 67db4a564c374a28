import type { Program } from '../../protocol/program.ts'
import type { State } from '../../protocol/sample.ts'
import type { PoolDifference } from '../economics/settlement/pool-difference.ts'
import type { WorkerComparison } from '../economics/settlement/worker-difference.ts'
import type { AlertView } from '../views/alert.ts'
import type { Standstill } from '../views/standing.ts'
import type { HoldKind } from './held.ts'
import type { StoreWarning } from './store.ts'

/** Everything that alert rules judge, at one moment. Unknown is absent; each rule decides what absence means. */
export interface Situation {
  nowMs: number
  agents: readonly AgentSituation[]
  /** those that changed since the last situation, and those with an alert that is pending or firing; the rest have no news */
  devices: readonly DeviceSituation[]
  workloads: readonly { workload: string; netUsdPerH: number; revenueUsdPerH: number; powerW: number }[]
  /** metered: the power is what the site meter shows, else the sum of the devices that are heard */
  site: { powerW?: number; powerLimitW?: number; metered?: true }
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
  /** absent: no other clock is known */
  clocks?: ClockSituation
  /** agents whose records came under numbers that tell of another spool, or can't be; absent: none */
  numbers?: readonly NumbersSituation[]
  /** names that two programs have; absent: none */
  twins?: readonly TwinSituation[]
  /** agents that had more than their budget of late; absent: none */
  budgets?: readonly BudgetSituation[]
  /** what stands still, the first cause first */
  standing?: readonly Standstill[]
  /** what is wrong with the store though it answers */
  storeWarnings?: readonly StoreWarning[]
}

/** What the clocks of the site say about each other. */
export interface ClockSituation {
  /** collector's clock, Unix ms */
  nowMs: number
  collector: 'right' | 'wrong' | 'undecided'
  /** the collector's clock minus that of most others, where it is wrong, ms */
  collectorAheadMs?: number
  /** agents whose clock is beyond the tolerance: ahead of the right time, or of the collector's where nothing says which is right, ms */
  agents: readonly { agentId: string; aheadMs: number; verdict: 'wrong' | 'undecided' }[]
  /** servers whose time is another, where nothing says which is right */
  thirds: readonly { third: string; aheadMs: number }[]
  /** how many clocks agree with each other, and of how many, the collector's included */
  agreeing: number
  clocks: number
  /** what moved because the collector's clock was set; absent: nothing of late */
  moved?: ClockMoved
}

/** What was begun and settled by a wrong clock, and was taken back. */
export interface ClockMoved {
  /** by how much the clock was set, ms; absent: not known */
  byMs?: number
  /** it was set back to a time before minutes that were settled by it, and others may have agreed with it then */
  isAhead?: true
  /** first and last time that was taken back, Unix ms; absent: no minute was */
  fromMs?: number
  toMs?: number
  /** when rules begin now that had begun by the wrong clock, Unix ms; absent: none had */
  rulesFromMs?: number
}

/** Two programs of one name, the earlier one first. */
export interface TwinSituation {
  /** two agents of one name, or two collectors on one site at a broker, or in one store */
  kind: 'agent' | 'site' | 'store'
  /** of the agent, the site or the store */
  name: string
  programs: readonly [Program, Program]
}

/** An agent that had more than one may have. */
export interface BudgetSituation {
  agentId: string
  /** of its budget; a setting of mqtt.agentBudget */
  part: 'cpuMsPerS' | 'messagesPerS' | 'kilobytesPerS' | 'devices' | 'owners' | 'labels'
  /** what it may have, in the unit of the part's name */
  most: number
}

/** What the numbers of an agent's records tell. */
export interface NumbersSituation {
  agentId: string
  /**
   * its spool went back, it sends from another spool, its folder was copied from another agent, its batches are refused, or records of
   * it were lost before they could be taken
   */
  kind: 'went-back' | 'another-spool' | 'copied' | 'refused' | 'lost'
  /** records that may be missing */
  records: number
  /** the agent whose folder was copied */
  of?: string
  /** why its batches are refused, or its records lost; of lost records absent where its spool was full or damaged */
  reason?: string
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
  /** true: each of its feeds fails wholly, so nobody renews it */
  noFeed?: true
  /** the implausible value that was published, and why it is not used */
  heldBack?: string
  /** true: a person may say that it is right */
  mayBeAccepted?: true
  /** it was used for a time, which is to be repriced: the options of `perwatt-collector reprice` */
  reprice?: string
  /** workloads whose money depends on it */
  prices: readonly string[]
}

/** A pool's account beside the ledger of its workload. */
export interface PoolSituation {
  pool: string
  workload: string
  /** true where the pool has not answered for long: the rule keeps its last verdict */
  stale: boolean
  /** it does not answer: since when (its last answer, or the collector's start), whether that lasts, and what to do; absent: it answers */
  unanswered?: { sinceMs: number; lasts: boolean; reason: string } | undefined
  /** figures that it does not tell though it answers; absent: none */
  missing?: readonly { figures: string; reason: string; sinceMs: number; lasts: boolean }[]
  /** the last 24 h, then complete UTC days, newest first */
  differences: readonly PoolDifference[]
  /** agents whose machines worked for it since yesterday's first moment, UTC; absent: not known yet */
  agents?: ReadonlySet<string>
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
  /** of an agent that was never heard, s since the collector judges */
  unheardS?: number
  pollS: number
  /** USD/h that its devices earned when last heard */
  earnedUsdPerH: number
  /** collector's clock minus the agent's; absent: not measured yet */
  clockOffsetMs?: number
  /** messages that the broker passes on, and does not; absent: none was lost */
  messageLimit?: { arrivedBytes: number; lostBytes: number }
  /** s since records of it came; absent: none since the collector started */
  recordsAgoS?: number
  /** true: it was stopped, or the broker lost its connection */
  offline?: boolean
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
