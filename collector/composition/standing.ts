import { pollMs, STALE_POLLS } from '../live/state.ts'
import type { Pulse } from '../plugin/pulse.ts'
import type { PriceSituation } from '../plugin/situation.ts'
import type { StorePulseSource } from '../plugin/store-health.ts'
import { AgentPulses, type Outcome } from '../standing/agent-pulses.ts'
import { judgeStanding } from '../standing/judge.ts'
import { brokerPulses, pricePulses, settlingPulse } from '../standing/other-pulses.ts'
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
  #view: StandingView

  constructor(context: Context, store: StorePulseSource) {
    this.#context = context
    this.#store = store
    this.#agents = new AgentPulses(context.config.site.id, steadyMs)
    this.#view = judgeStanding([], context.nowMs())
  }

  /** What stood still at the last tick. */
  get view(): StandingView {
    return this.#view
  }

  /** Intake has dealt with a message of this agent. */
  became(agentId: string, outcome: Outcome): void {
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
    const { trouble, heard, first } = link.ingest
    const pulses: Pulse[] = [
      ...brokerPulses({ trouble, heard, first, url: link.shownUrl, agents: agents.length }),
      storePulse(this.#store),
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
