import { ratio } from '../ratio.ts'
import { type Baseline, type BaselineWorkload, hashingUsdPerH, shareUsdOf } from './baseline.ts'

/** What a workload would pay for more machines or power, at what it pays now. Absent: it pays nothing for that, or nobody knows. */
export interface Offer {
  workload: string
  /** USD/h for each H/s, after the pool's fee */
  usdPerHs?: number | undefined
  /** W of each H/s there */
  wattsPerHs?: number | undefined
  /** USD/h for each GPU held */
  usdPerGpu?: number | undefined
  /** W of a GPU there */
  wattsPerGpu?: number | undefined
  /** part of the GPUs that could serve it, that is held now */
  occupancy?: number | undefined
  /** USD for each kWh there: what a build for it would earn */
  usdPerKwh?: number | undefined
}

/**
 * What each workload offers. Mining pays each hash the network's reward; GPU-hours their price; tokens what a GPU there earns
 * now, since more GPUs bring no more questions; colocation its price per kW. A reservation and a fixed contract are sold: they
 * offer nothing more.
 */
export function offersOf({ workloads, prices }: Baseline): Offer[] {
  const usdPerShare = shareUsdOf(prices)
  return workloads.flatMap((w): Offer[] => {
    const { name: workload, wattsPerGpu } = w
    const usdPerKwh = w.powerW > 0 ? ratio(w.revenueUsdPerH * 1000, w.powerW) : undefined
    if (w.kind === 'mining') {
      const wattsPerHs = w.powerW > 0 ? ratio(w.powerW, w.hashrateHs) : undefined
      return [{ workload, usdPerHs: usdPerHs(w, usdPerShare), wattsPerHs, usdPerKwh }]
    }
    if (w.paidBy === 'gpu-hours')
      return [
        {
          workload,
          usdPerGpu: w.usdPerGpuHour,
          wattsPerGpu,
          occupancy: ratio(w.gpusHeld, w.gpusInstalled),
          usdPerKwh: usdPerKwh ?? (wattsPerGpu && ratio((w.usdPerGpuHour ?? 0) * 1000, wattsPerGpu)),
        },
      ]
    if (w.paidBy === 'tokens')
      return [{ workload, usdPerGpu: ratio(w.revenueUsdPerH, w.gpusHeld), wattsPerGpu, usdPerKwh }]
    return w.usdPerKwH === undefined ? [] : [{ workload, usdPerKwh: w.usdPerKwH }]
  })
}

const usdPerHs = (w: BaselineWorkload, usdPerShare: number | undefined): number | undefined =>
  w.paidBy === 'network'
    ? usdPerShare === undefined
      ? undefined
      : hashingUsdPerH(1, usdPerShare, w.poolFeeRatio)
    : ratio(w.revenueUsdPerH, w.hashrateHs)
