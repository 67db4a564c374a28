import type { AdviceMessage } from '../../protocol/advice.ts'
import type { Prices } from '../../protocol/quote.ts'
import type { Baseline, BaselinePrices, BaselineWorkload, PaidBy } from '../economics/choices/baseline.ts'
import {
  type AdvisedBlock,
  betterUse,
  type EnergyPrice,
  type MachineBlock,
} from '../economics/choices/better-use.ts'
import type { Machine } from '../economics/choices/break-even.ts'
import { MONTH_H } from '../economics/choices/conversion.ts'
import { offersOf } from '../economics/choices/offers.ts'
import type { LiveWorkload } from '../economics/live/live-device.ts'
import { ratio } from '../economics/ratio.ts'
import type { Costs } from '../economics/site-settings.ts'
import { UNPAID } from '../economics/unpaid.ts'
import type { Workload } from '../economics/workloads.ts'
import { machineBlocks } from './machine-blocks.ts'
import { defined, type LiveSnapshot } from './snapshot.ts'

/** The site at one moment, as the economics of what could be takes it. */
export interface ChoiceInputs {
  baseline: Baseline
  blocks: MachineBlock[]
  price: EnergyPrice
  /** emulated machines are in it */
  simulated: boolean
}

/** What a look at the live plane means for what could be. */
export function choiceInputs(
  look: LiveSnapshot,
  { workloads, costs }: { workloads: readonly Workload[]; costs: Costs },
): ChoiceInputs {
  const blocks = machineBlocks(look, workloads)
  const prices = pricesOf(look.prices)
  return {
    baseline: baselineOf(look, blocks, prices, workloads),
    blocks,
    price: {
      energyUsdPerKwh: prices.energyUsdPerKwh,
      transmissionUsdPerKwh: costs.transmissionUsdPerKwh,
    },
    simulated: look.agents.some((a) => a.simulated),
  }
}

/** Advice for every block, with all the uses that there are. */
export function adviceOf({ baseline, blocks, price, simulated }: ChoiceInputs): Omit<
  AdviceMessage,
  'blocks'
> & {
  blocks: AdvisedBlock[]
} {
  const advised = betterUse(blocks, offersOf(baseline), price)
  const idle = advised.flatMap((b) => b.idle ?? [])
  const sum = (key: 'gpus' | 'opportunityCostUsdPerH' | 'expectedUsdPerH') =>
    idle.reduce((total, i) => total + i[key], 0)
  return {
    v: 1,
    atMs: baseline.atMs,
    simulated,
    ...defined({ energyUsdPerKwh: price.energyUsdPerKwh }),
    idleGpus: {
      gpus: baseline.idleGpus.count,
      opportunityCostUsdPerH: sum('opportunityCostUsdPerH'),
      expectedUsdPerH: sum('expectedUsdPerH'),
    },
    blocks: advised,
  }
}

/** Every miner and GPU that is heard. */
export function machinesOf({ figures }: LiveSnapshot): Machine[] {
  return [...figures.earnings].flatMap(([{ agentId, device, sample }, earning]): Machine[] => {
    const { kind } = device
    if (kind !== 'asic' && kind !== 'gpu') return []
    return [
      {
        agentId,
        deviceId: device.deviceId,
        kind,
        model: device.model,
        container: device.location?.container,
        rack: device.location?.rack,
        state: sample?.state ?? 'unknown',
        workloads: [...new Set(earning.shares.map((s) => s.workload))],
        powerW: earning.powerW,
        hashrateHs: kind === 'asic' && device.algorithm === undefined ? sample?.hashrateHs : undefined,
        revenueUsdPerH: earning.revenueUsdPerH,
        costUsdPerH: earning.energyCostUsdPerH,
      },
    ]
  })
}

const pricesOf = (prices: Prices): BaselinePrices =>
  defined({
    btcUsd: prices.btcUsd?.value,
    difficulty: prices.difficulty?.value,
    blockHeight: prices.blockHeight?.value,
    feesBtcPerBlock: prices.feesBtcPerBlock?.value,
    energyUsdPerKwh: prices.energyUsdPerKwh?.value,
  })

function baselineOf(
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

/** The GPU-hours that pay most of those that an idle GPU could serve: it counts as installed for them. */
function bestRental(block: MachineBlock, workloads: readonly Workload[]): string | undefined {
  const rentals = workloads.flatMap((w) => (w.kind === 'gpu-hour' && block.serves.has(w.name) ? [w] : []))
  return rentals.sort((a, b) => b.usdPerGpuHour - a.usdPerGpuHour)[0]?.name
}
