import type { DeviceSituation, Situation } from './alerts/situation.ts'
import { earnedPerH } from './economics/revenue.ts'
import { type AgedDevice, defined, type LiveLook, type SiteFacts } from './live-view.ts'
import type { Workload } from './workloads.ts'

/**
 * The same look at the live plane that the screens show, as the alert rules judge it.
 * @param earnedUsdPerH what each agent's devices earned when it was last heard: what its silence puts at stake
 */
export function situationOf(
  look: LiveLook,
  facts: SiteFacts,
  workloads: readonly Workload[],
  earnedUsdPerH: ReadonlyMap<string, number>,
): Situation {
  const { figures, atMs } = look
  const mining = workloads.find((w) => w.kind === 'mining')
  return {
    nowMs: atMs,
    agents: look.agents.map((a) => ({
      agentId: a.agentId,
      pollS: a.pollS,
      earnedUsdPerH: earnedUsdPerH.get(a.agentId) ?? 0,
      ...defined({
        silentS: a.lastSeenMs === undefined ? undefined : (atMs - a.lastSeenMs) / 1000,
        clockOffsetMs: a.clockOffsetMs,
      }),
    })),
    devices: look.devices.map((d) => deviceSituation(look, d, mining)),
    workloads: figures.workloads.map((w) => ({
      workload: w.workload,
      powerW: w.powerW,
      revenueUsdPerH: w.revenueUsdPerH,
      netUsdPerH: w.revenueUsdPerH - w.energyCostUsdPerH - w.demandUsdPerH,
    })),
    meters: figures.meters,
    site: defined({ powerW: figures.meterPowerW ?? figures.devicesPowerW, powerLimitW: facts.powerLimitW }),
  }
}

function deviceSituation(look: LiveLook, d: AgedDevice, mining: Workload | undefined): DeviceSituation {
  const { device, sample } = d
  const earning = look.figures.earnings.get(d)
  // what a miner would earn: its expected hashrate at today's pay of the first mining workload
  const could =
    device.kind === 'asic' && device.expectedHashrateHs !== undefined
      ? earnedPerH(
          { workload: mining, owner: {}, device },
          { hashrateHs: device.expectedHashrateHs },
          look.figures.usdPerShare,
        ).revenueUsd
      : undefined
  return {
    deviceId: device.deviceId,
    agentId: d.agentId,
    kind: device.kind,
    stale: d.stale,
    state: sample?.state ?? 'unknown',
    ...defined({
      container: device.location?.container,
      rack: device.location?.rack,
      model: device.model,
      hashrateHs: sample?.hashrateHs,
      expectedHashrateHs: device.expectedHashrateHs,
      boardsWorking: sample?.boardsWorking,
      boardsFitted: sample?.boardsFitted,
      tempC: sample?.tempC,
      faults: sample?.faults,
      earnsUsdPerH: earning?.revenueUsdPerH,
      netUsdPerH: earning && earning.revenueUsdPerH - earning.energyCostUsdPerH,
      couldEarnUsdPerH: could,
    }),
  }
}

/** What each agent's devices earn, for the agents that are heard; one that is not keeps its last figure. */
export function noteEarned(look: LiveLook, earnedUsdPerH: Map<string, number>): void {
  const online = new Set(look.agents.filter((a) => a.state === 'online').map((a) => a.agentId))
  for (const agentId of online) earnedUsdPerH.set(agentId, 0)
  for (const d of look.devices) {
    const earning = online.has(d.agentId) ? look.figures.earnings.get(d) : undefined
    if (earning) earnedUsdPerH.set(d.agentId, (earnedUsdPerH.get(d.agentId) ?? 0) + earning.revenueUsdPerH)
  }
}
