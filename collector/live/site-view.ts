import { defined } from '../../protocol/kit/defined.ts'
import { breakEvenUsdPerKwh, hashpriceUsdPerPhDay } from '../economics/mining.ts'
import { perKwhOfRates } from '../economics/settlement/revenue.ts'
import type { AgentView, SiteView } from '../views/site.ts'
import { putAside } from './claim-situations.ts'
import type { LiveSnapshot, SiteFacts } from './snapshot.ts'
import { type AgentState, pollMs } from './state.ts'

/** An agent as the API shows it. @param staleMs age at which an agent counts as stale */
export function agentView(agent: AgentState, nowMs: number, staleMs: number): AgentView {
  const { status, lastLiveMs } = agent
  const isHeard = lastLiveMs !== undefined && nowMs - lastLiveMs <= staleMs
  return {
    agentId: agent.agentId,
    state: status?.state === 'offline' ? 'offline' : isHeard ? 'online' : 'stale',
    pollS: pollMs(agent) / 1000,
    devices: agent.devices.size,
    simulated: agent.simulated,
    version: status?.version ?? '',
    ...(lastLiveMs === undefined ? {} : { lastSeenMs: lastLiveMs }),
    ...(status?.clockOffsetMs === undefined ? {} : { clockOffsetMs: status.clockOffsetMs }),
    ...defined({
      spoolRecords: status?.spool?.records,
      spoolOldestMs: status?.spool?.oldestMs,
      spoolDisk: status?.spool?.disk,
      unansweredS: status?.delivery?.unansweredS,
      messageLimit: status?.delivery?.limit,
    }),
  }
}

/** The totals of a site as the API shows them. Stale devices are left out. */
export function siteView(snapshot: LiveSnapshot, facts: SiteFacts): SiteView {
  const { figures, agents, devices, prices, atMs } = snapshot
  const columns = snapshot.columns.site()
  const { efficiencyJPerTh: efficiency } = columns
  const revenueUsdPerH = total(figures.workloads, (w) => w.revenueUsdPerH)
  const energyCostUsdPerH = total(figures.workloads, (w) => w.energyCostUsdPerH)
  const demandUsdPerH = total(figures.workloads, (w) => w.demandUsdPerH)
  const estimatedPowerW = total(figures.workloads, (w) => w.estimatedPowerW)
  const powerW = figures.meterPowerW ?? total(figures.workloads, (w) => w.powerW)
  const ages = agents.filter((a) => a.state === 'online').map((a) => (atMs - (a.lastSeenMs ?? atMs)) / 1000)
  const hashprice = figures.usdPerShare === undefined ? undefined : hashpriceUsdPerPhDay(figures.usdPerShare)
  const breakEven =
    hashprice === undefined || efficiency === undefined
      ? undefined
      : breakEvenUsdPerKwh(hashprice, efficiency)
  return {
    site: facts.site,
    name: facts.name,
    timeZone: facts.timeZone,
    atMs,
    simulated: agents.some((a) => a.simulated),
    powerW,
    devicesPowerW: figures.devicesPowerW,
    revenueUsdPerH,
    energyCostUsdPerH,
    demandUsdPerH,
    feesUsdPerH: total(figures.workloads, (w) => w.feesUsdPerH),
    netUsdPerH: revenueUsdPerH - energyCostUsdPerH - demandUsdPerH,
    hashrateHs: columns.hashrateHs,
    gpus: columns.gpus,
    gpusHeld: total(figures.workloads, (w) => w.gpusHeld),
    devices: devices.filter((d) => !d.claimed).length,
    devicesReporting: columns.devicesReporting,
    prices: Object.values(prices).map((q) => ({
      ...q,
      stale: q.staleAfterMs !== undefined && atMs > q.staleAfterMs,
    })),
    agents,
    ...defined({
      revenueUsdPerKwh: perKwhOfRates(revenueUsdPerH, powerW),
      meterPowerW: figures.meterPowerW,
      estimatedPowerW: figures.meterPowerW === undefined && estimatedPowerW > 0 ? estimatedPowerW : undefined,
      powerLimitW: facts.powerLimitW,
      putAside: putAside(snapshot),
      expectedHashrateHs: columns.expectedHashrateHs,
      efficiencyJPerTh: efficiency,
      gpuUtilizationRatio: columns.gpuUtilizationRatio,
      oldestReadingS:
        snapshot.oldestReadMs === undefined ? undefined : Math.max(0, (atMs - snapshot.oldestReadMs) / 1000),
      dataAgeS: ages.length > 0 ? Math.max(...ages) : undefined,
      hashpriceUsdPerPhDay: hashprice,
      miningBreakEvenUsdPerKwh: breakEven,
    }),
  }
}

const total = <T>(items: readonly T[], value: (item: T) => number | undefined): number =>
  items.reduce((sum, item) => sum + (value(item) ?? 0), 0)
