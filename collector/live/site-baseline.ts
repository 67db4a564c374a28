import { defined } from '../../protocol/kit/defined.ts'
import type { Baseline, BaselinePrices, BaselineWorkload, PaidBy } from '../economics/choices/baseline.ts'
import type { MachineBlock } from '../economics/choices/better-use.ts'
import { MONTH_H } from '../economics/choices/conversion.ts'
import type { LiveWorkload } from '../economics/live/live-device.ts'
import { ratio } from '../economics/ratio.ts'
import { UNPAID } from '../economics/unpaid.ts'
import type { Workload } from '../economics/workloads.ts'
import type { LiveSnapshot } from './snapshot.ts'

/** The baseline of a snapshot: prices, workloads and idle GPUs now. */
export function baselineOf(
  { atMs, figures }: LiveSnapshot,
  blocks: readonly MachineBlock[],
  prices: BaselinePrices,
  workloads: readonly Workload[],
): Baseline {
  const idle = blocks.filter((b) => b.idle && b.hardware === 'gpu')
  const count = idle.reduce((sum, b) => sum + b.gpus, 0)
  const powerW = idle.reduce((sum, b) => sum + b.powerW, 0)
  return {
    atMs,
    prices,
    idleGpus: { count, wattsPerGpu: ratio(powerW, count) ?? 0 },
    workloads: figures.workloads.map((t) => {
      const workload = workloads.find((w) => w.name === t.workload)
      const free = idle.filter((b) => bestRental(b, workloads) === t.workload)
      return baselineWorkload(
        t,
        workload,
        free.reduce((sum, b) => sum + b.gpus, 0),
        prices,
      )
    }),
  }
}

function baselineWorkload(
  t: LiveWorkload,
  workload: Workload | undefined,
  freeGpus: number,
  { energyUsdPerKwh = 0 }: BaselinePrices,
): BaselineWorkload {
  const { workload: name, kind, powerW, revenueUsdPerH, hashrateHs, gpusHeld } = t
  return {
    name,
    kind: name === UNPAID.unassigned ? name : kind,
    paidBy: paidBy(workload),
    energyPassedOn: workload?.kind === 'colocation' && workload.energyPassedOn === 'used',
    powerW,
    revenueUsdPerH,
    otherCostUsdPerH: t.energyCostUsdPerH + t.demandUsdPerH - (powerW / 1000) * energyUsdPerKwh,
    hashrateHs,
    poolFeeRatio: workload?.kind === 'mining' ? workload.poolFeeRatio : 0,
    gpusHeld,
    gpusInstalled: gpusHeld + freeGpus,
    ...defined({
      wattsPerGpu: ratio(powerW, gpusHeld),
      usdPerGpuHour: workload?.kind === 'gpu-hour' ? workload.usdPerGpuHour : undefined,
      usdPerKwH: workload?.kind === 'colocation' ? workload.usdPerKwMonth / MONTH_H : undefined,
    }),
  }
}

function paidBy(workload: Workload | undefined): PaidBy {
  switch (workload?.kind) {
    case undefined:
      return 'nothing'
    case 'mining': {
      const fixed = workload.usdPerPhDay ?? workload.usdPerDeviceDay
      return fixed === undefined ? 'network' : 'agreed'
    }
    case 'gpu-hour':
      return 'gpu-hours'
    case 'tokens':
      return 'tokens'
    default:
      return 'agreed'
  }
}

/** The best-paid GPU-hour workload that an idle GPU can serve. The GPU counts as installed for it. */
function bestRental(block: MachineBlock, workloads: readonly Workload[]): string | undefined {
  const rentals = workloads.flatMap((w) => (w.kind === 'gpu-hour' && block.serves.has(w.name) ? [w] : []))
  return rentals.sort((a, b) => b.usdPerGpuHour - a.usdPerGpuHour)[0]?.name
}
