import type { AdviceBlock, Arithmetic, Use } from '../../../protocol/advice.ts'
import { ratio } from '../ratio.ts'
import type { Offer } from './offers.ts'

/** Machines of one model that work for one workload in one place. */
export interface MachineBlock {
  workload: string
  /** nobody holds them */
  idle: boolean
  /** why it can't be paused or moved, where it can't */
  bound?: string | undefined
  hardware: AdviceBlock['hardware']
  container?: string | undefined
  model?: string | undefined
  devices: number
  powerW: number
  revenueUsdPerH: number
  /** H/s now, or as promised where they stand still */
  hashrateHs: number
  gpus: number
  /** workloads that they could serve as they are */
  serves: ReadonlySet<string>
}

/** What is paid for a kWh now. */
export interface EnergyPrice {
  /** absent: nobody knows, and energy counts as free */
  energyUsdPerKwh?: number | undefined
  /** what comes on top of it for each kWh, and is saved with it */
  transmissionUsdPerKwh?: number | undefined
}

export type AdvisedBlock = AdviceBlock & { uses: Use[] }

/**
 * What each block should do: pause above which energy price, and where it would earn more. First to pause first, which is the
 * merit order; those that never should come last. Advice with its arithmetic, nothing more.
 */
export function betterUse(
  blocks: readonly MachineBlock[],
  offers: readonly Offer[],
  price: EnergyPrice,
): AdvisedBlock[] {
  const rank = ({ pause }: AdvisedBlock) => pause.aboveUsdPerKwh ?? Number.MAX_VALUE
  return blocks
    .map((block) => advised(block, offers, price))
    .sort((a, b) => rank(a) - rank(b) || b.powerW - a.powerW)
}

function advised(b: MachineBlock, offers: readonly Offer[], price: EnergyPrice): AdvisedBlock {
  const uses = offers
    .filter((offer) => offer.workload !== b.workload)
    .flatMap((offer) => usesOf(b, offer, price.energyUsdPerKwh ?? 0))
    .sort((x, y) => y.differenceUsdPerH - x.differenceUsdPerH)
  const worthwhile = b.bound ? [] : uses.filter((u) => u.differenceUsdPerH > 0)
  const best = worthwhile.find((u) => !u.afterBuild)
  const bestAfterBuild = worthwhile.find((u) => u.afterBuild)
  const perMwh = ratio(b.revenueUsdPerH * 1e6, b.powerW)
  const idle = b.idle && b.gpus > 0 && best ? idleCost(b.gpus, best, offers) : undefined
  return {
    block: [b.workload, b.container, b.model ?? b.hardware].filter((part) => part).join(' / '),
    workload: b.workload,
    ...(b.container ? { container: b.container } : {}),
    ...(b.model ? { model: b.model } : {}),
    hardware: b.hardware,
    devices: b.devices,
    powerW: b.powerW,
    revenueUsdPerH: b.revenueUsdPerH,
    ...(perMwh === undefined ? {} : { revenueUsdPerMwh: perMwh }),
    pause: pauseOf(b, price),
    ...(idle ? { idle } : {}),
    ...(best ? { best } : {}),
    ...(bestAfterBuild ? { bestAfterBuild } : {}),
    uses,
  }
}

/**
 * The energy price at which a block earns as much as the energy costs that a pause would save: its revenue per kWh, less what
 * comes on top of the price. Costs that go on (demand, capital) don't count.
 */
function pauseOf(
  b: MachineBlock,
  { energyUsdPerKwh, transmissionUsdPerKwh = 0 }: EnergyPrice,
): AdviceBlock['pause'] {
  if (b.bound) return { now: false, because: b.bound }
  const perKwh = ratio(b.revenueUsdPerH * 1000, b.powerW)
  if (perKwh === undefined) return { now: false, because: 'it takes no power now' }
  const aboveUsdPerKwh = perKwh - transmissionUsdPerKwh
  return {
    now: energyUsdPerKwh !== undefined && energyUsdPerKwh > aboveUsdPerKwh,
    aboveUsdPerKwh,
    arithmetic: {
      formula: 'revenueUsdPerH * 1000 / powerW - transmissionUsdPerKwh',
      inputs: { revenueUsdPerH: b.revenueUsdPerH, powerW: b.powerW, transmissionUsdPerKwh },
    },
  }
}

/** As they are where the machines can serve it; otherwise after a build, by what a kWh earns there. */
function usesOf(b: MachineBlock, offer: Offer, energyUsdPerKwh: number): Use[] {
  const { workload, usdPerHs, usdPerGpu, usdPerKwh } = offer
  const work = (what: Work) => [b.idle ? taken(b, workload, what, energyUsdPerKwh) : moved(b, workload, what)]
  if (b.serves.has(workload)) {
    // nobody knows what a miner that stands still would take where none hashes: it would cost more than it seems
    if (b.hardware === 'asic' && usdPerHs !== undefined && b.hashrateHs > 0 && !(b.idle && !offer.wattsPerHs))
      return work({
        unit: 'Hs',
        name: 'hashrateHs',
        units: b.hashrateHs,
        usd: usdPerHs,
        watts: offer.wattsPerHs,
      })
    if (b.hardware === 'gpu' && usdPerGpu !== undefined && b.gpus > 0)
      return work({ unit: 'Gpu', name: 'gpus', units: b.gpus, usd: usdPerGpu, watts: offer.wattsPerGpu })
    return []
  }
  // what stands still takes too little power to build anything on
  if (b.idle || usdPerKwh === undefined || !(b.powerW > 0)) return []
  return [
    {
      ...moved(b, workload, { unit: 'Kwh', name: 'powerKw', units: b.powerW / 1000, usd: usdPerKwh }),
      afterBuild: true,
    },
  ]
}

/** So many units of hardware or power, and what each would be paid, USD/h, and take, W. */
interface Work {
  unit: 'Hs' | 'Gpu' | 'Kwh'
  name: 'hashrateHs' | 'gpus' | 'powerKw'
  units: number
  usd: number
  watts?: number | undefined
}

/** The same power in another workload: its energy costs what it costs now. */
function moved(b: MachineBlock, workload: string, { unit, name, units, usd }: Work): Use {
  const revenueUsdPerH = units * usd
  const perMwh = ratio(revenueUsdPerH * 1e6, b.powerW)
  return {
    workload,
    afterBuild: false,
    revenueUsdPerH,
    ...(perMwh === undefined ? {} : { revenueUsdPerMwh: perMwh }),
    differenceUsdPerH: revenueUsdPerH - b.revenueUsdPerH,
    arithmetic: {
      formula: `${name} * usdPer${unit} - revenueUsdPerH`,
      inputs: { [name]: units, [`usdPer${unit}`]: usd, revenueUsdPerH: b.revenueUsdPerH },
    },
  }
}

/** Machines that stand still would take more energy at work; as much as now where nobody knows how much. */
function taken(b: MachineBlock, workload: string, work: Work, energyUsdPerKwh: number): Use {
  const { unit, name, units, usd, watts } = work
  const powerThereW = watts === undefined ? b.powerW : units * watts
  const revenueUsdPerH = units * usd
  const perMwh = watts === undefined ? undefined : ratio(revenueUsdPerH * 1e6, powerThereW)
  return {
    workload,
    afterBuild: false,
    revenueUsdPerH,
    ...(perMwh === undefined ? {} : { revenueUsdPerMwh: perMwh }),
    differenceUsdPerH:
      revenueUsdPerH - b.revenueUsdPerH - ((powerThereW - b.powerW) / 1000) * energyUsdPerKwh,
    arithmetic: {
      formula: `${name} * usdPer${unit} - revenueUsdPerH - (powerThereW - powerW) / 1000 * energyUsdPerKwh`,
      inputs: {
        [name]: units,
        [`usdPer${unit}`]: usd,
        revenueUsdPerH: b.revenueUsdPerH,
        powerThereW,
        powerW: b.powerW,
        energyUsdPerKwh,
      },
    },
  }
}

/**
 * What idle GPUs cost by being idle: what their best use would pay if all of them were held. Expected is that times the part
 * of such GPUs that customers hold now: a site that offers more finds customers for that part, on its own record.
 */
function idleCost(gpus: number, best: Use, offers: readonly Offer[]): NonNullable<AdviceBlock['idle']> {
  const occupancy = offers.find((o) => o.workload === best.workload)?.occupancy ?? 1
  const opportunityCostUsdPerH = best.differenceUsdPerH
  const arithmetic: Arithmetic = {
    formula: 'opportunityCostUsdPerH * occupancy',
    inputs: { opportunityCostUsdPerH, occupancy },
  }
  return { gpus, opportunityCostUsdPerH, expectedUsdPerH: opportunityCostUsdPerH * occupancy, arithmetic }
}
