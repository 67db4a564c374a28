import type { Workload } from '../economics/workloads.ts'
import type { Situation } from '../plugin/situation.ts'
import { DeviceSituations } from './device-situation.ts'
import { defined, type LiveSnapshot, type SiteFacts } from './snapshot.ts'

/** The same look at the live plane that the screens show, as the alert rules judge it. */
export class AlertSituations {
  readonly #facts: SiteFacts
  readonly #devices: DeviceSituations
  /** USD/h that each agent's devices earned when it was last heard: what its silence puts at stake */
  readonly #earnedUsdPerH = new Map<string, number>()

  constructor(facts: SiteFacts, workloads: readonly Workload[]) {
    this.#facts = facts
    this.#devices = new DeviceSituations(workloads.find((w) => w.kind === 'mining'))
  }

  /** @param places indexes of the devices that are to be judged */
  of(look: LiveSnapshot, places: Int32Array): Situation {
    const { figures, atMs } = look
    this.#noteEarned(look)
    return {
      nowMs: atMs,
      agents: look.agents.map((a) => ({
        agentId: a.agentId,
        pollS: a.pollS,
        earnedUsdPerH: this.#earnedUsdPerH.get(a.agentId) ?? 0,
        ...defined({
          silentS: a.lastSeenMs === undefined ? undefined : (atMs - a.lastSeenMs) / 1000,
          clockOffsetMs: a.clockOffsetMs,
        }),
      })),
      devices: this.#devices.of(look, places),
      workloads: figures.workloads.map((w) => ({
        workload: w.workload,
        powerW: w.powerW,
        revenueUsdPerH: w.revenueUsdPerH,
        netUsdPerH: w.revenueUsdPerH - w.energyCostUsdPerH - w.demandUsdPerH,
      })),
      meters: figures.meters,
      site: defined({
        powerW: figures.meterPowerW ?? figures.devicesPowerW,
        powerLimitW: this.#facts.powerLimitW,
      }),
    }
  }

  /** What each agent's devices earn, for the agents that are heard; one that is not keeps its last figure. */
  #noteEarned({ agents, figures: { earnings } }: LiveSnapshot): void {
    const { earns, revenueUsdPerH } = earnings
    let i = 0
    // devices stand in the order of their agents
    for (const { agentId, state, devices } of agents) {
      const end = i + devices
      let usdPerH = 0
      for (; i < end; i++) if (earns[i]) usdPerH += revenueUsdPerH[i] as number
      if (state === 'online') this.#earnedUsdPerH.set(agentId, usdPerH)
    }
  }
}
