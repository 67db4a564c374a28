import { defined } from '../../protocol/kit/defined.ts'
import type { Prices } from '../../protocol/quote.ts'
import { floatAt } from '../economics/element.ts'
import type { LiveWorkload } from '../economics/live/live-device.ts'
import { perKwhOfRates } from '../economics/settlement/revenue.ts'
import type { Workload, WorkloadKind } from '../economics/workloads.ts'
import type { AgentView, SiteView } from '../views/site.ts'
import type { Known } from './last-known.ts'
import { siteView } from './site-view.ts'
import type { LiveSnapshot, SiteFacts } from './snapshot.ts'

/** Money and power now, as far as they are known. */
interface HeardEarning {
  powerW?: number
  revenueUsdPerH?: number
  energyCostUsdPerH?: number
  demandUsdPerH?: number
  feesUsdPerH?: number
  netUsdPerH?: number
  revenueUsdPerKwh?: number
}

export type HeardSite = HeardEarning &
  Partial<
    Pick<
      SiteView,
      | 'estimatedPowerW'
      | 'devicesPowerW'
      | 'hashrateHs'
      | 'expectedHashrateHs'
      | 'efficiencyJPerTh'
      | 'gpus'
      | 'gpusHeld'
      | 'gpuUtilizationRatio'
      | 'dataAgeS'
      | 'hashpriceUsdPerPhDay'
      | 'miningBreakEvenUsdPerKwh'
    >
  >

export type HeardWorkload = HeardEarning & {
  workload: string
  kind: WorkloadKind
  estimatedPowerW?: number
  devices: number
  hashrateHs?: number
  gpusHeld?: number
  tokensInPerS?: number
  tokensOutPerS?: number
}

/**
 * What is heard of the site now, for readers that keep a history of their own: no figure here is a last known one, and none is 0 because
 * a price or a reading is missing.
 */
export interface HeardFigures {
  atMs: number
  simulated: boolean
  agents: readonly AgentView[]
  prices: Prices
  devices: number
  devicesReporting: number
  /** absent while nothing of the site is heard */
  site?: HeardSite
  /** those of which something is heard, and contracts that are paid whatever is heard */
  workloads: HeardWorkload[]
}

/** @param workloads as configured */
export function heardFigures(
  snapshot: LiveSnapshot,
  known: Pick<Known, 'workloads'>,
  { facts, workloads }: { facts: SiteFacts; workloads: readonly Workload[] },
): HeardFigures {
  const { figures, agents, prices, atMs } = snapshot
  const view = siteView(snapshot, facts)
  const { simulated, devices, devicesReporting } = view
  const common = { atMs, simulated, agents, prices, devices, devicesReporting }
  if (devicesReporting === 0) return { ...common, workloads: [] }
  const configured = new Map(workloads.map((w) => [w.name, w]))
  const isPriced = ({ workload }: LiveWorkload) =>
    figures.usdPerShare !== undefined || !isPaidByShare(configured.get(workload))
  const hasEnergyPrice = prices.energyUsdPerKwh !== undefined
  const hasPower = figures.meterPowerW !== undefined || tellsPower(snapshot)
  return {
    ...common,
    site: defined({
      ...earningOf(view, {
        hasPower,
        hasEnergyPrice,
        hasRevenue: figures.workloads.every((w) => w.devices === 0 || isPriced(w)),
      }),
      estimatedPowerW: view.estimatedPowerW,
      devicesPowerW: hasPower ? view.devicesPowerW : undefined,
      hashrateHs: hearsMiners(snapshot) ? view.hashrateHs : undefined,
      expectedHashrateHs: view.expectedHashrateHs,
      efficiencyJPerTh: view.efficiencyJPerTh,
      gpus: view.gpus,
      gpusHeld: view.gpus > 0 ? view.gpusHeld : undefined,
      gpuUtilizationRatio: view.gpuUtilizationRatio,
      dataAgeS: view.dataAgeS,
      hashpriceUsdPerPhDay: view.hashpriceUsdPerPhDay,
      miningBreakEvenUsdPerKwh: view.miningBreakEvenUsdPerKwh,
    }),
    workloads: figures.workloads
      .filter(({ workload }) => known.workloads.get(workload)?.whole !== true)
      .map((w) => heardWorkload(w, { hasPower, hasEnergyPrice, hasRevenue: isPriced(w) })),
  }
}

/** Which of the inputs are known. */
interface Inputs {
  hasPower: boolean
  hasRevenue: boolean
  hasEnergyPrice: boolean
}

type Rates = Required<
  Pick<HeardEarning, 'powerW' | 'revenueUsdPerH' | 'energyCostUsdPerH' | 'demandUsdPerH' | 'feesUsdPerH'>
>

function earningOf(rates: Rates, { hasPower, hasRevenue, hasEnergyPrice }: Inputs): HeardEarning {
  const { powerW, revenueUsdPerH, energyCostUsdPerH, demandUsdPerH, feesUsdPerH } = rates
  const hasCost = hasPower && hasEnergyPrice
  return defined({
    powerW: hasPower ? powerW : undefined,
    revenueUsdPerH: hasRevenue ? revenueUsdPerH : undefined,
    energyCostUsdPerH: hasCost ? energyCostUsdPerH : undefined,
    demandUsdPerH,
    feesUsdPerH: hasRevenue ? feesUsdPerH : undefined,
    netUsdPerH: hasRevenue && hasCost ? revenueUsdPerH - energyCostUsdPerH - demandUsdPerH : undefined,
    revenueUsdPerKwh: hasRevenue && hasPower ? perKwhOfRates(revenueUsdPerH, powerW) : undefined,
  })
}

function heardWorkload(w: LiveWorkload, inputs: Inputs): HeardWorkload {
  const { workload, kind, devices, estimatedPowerW, hashrateHs, gpusHeld, tokensInPerS, tokensOutPerS } = w
  return {
    workload,
    kind,
    devices,
    ...earningOf(w, inputs),
    ...defined({
      estimatedPowerW:
        inputs.hasPower && estimatedPowerW > 0 ? Math.min(estimatedPowerW, w.powerW) : undefined,
      hashrateHs: kind === 'mining' ? hashrateHs : undefined,
      gpusHeld: kind === 'gpu-hour' || kind === 'reserved' || gpusHeld > 0 ? gpusHeld : undefined,
      tokensInPerS: kind === 'tokens' ? tokensInPerS : undefined,
      tokensOutPerS: kind === 'tokens' ? tokensOutPerS : undefined,
    }),
  }
}

/** Whether it earns by the reward of a share, which takes the prices of the network. */
const isPaidByShare = (w: Workload | undefined): boolean =>
  w?.kind === 'mining' && w.usdPerPhDay === undefined && w.usdPerDeviceDay === undefined

/** Whether any device says, or its meter, what it draws. */
function tellsPower({ figures: { earnings }, devices }: LiveSnapshot): boolean {
  for (let i = 0; i < devices.length; i++)
    if (earnings.earns[i] && !Number.isNaN(floatAt(earnings.powerW, i))) return true
  return false
}

const hearsMiners = ({ devices }: LiveSnapshot): boolean =>
  devices.some(({ stale, claimed, device }) => !stale && !claimed && device.kind === 'asic')
