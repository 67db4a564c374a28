import { contractTime } from '../../../../collector/economics/contract-time.ts'
import type { Balanced } from '../../../../collector/economics/energy/balance.ts'
import {
  type DeviceLoad,
  distribute,
  type OwnerPart,
} from '../../../../collector/economics/energy/distribution.ts'
import { ownFlow } from '../../../../collector/economics/energy/own-flow.ts'
import type {
  LiveContext,
  LiveDevice,
  LiveEarning,
  LiveWorkload,
} from '../../../../collector/economics/live/live-device.ts'
import type { LiveFigures } from '../../../../collector/economics/live/live-plane.ts'
import {
  type Contract,
  contractUsdPerH,
  isContract,
} from '../../../../collector/economics/settlement/contracts.ts'
import { energyCostUsdPerH } from '../../../../collector/economics/settlement/costs.ts'
import { earnedPerH, shareUsd } from '../../../../collector/economics/settlement/revenue.ts'
import { energyUsdPerKwh } from '../../../../collector/economics/settlement/settle.ts'
import { UNPAID } from '../../../../collector/economics/unpaid.ts'
import type { Workload } from '../../../../collector/economics/workloads.ts'
import type { Device } from '../../../../protocol/device.ts'
import { NOBODY, type Owner } from '../../../../protocol/owner.ts'
import type { Prices } from '../../../../protocol/quote.ts'
import type { Sample } from '../../../../protocol/sample.ts'
import { HOUR_MS } from '../../../../protocol/units.ts'

/** The live figures in readable code: the specification that property tests compare the fast live plane with. */
export interface PlainFigures extends Omit<LiveFigures, 'earnings'> {
  earnings: Map<LiveDevice, LiveEarning>
}

type Earned = Map<LiveEarning, Map<string, number>>

interface Holding extends OwnerPart {
  owner: Owner
  share: number
}

const counts = (d: LiveDevice): boolean =>
  !d.stale && d.sample !== undefined && d.sample.state !== 'unreachable'

/** The rates of a machine for one owner: its rates x the owner's share. */
function ratesOf(sample: Sample, kind: Device['kind'], share: number) {
  return {
    share,
    hashrateHs: (sample.hashrateHs ?? 0) * share,
    gpusHeld: kind === 'gpu' ? share : 0,
    tokensInPerS: (sample.tokensInPerS ?? 0) * share,
    tokensOutPerS: (sample.tokensOutPerS ?? 0) * share,
  }
}

/**
 * Earnings of every device and workload now. The power of a machine is split over its holders and balanced with the meters, as in
 * the ledger, so that the power of all workloads adds up to the site meter's.
 */
export function plainFigures(
  devices: readonly LiveDevice[],
  prices: Prices,
  context: LiveContext,
  atMs: number,
): PlainFigures {
  const { workloads, siteMeter, costs } = context
  const usdPerKwh = energyUsdPerKwh(prices, costs)
  const usdPerShare = shareUsd(prices)
  const totals = new Totals(workloads)
  const heard = devices.filter(counts)
  const deviceLoads = heard.map((d) => deviceLoadOf(d, context, atMs))
  const { charges, balanced, parents } = distribute(deviceLoads, context)

  const earnings = new Map<LiveDevice, LiveEarning>()
  /** for each device: the revenue of its work for each workload */
  const earned: Earned = new Map()
  let site: LiveDevice | undefined
  let meterPowerW: number | undefined
  let devicesPowerW = 0
  for (const [i, d] of heard.entries()) {
    const { drawn, basis, behind } = balanced[i] as (typeof balanced)[number]
    const sample = d.sample as Sample
    if (d.device.kind === 'meter') {
      // if two agents read the site meter, the first one counts
      if (d.device.deviceId === siteMeter && !site) {
        site = d
        meterPowerW = sample.powerW
      }
      continue
    }
    // a host with GPUs behind it shows its own reading; the power beyond its GPUs is charged to their holders
    const powerW = behind > 0 ? (sample.powerW ?? 0) : drawn / 1000
    const earning: LiveEarning = {
      revenueUsdPerH: 0,
      energyCostUsdPerH: energyCostUsdPerH(drawn / 1000, usdPerKwh),
      shares: [],
      drawBasis: basis,
      ...(basis === 'nothing' ? {} : { powerW }),
    }
    earnings.set(d, earning)
    for (const { owner, share, attribution } of (deviceLoads[i] as DeviceLoad<Holding>).parts) {
      const { name, workload } = attribution
      const rates = ratesOf(sample, d.device.kind, share)
      const { revenueUsd, feeUsd } = earnedPerH({ workload, owner, device: d.device }, rates, usdPerShare)
      earning.revenueUsdPerH += revenueUsd
      const own = earned.get(earning) ?? new Map<string, number>()
      earned.set(earning, own.set(name, (own.get(name) ?? 0) + revenueUsd))
      earning.shares.push({ workload: name, share })
      const t = totals.of(name, workload?.kind)
      t.revenueUsdPerH += revenueUsd
      t.feesUsdPerH += feeUsd
      t.devices++
      const guess = !['metered', 'reported'].includes(sample.powerBasis ?? 'reported')
      if (basis === 'share' || (basis === 'own' && guess)) t.estimatedPowerW += powerW * share
      if (!workload) continue
      t.hashrateHs += rates.hashrateHs
      t.gpusHeld += rates.gpusHeld
      t.tokensInPerS += rates.tokensInPerS
      t.tokensOutPerS += rates.tokensOutPerS
    }
  }
  for (const { load, attribution, amount } of charges) {
    if (deviceLoads[load]?.device.kind !== 'meter') devicesPowerW += amount / 1000
    const t = totals.of(attribution.name, attribution.workload?.kind)
    t.powerW += amount / 1000
    t.energyCostUsdPerH += energyCostUsdPerH(amount / 1000, usdPerKwh)
  }
  payContracts(totals, earnings, context, atMs)
  shareDemand(totals, context, atMs)
  creditServersToTheirGpus(earnings, earned, workloads)
  return {
    workloads: totals.all(),
    earnings,
    devicesPowerW,
    meters: metersOf(deviceLoads, balanced, parents),
    ...(meterPowerW === undefined ? {} : { meterPowerW }),
    ...(usdPerShare === undefined ? {} : { usdPerShare }),
  }
}

function metersOf(
  deviceLoads: readonly DeviceLoad[],
  balanced: readonly Balanced[],
  parents: ArrayLike<number>,
): LiveFigures['meters'] {
  return balanced.flatMap(({ rest, remainder, total, behind }, i) => {
    const load = deviceLoads[i]
    if (!load || behind === 0) return []
    const { agentId, deviceId } = load
    const through = balanced.reduce((sum, b, k) => (parents[k] === i ? sum + Math.abs(b.total) : sum), 0)
    const throughW = Math.max(Math.abs(total), through) / 1000
    const restW = remainder === 'disagrees' ? rest / 1000 : 0
    return [{ agentId, deviceId, powerW: total / 1000, restW, throughW }]
  })
}

/** A device as a load: its power in whole mW, and a part for each holder. */
function deviceLoadOf({ agentId, device, sample }: LiveDevice, { attribute }: LiveContext, atMs: number) {
  const parts: Holding[] = []
  const add = (owner: Owner, share: number) =>
    parts.push({ owner, share, weight: share, attribution: attribute(owner, device, atMs) })
  let free = 1
  for (const { owner, share } of sample?.holders ?? []) {
    add(owner, share)
    free -= share
  }
  // a server that only counts tokens has no power to charge, so it is not idle without a holder
  const drawsPower = sample?.powerW !== undefined || device.kind === 'asic' || device.kind === 'gpu'
  if (free > 1e-9 && drawsPower) add(NOBODY, free)
  const powerW = device.kind === 'meter' ? sample?.powerW : sample?.powerW && Math.max(0, sample.powerW)
  const flowW = ownFlow(device, powerW)
  const own = flowW === undefined ? undefined : Math.round(flowW * 1000)
  return { agentId, deviceId: device.deviceId, device, own, parts } satisfies DeviceLoad<Holding>
}

/** Sums by workload. Configured workloads and `idle` are always present. */
class Totals {
  readonly #byName = new Map<string, LiveWorkload>()

  constructor(workloads: readonly Workload[]) {
    for (const w of workloads) this.of(w.name, w.kind)
    this.of(UNPAID.idle)
  }

  of(name: string, kind?: Workload['kind']): LiveWorkload {
    let t = this.#byName.get(name)
    if (t) return t
    t = {
      workload: name,
      kind: kind ?? (name === UNPAID.overhead || name === UNPAID.unaccounted ? name : 'idle'),
      powerW: 0,
      estimatedPowerW: 0,
      revenueUsdPerH: 0,
      feesUsdPerH: 0,
      energyCostUsdPerH: 0,
      demandUsdPerH: 0,
      devices: 0,
      hashrateHs: 0,
      gpusHeld: 0,
      tokensInPerS: 0,
      tokensOutPerS: 0,
    }
    this.#byName.set(name, t)
    return t
  }

  all(): LiveWorkload[] {
    return [...this.#byName.values()]
  }
}

/** Adds what contracts pay, at any use. Their revenue is credited to their machines by power. */
function payContracts(
  totals: Totals,
  earnings: ReadonlyMap<LiveDevice, LiveEarning>,
  { workloads, monthOf }: LiveContext,
  atMs: number,
): void {
  const inForce = workloads.filter((w): w is Workload & Contract => isContract(w) && contractTime(w)(atMs))
  for (const contract of inForce) {
    const t = totals.of(contract.name, contract.kind)
    const usdPerH = contractUsdPerH(contract, atMs, t, monthOf)
    t.revenueUsdPerH += usdPerH
    const members = membersOf(earnings, contract.name)
    const powerW = members.reduce((sum, m) => sum + m.powerW, 0)
    if (!(powerW > 0)) continue
    for (const m of members) m.earning.revenueUsdPerH += (usdPerH * m.powerW) / powerW
  }
}

/** Shares the demand charge over the workloads by power. */
function shareDemand(totals: Totals, { costs: { demand }, monthOf }: LiveContext, atMs: number): void {
  if (!demand) return
  const month = monthOf(atMs)
  const usdPerH = (demand.usdPerKwMonth * demand.billedKw) / ((month.endMs - month.startMs) / HOUR_MS)
  const all = totals.all().filter((t) => t.powerW > 0)
  const powerW = all.reduce((sum, t) => sum + t.powerW, 0)
  if (powerW > 0) for (const t of all) t.demandUsdPerH = (usdPerH * t.powerW) / powerW
  else totals.of(UNPAID.overhead).demandUsdPerH = usdPerH
}

/** The devices that work for a workload, with the W that they draw for it. */
const membersOf = (earnings: ReadonlyMap<LiveDevice, LiveEarning>, workload: string) =>
  [...earnings.values()].flatMap((earning) => {
    const shares = earning.shares.filter((s) => s.workload === workload)
    const share = shares.reduce((sum, s) => sum + s.share, 0)
    return shares.length === 0 ? [] : [{ earning, powerW: (earning.powerW ?? 0) * share }]
  })

/**
 * An LLM server counts the tokens, but the GPUs behind it draw the power: its revenue is credited to the machines of the same
 * workload, by power. The sum of the workload does not change.
 */
function creditServersToTheirGpus(
  earnings: Map<LiveDevice, LiveEarning>,
  earned: Earned,
  workloads: readonly Workload[],
): void {
  for (const { name } of workloads.filter((w) => w.kind === 'tokens')) {
    const members = membersOf(earnings, name)
    const powerW = members.reduce((sum, m) => sum + m.powerW, 0)
    if (!(powerW > 0)) continue
    const servers = members.filter((m) => m.powerW === 0)
    const servedUsdPerH = (m: (typeof members)[number]) => earned.get(m.earning)?.get(name) ?? 0
    const served = servers.reduce((sum, m) => sum + servedUsdPerH(m), 0)
    for (const m of servers) m.earning.revenueUsdPerH -= servedUsdPerH(m)
    for (const m of members) m.earning.revenueUsdPerH += (served * m.powerW) / powerW
  }
}
