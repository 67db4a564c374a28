import type { Prices } from '../../protocol/quote.ts'
import type { Sample } from '../../protocol/sample.ts'
import type { LiveEarning } from '../economics/live/live-device.ts'
import type { LiveFigures } from '../economics/live/live-plane.ts'
import { breakEvenUsdPerKwh, efficiencyJPerTh, hashpriceUsdPerPhDay } from '../economics/mining.ts'
import { perKwhOfRates } from '../economics/settlement/revenue.ts'
import type { DeviceView } from '../views/device.ts'
import type { AgentView, SiteView } from '../views/site.ts'
import type { ReadingColumns, SiteDevice } from './reading-columns.ts'
import { type AgentState, pollMs } from './state.ts'

export interface SiteFacts {
  site: string
  name: string
  timeZone: string
  powerLimitW?: number | undefined
}

/** One look at the whole live plane: everything that a tick shows or judges comes from the same look. It holds until the next. */
export interface LiveSnapshot {
  atMs: number
  agents: AgentView[]
  /** the same list until an inventory changes */
  devices: readonly SiteDevice[]
  figures: LiveFigures
  gauges: ReadingColumns
  prices: Prices
}

export function agentView(agent: AgentState, nowMs: number, staleMs: number): AgentView {
  const { status, lastLiveMs } = agent
  const heard = lastLiveMs !== undefined && nowMs - lastLiveMs <= staleMs
  return {
    agentId: agent.agentId,
    state: status?.state === 'offline' ? 'offline' : heard ? 'online' : 'stale',
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
    }),
  }
}

/** Site totals of a look. A stale device is in none of them. */
export function siteView(look: LiveSnapshot, facts: SiteFacts): SiteView {
  const { figures, agents, devices, prices, atMs } = look
  const gauges = look.gauges.site()
  const { efficiencyJPerTh: efficiency } = gauges
  const revenueUsdPerH = total(figures.workloads, (w) => w.revenueUsdPerH)
  const energyCostUsdPerH = total(figures.workloads, (w) => w.energyCostUsdPerH)
  const demandUsdPerH = total(figures.workloads, (w) => w.demandUsdPerH)
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
    hashrateHs: gauges.hashrateHs,
    gpus: gauges.gpus,
    gpusHeld: total(figures.workloads, (w) => w.gpusHeld),
    devices: devices.length,
    devicesReporting: gauges.devicesReporting,
    prices: Object.values(prices).map((q) => ({
      ...q,
      stale: q.staleAfterMs !== undefined && atMs > q.staleAfterMs,
    })),
    agents,
    ...defined({
      revenueUsdPerKwh: perKwhOfRates(revenueUsdPerH, powerW),
      meterPowerW: figures.meterPowerW,
      powerLimitW: facts.powerLimitW,
      expectedHashrateHs: gauges.expectedHashrateHs,
      efficiencyJPerTh: efficiency,
      gpuUtilizationRatio: gauges.gpuUtilizationRatio,
      dataAgeS: ages.length > 0 ? Math.max(...ages) : undefined,
      hashpriceUsdPerPhDay: hashprice,
      miningBreakEvenUsdPerKwh: breakEven,
    }),
  }
}

export function deviceView(look: LiveSnapshot, d: SiteDevice): DeviceView {
  const { device, sample } = d
  const earning = look.figures.earnings.get(d)
  const { deviceId: _, observedAtMs: __, holders: ___, state = 'unknown', ...values } = sample ?? {}
  const { tags: _tags, ...facts } = device
  const revenueUsdPerH = earning?.revenueUsdPerH ?? 0
  const energyCostUsdPerH = earning?.energyCostUsdPerH ?? 0
  const powerW = earning?.powerW ?? sample?.powerW
  return {
    ...facts,
    ...values,
    agentId: d.agentId,
    simulated: d.simulated,
    state,
    stale: d.stale,
    workloads: earning?.shares ?? [],
    revenueUsdPerH,
    energyCostUsdPerH,
    netUsdPerH: revenueUsdPerH - energyCostUsdPerH,
    ...defined({
      ageS: d.receivedAtMs === undefined ? undefined : (look.atMs - d.receivedAtMs) / 1000,
      ...powerOf(earning, sample),
      revenueUsdPerKwh: earning && perKwhOfRates(revenueUsdPerH, earning.powerW ?? 0),
      efficiencyJPerTh: powerW === undefined ? undefined : efficiencyJPerTh(powerW, sample?.hashrateHs ?? 0),
    }),
  }
}

/** A meter knows better what a machine takes than the machine does. */
function powerOf(
  earning: LiveEarning | undefined,
  sample: Sample | undefined,
): Pick<DeviceView, 'powerW' | 'powerBasis'> {
  if (earning?.powerW === undefined) return {}
  if (earning.drawBasis === 'meter') return { powerW: earning.powerW, powerBasis: 'metered' }
  if (earning.drawBasis === 'share') return { powerW: earning.powerW, powerBasis: 'shared' }
  return sample?.powerW === undefined ? { powerW: earning.powerW } : {}
}

const total = <T>(items: readonly T[], value: (item: T) => number | undefined): number =>
  items.reduce((sum, item) => sum + (value(item) ?? 0), 0)

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The same object without what is undefined: absent means unknown, on the wire too. */
export const defined = <T extends object>(o: T): Defined<T> =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as Defined<T>
