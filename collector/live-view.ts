import type { Sample } from '../protocol/sample.ts'
import {
  efficiencyJPerTh,
  type LiveContext,
  type LiveDevice,
  type LiveEarning,
  type LiveFigures,
  liveFigures,
} from './economics/live.ts'
import { breakEvenUsdPerKwh, hashpriceUsdPerPhDay } from './economics/mining.ts'
import { perKwhOfRates } from './economics/revenue.ts'
import type { Prices } from './quotes.ts'
import { type AgentState, pollMs, type SiteState, STALE_POLLS } from './state.ts'
import type { AgentView, AlertView, DeviceView, RackView, SiteView } from './view.ts'

export interface SiteFacts {
  site: string
  name: string
  timeZone: string
  powerLimitW?: number | undefined
}

/** A device of the live plane, with the age of what is known of it. */
export interface AgedDevice extends LiveDevice {
  simulated: boolean
  /** s since its sample came in */
  ageS?: number
}

/** One look at the whole live plane: everything that a tick shows or judges comes from the same look. */
export interface LiveLook {
  atMs: number
  agents: AgentView[]
  devices: AgedDevice[]
  figures: LiveFigures
  prices: Prices
}

export function lookAt(state: SiteState, nowMs: number, prices: Prices, context: LiveContext): LiveLook {
  const devices: AgedDevice[] = []
  const agents: AgentView[] = []
  for (const agent of state.agents()) {
    const staleMs = STALE_POLLS * pollMs(agent)
    agents.push(agentView(agent, nowMs, staleMs))
    for (const device of agent.devices.values()) {
      const seen = agent.samples.get(device.deviceId)
      const ageMs = seen && nowMs - seen.receivedAtMs
      const aged: AgedDevice = {
        agentId: agent.agentId,
        device,
        simulated: agent.simulated,
        stale: ageMs === undefined || ageMs > staleMs,
      }
      if (seen) aged.sample = seen.sample
      if (ageMs !== undefined) aged.ageS = ageMs / 1000
      devices.push(aged)
    }
  }
  const figures = liveFigures(devices, prices, context, nowMs)
  return { atMs: nowMs, agents, devices, figures, prices }
}

function agentView(agent: AgentState, nowMs: number, staleMs: number): AgentView {
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
export function siteView(look: LiveLook, facts: SiteFacts): SiteView {
  const { figures, agents, devices, prices, atMs } = look
  const fresh = devices.filter((d) => !d.stale && d.sample && d.sample.state !== 'unreachable')
  const hashing = fresh.filter((d) => d.device.kind === 'asic' && (d.sample?.hashrateHs ?? 0) > 0)
  const withPower = hashing.filter((d) => d.sample?.powerW !== undefined)
  const gpus = fresh.filter((d) => d.device.kind === 'gpu')
  const used = gpus.map((d) => d.sample?.utilizationRatio).filter((u) => u !== undefined)
  const hashrateHs = total(hashing, (d) => d.sample?.hashrateHs)
  const expected = total(devices, (d) => (d.device.kind === 'asic' ? d.device.expectedHashrateHs : undefined))
  const efficiency = efficiencyJPerTh(
    total(withPower, (d) => d.sample?.powerW),
    total(withPower, (d) => d.sample?.hashrateHs),
  )
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
    hashrateHs,
    gpus: gpus.length,
    gpusHeld: total(figures.workloads, (w) => w.gpusHeld),
    devices: devices.length,
    devicesReporting: fresh.length,
    prices: Object.values(prices).map((q) => ({
      ...q,
      stale: q.staleAfterMs !== undefined && atMs > q.staleAfterMs,
    })),
    agents,
    ...defined({
      revenueUsdPerKwh: perKwhOfRates(revenueUsdPerH, powerW),
      meterPowerW: figures.meterPowerW,
      powerLimitW: facts.powerLimitW,
      expectedHashrateHs: expected > 0 ? expected : undefined,
      efficiencyJPerTh: efficiency,
      gpuUtilizationRatio: used.length > 0 ? total(used, (u) => u) / used.length : undefined,
      dataAgeS: ages.length > 0 ? Math.max(...ages) : undefined,
      hashpriceUsdPerPhDay: hashprice,
      miningBreakEvenUsdPerKwh: breakEven,
    }),
  }
}

export function deviceView(look: LiveLook, d: AgedDevice): DeviceView {
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
      ageS: d.ageS,
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
  if (earning.powerBy === 'meter') return { powerW: earning.powerW, powerBasis: 'metered' }
  if (earning.powerBy === 'share') return { powerW: earning.powerW, powerBasis: 'shared' }
  return sample?.powerW === undefined ? { powerW: earning.powerW } : {}
}

/** A quarter of a rack's machines out is the rack's problem (power, network, cooling), not the machines'. */
const DOWN_RATIO = 0.25

/** Machines that need a visit by rack: unreachable, faulty, or with an alert of their own. */
export function rackViews(look: LiveLook, alerts: readonly AlertView[]): RackView[] {
  const alerted = new Set(alerts.map((a) => a.subject.deviceId))
  const racks = new Map<string, RackView & { stale: number; running: number }>()
  for (const d of look.devices) {
    const { container = '', rack = '' } = d.device.location ?? {}
    if (!container && !rack) continue
    const key = JSON.stringify([container, rack])
    const r = racks.get(key) ?? {
      container,
      rack,
      devices: 0,
      needHands: 0,
      condition: 'normal',
      powerW: 0,
      stale: 0,
      running: 0,
    }
    racks.set(key, r)
    const state = d.sample?.state
    r.devices++
    if (d.stale) {
      r.stale++
      continue
    }
    r.powerW += d.sample?.powerW ?? 0
    if (state === 'unreachable' || state === 'faulty' || alerted.has(d.device.deviceId)) r.needHands++
    if (state === 'hashing' || state === 'busy' || state === 'ok') r.running++
  }
  return [...racks.values()].map(({ stale, running, ...r }) => {
    if (stale > r.devices / 2) r.condition = 'stale'
    else if (r.needHands >= Math.max(1, r.devices * DOWN_RATIO) && r.needHands > 1) r.condition = 'down'
    else if (r.needHands > 0) r.condition = 'degraded'
    else if (running === 0) r.condition = 'idle'
    return r
  })
}

const total = <T>(items: readonly T[], value: (item: T) => number | undefined): number =>
  items.reduce((sum, item) => sum + (value(item) ?? 0), 0)

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The same object without what is undefined: absent means unknown, on the wire too. */
export const defined = <T extends object>(o: T): Defined<T> =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as Defined<T>
