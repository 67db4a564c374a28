import { ratio } from '../ratio.ts'
import { type Baseline, type BaselineWorkload, hashingUsdPerH, shareUsdOf } from './baseline.ts'

/** What a workload would pay for more machines or power, at its prices now. A field is absent if it pays nothing for that, or unknown. */
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
  /** GPUs held now / GPUs that could serve it */
  occupancy?: number | undefined
  /** USD for each kWh there, the revenue of a conversion */
  usdPerKwh?: number | undefined
}

/**
 * The offer of each workload. Mining pays the network's reward for each hash, GPU-hours pay their price, and colocation pays its price
 * per kW. Tokens pay what a GPU earns there now, although more GPUs do not bring more requests. Reservations and fixed contracts
 * offer nothing, because they pay no more for more machines.
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
