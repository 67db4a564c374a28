import type { Device } from '../../protocol/device.ts'
import { NOBODY, type Owner } from '../../protocol/owner.ts'
import type { Sample } from '../../protocol/sample.ts'
import type { Prices } from '../quotes.ts'
import { UNPAID, type Workload } from '../workloads.ts'
import type { Attribute } from './attribution.ts'
import { energyCostUsdPerH, revenueUsdPerH, shareUsd } from './revenue.ts'

/** One device as the live plane knows it. */
export interface LiveDevice {
  agentId: string
  device: Device
  /** newest sample; absent: never heard */
  sample?: Sample
  /** too old to count: its figures are not in any total */
  stale: boolean
}

/** What a device earns and costs now. */
export interface LiveEarning {
  revenueUsdPerH: number
  energyCostUsdPerH: number
  shares: { workload: string; share: number }[]
}

/** What a workload takes and earns now: sums over devices. */
export interface LiveWorkload {
  workload: string
  kind: Workload['kind'] | 'idle' | 'overhead' | 'unaccounted'
  powerW: number
  revenueUsdPerH: number
  energyCostUsdPerH: number
  devices: number
  hashrateHs: number
  gpusHeld: number
  tokensInPerS: number
  tokensOutPerS: number
}

export interface LiveFigures {
  workloads: LiveWorkload[]
  earnings: Map<LiveDevice, LiveEarning>
  /** W at the site meter; absent without one that is heard */
  meterPowerW?: number
  devicesPowerW: number
  /** expected reward of a difficulty-1 share, USD */
  usdPerShare?: number
}

const counts = (d: LiveDevice): boolean =>
  !d.stale && d.sample !== undefined && d.sample.state !== 'unreachable'

/** What a whole machine does for one owner: its rates times the owner's share. */
function ratesOf(sample: Sample, kind: Device['kind'], share: number) {
  return {
    hashrateHs: (sample.hashrateHs ?? 0) * share,
    gpusHeld: kind === 'gpu' ? share : 0,
    tokensInPerS: (sample.tokensInPerS ?? 0) * share,
    tokensOutPerS: (sample.tokensOutPerS ?? 0) * share,
  }
}

/**
 * Earnings of every device and workload at this moment. W are split by who holds a machine; the site meter's surplus over
 * the devices is `overhead`, its shortfall `unaccounted` (negative), so that the workloads' power adds up to the meter's.
 */
export function liveFigures(
  devices: readonly LiveDevice[],
  workloads: readonly Workload[],
  prices: Prices,
  attribute: Attribute,
  siteMeter: string | undefined,
): LiveFigures {
  const usdPerKwh = prices.energyUsdPerKwh?.value ?? 0
  const usdPerShare = shareUsd(prices)
  const totals = new Map<string, LiveWorkload>()
  const total = (workload: string, kind: LiveWorkload['kind']) => {
    let t = totals.get(workload)
    if (!t) {
      const zero = {
        powerW: 0,
        revenueUsdPerH: 0,
        energyCostUsdPerH: 0,
        devices: 0,
        hashrateHs: 0,
        gpusHeld: 0,
      }
      t = { workload, kind, ...zero, tokensInPerS: 0, tokensOutPerS: 0 }
      totals.set(workload, t)
    }
    return t
  }
  for (const w of workloads) total(w.name, w.kind)
  total(UNPAID.idle, 'idle')

  const earnings = new Map<LiveDevice, LiveEarning>()
  let meterPowerW: number | undefined
  let devicesPowerW = 0
  for (const d of devices) {
    const { device, sample } = d
    if (!sample || !counts(d)) continue
    if (device.kind === 'meter') {
      if (device.deviceId === siteMeter) meterPowerW = sample.powerW
      continue
    }
    const powerW = sample.powerW ?? 0
    devicesPowerW += powerW
    const earning: LiveEarning = {
      revenueUsdPerH: 0,
      energyCostUsdPerH: energyCostUsdPerH(powerW, usdPerKwh),
      shares: [],
    }
    const add = (owner: Owner, share: number) => {
      const { name, workload } = attribute(owner, device)
      const t = total(name, workload?.kind ?? (name === UNPAID.overhead ? 'overhead' : 'idle'))
      const rates = ratesOf(sample, device.kind, share)
      const revenue = revenueUsdPerH(workload, owner, rates, usdPerShare)
      earning.revenueUsdPerH += revenue
      earning.shares.push({ workload: name, share })
      t.powerW += powerW * share
      t.revenueUsdPerH += revenue
      t.energyCostUsdPerH += earning.energyCostUsdPerH * share
      t.devices++
      if (!workload) return
      t.hashrateHs += rates.hashrateHs
      t.gpusHeld += rates.gpusHeld
      t.tokensInPerS += rates.tokensInPerS
      t.tokensOutPerS += rates.tokensOutPerS
    }
    let free = 1
    for (const { owner, share } of sample.holders ?? []) {
      add(owner, share)
      free -= share
    }
    // what has no power and no holder (a host, a server that only counts) takes nothing and is nobody's idle machine
    if (free > 1e-9 && (sample.powerW !== undefined || device.kind === 'asic' || device.kind === 'gpu'))
      add(NOBODY, free)
    earnings.set(d, earning)
  }
  creditServersToTheirGpus(earnings, workloads)
  if (meterPowerW !== undefined) {
    const beyondW = meterPowerW - devicesPowerW
    const t = beyondW < 0 ? total(UNPAID.unaccounted, 'unaccounted') : total(UNPAID.overhead, 'overhead')
    t.powerW += beyondW
    t.energyCostUsdPerH += energyCostUsdPerH(beyondW, usdPerKwh)
  }
  return {
    workloads: [...totals.values()],
    earnings,
    devicesPowerW,
    ...(meterPowerW === undefined ? {} : { meterPowerW }),
    ...(usdPerShare === undefined ? {} : { usdPerShare }),
  }
}

/** J/TH of machines: W / (TH/s). Undefined where nothing hashes. */
export const efficiencyJPerTh = (powerW: number, hashrateHs: number): number | undefined =>
  hashrateHs > 0 ? powerW / (hashrateHs / 1e12) : undefined

/**
 * An LLM server counts the tokens, the GPUs behind it take the watts: what it earns is credited to the machines that work for
 * the same workload, by power. A workload's sum stays as it is.
 */
function creditServersToTheirGpus(
  earnings: Map<LiveDevice, LiveEarning>,
  workloads: readonly Workload[],
): void {
  for (const { name } of workloads.filter((w) => w.kind === 'tokens')) {
    const members = [...earnings].flatMap(([device, earning]) => {
      const share = earning.shares.find((s) => s.workload === name)?.share
      return share === undefined ? [] : [{ earning, powerW: (device.sample?.powerW ?? 0) * share }]
    })
    const powerW = members.reduce((sum, m) => sum + m.powerW, 0)
    if (!(powerW > 0)) continue
    const servers = members.filter((m) => m.powerW === 0)
    const earned = servers.reduce((sum, m) => sum + m.earning.revenueUsdPerH, 0)
    for (const m of servers) m.earning.revenueUsdPerH = 0
    for (const m of members) m.earning.revenueUsdPerH += (earned * m.powerW) / powerW
  }
}
