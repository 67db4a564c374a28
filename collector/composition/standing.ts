import { settingsOf } from '../alerts/active-rules.ts'
import { type AgentState, pollMs, STALE_POLLS } from '../live/state.ts'
import type { Pulse } from '../plugin/pulse.ts'
import type { PriceSituation } from '../plugin/situation.ts'
import type { HighWater } from '../plugin/store.ts'
import type { StorePulseSource } from '../plugin/store-health.ts'
import agentSilent from '../rules/agent-silent.ts'
import { AgentPulses } from '../standing/agent-pulses.ts'
import { judgeStanding } from '../standing/judge.ts'
import {
  AGENTS_LIMIT_S,
  brokerPulses,
  filesPulse,
  pricePulses,
  settlingPulse,
} from '../standing/other-pulses.ts'
import type { Outcome } from '../standing/records-why.ts'
import { type AgentHeard, isPresent, silencePulses } from '../standing/silence-pulses.ts'
import { StandingWatch } from '../standing/standing-watch.ts'
import { storePulse } from '../standing/store-pulse.ts'
import type { StandingView } from '../views/standing.ts'
import type { AgentLink } from './agent-link.ts'
import type { Context } from './context.ts'
import type { Devices } from './devices.ts'
import type { LedgerPlane } from './ledger.ts'

/** The clock of all durations here: no step of the wall clock is a standstill. */
export const steadyMs = (): number => performance.now()

/** Gathers what each part tells of itself at every tick, and keeps what stands still. */
export class Standing {
  readonly #context: Context
  readonly #store: StorePulseSource
  readonly #watch = new StandingWatch()
  readonly #agents: AgentPulses
  readonly #silenceS: number
  #view: StandingView

  constructor(context: Context, store: StorePulseSource) {
    this.#context = context
    this.#store = store
    this.#agents = new AgentPulses(context.config.site.id, steadyMs)
    const { after } = settingsOf(agentSilent, context.config.alerts.rules)
    this.#silenceS = Math.max(AGENTS_LIMIT_S, after / 1000)
    this.#view = judgeStanding([], context.nowMs())
  }

  /** What stood still at the last tick. */
  get view(): StandingView {
    return this.#view
  }

  /** A batch of this agent has come. */
  arrived(agentId: string): void {
    this.#agents.arrived(agentId)
  }

  /** How long ago records of this agent came, s; undefined: none since the start. */
  recordsAgoS(agentId: string): number | undefined {
    return this.#agents.recordsAgoS(agentId)
  }

  /** Intake has dealt with a message of this agent. */
  became(agentId: string, outcome: Outcome): void {
    this.#context.health.batches.add(1, agentId, outcome.kind)
    this.#agents.became(agentId, outcome)
  }

  tick(sources: {
    devices: Devices
    ledger: LedgerPlane
    link: AgentLink
    prices: readonly PriceSituation[]
  }): StandingView {
    const { devices, ledger, link, prices } = sources
    const now = this.#context.nowMs()
    const agents = [...devices.state.agents()]
    const heardOfAll = agents.map((agent) => heardOf(agent, ledger.records.markOf(agent.agentId), link))
    const present = heardOfAll.filter((agent) => isPresent(agent, now))
    const { trouble, heard, first } = link.ingest
    const pulses: Pulse[] = [
      ...brokerPulses({ trouble, heard, first, url: link.shownUrl, agents: present.length }),
      storePulse(this.#store),
      filesPulse(this.#context.files.trouble),
      ...silencePulses(this.#context.config.site.id, heardOfAll, { nowMs: now, limitS: this.#silenceS }),
      ...this.#agents.pulses(
        agents.map((agent) => ({
          agentId: agent.agentId,
          online: agent.lastLiveMs !== undefined && now - agent.lastLiveMs <= STALE_POLLS * pollMs(agent),
          devices: agent.devices.size,
          status: agent.status,
          mark: ledger.records.markOf(agent.agentId),
        })),
      ),
      settlingPulse(ledger.settler.progress),
      ...pricePulses(prices),
    ]
    this.#view = judgeStanding(this.#watch.tick(pulses, steadyMs()), now)
    return this.#view
  }
}

/** What was heard of an agent. */
function heardOf(agent: AgentState, mark: HighWater | undefined, { ingest }: AgentLink): AgentHeard {
  const { agentId, status, lastLiveMs, devices } = agent
  const heardMs = ingest.heardMs(agentId)
  return {
    agentId,
    lastLiveMs,
    heardAgoS: heardMs === undefined ? undefined : (steadyMs() - heardMs) / 1000,
    hasDevices: devices.size > 0,
    isOffline: status?.state === 'offline',
    signMs: Math.max(lastLiveMs ?? 0, status?.atMs ?? 0, mark?.newestMs ?? 0),
    pollS: pollMs(agent) / 1000,
  }
}
