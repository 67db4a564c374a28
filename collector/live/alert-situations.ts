import { defined } from '../../protocol/kit/defined.ts'
import { floatAt } from '../economics/element.ts'
import type { Workload } from '../economics/workloads.ts'
import type { Situation } from '../plugin/situation.ts'
import { claimSituations, replacedAgents } from './claim-situations.ts'
import { DeviceSituations } from './device-situation.ts'
import type { LiveSnapshot, SiteFacts } from './snapshot.ts'

/** Converts a snapshot into the situation that the alert rules judge. The screens show the same snapshot. */
export class AlertSituations {
  readonly #facts: SiteFacts
  readonly #devices: DeviceSituations
  /** for each agent: USD/h that its devices earned when it was last heard, the loss while it is silent */
  readonly #earnedUsdPerH = new Map<string, number>()

  /** of the first situation, Unix ms */
  #beganMs: number | undefined

  constructor(facts: SiteFacts, workloads: readonly Workload[]) {
    this.#facts = facts
    this.#devices = new DeviceSituations(workloads.find((w) => w.kind === 'mining'))
  }

  /** The situation of a snapshot. @param places indexes of the devices to judge */
  of(snapshot: LiveSnapshot, places: Int32Array): Situation {
    const { figures, atMs } = snapshot
    this.#noteEarned(snapshot)
    const replaced = replacedAgents(snapshot)
    // a clock that was set back: from then on
    const beganMs = Math.min(this.#beganMs ?? atMs, atMs)
    this.#beganMs = beganMs
    return {
      nowMs: atMs,
      agents: snapshot.agents.map((a) => ({
        agentId: a.agentId,
        pollS: a.pollS,
        earnedUsdPerH: this.#earnedUsdPerH.get(a.agentId) ?? 0,
        ...defined({
          silentS: a.lastSeenMs === undefined ? undefined : (atMs - a.lastSeenMs) / 1000,
          unheardS: a.lastSeenMs === undefined ? (atMs - beganMs) / 1000 : undefined,
          clockOffsetMs: a.clockOffsetMs,
          messageLimit: a.messageLimit,
          offline: a.state === 'offline' || undefined,
          replaced: replaced.has(a.agentId) || undefined,
        }),
      })),
      // a put-aside device is judged where it belongs
      devices: this.#devices.of(
        snapshot,
        places.filter((i) => !snapshot.devices[i]?.claimed),
      ),
      claims: claimSituations(snapshot),
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
        metered: figures.meterPowerW === undefined ? undefined : (true as const),
      }),
    }
  }

  /** Updates the earnings of the agents that are online; the others keep their last value. */
  #noteEarned({ agents, figures: { earnings } }: LiveSnapshot): void {
    const { earns, revenueUsdPerH } = earnings
    let i = 0
    // the devices of a snapshot are in the order of their agents
    for (const { agentId, state, devices } of agents) {
      const end = i + devices
      let usdPerH = 0
      for (; i < end; i++) if (earns[i]) usdPerH += floatAt(revenueUsdPerH, i)
      if (state === 'online') this.#earnedUsdPerH.set(agentId, usdPerH)
    }
  }
}
