import type { AdviceBlock, Arithmetic, Use } from '../../../protocol/advice.ts'
import { ratio } from '../ratio.ts'
import type { Offer } from './offers.ts'

/** A block of machines: one model that works for one workload in one container. */
export interface MachineBlock {
  workload: string
  /** whether nobody holds the machines */
  idle: boolean
  /** the reason why the machines cannot be paused or moved; absent if they can */
  bound?: string | undefined
  hardware: AdviceBlock['hardware']
  container?: string | undefined
  model?: string | undefined
  devices: number
  powerW: number
  revenueUsdPerH: number
  /** H/s now, or the expected hashrate of machines that are not hashing */
  hashrateHs: number
  gpus: number
  /** names of the workloads that the machines can serve without a conversion */
  serves: ReadonlySet<string>
}

/** The price of energy now. */
export interface EnergyPrice {
  /** absent if unknown; then energy counts as free */
  energyUsdPerKwh?: number | undefined
  /** added to the energy price of each kWh; a pause saves it too */
  transmissionUsdPerKwh?: number | undefined
}

/** Advice for a block, with all its possible uses. */
export type AdvisedBlock = AdviceBlock & { uses: Use[] }

/**
 * Advises each block: above which energy price to pause, and which other workload would earn more. The result is in merit order: the
 * block to pause first comes first, and blocks that cannot be paused come last. Every figure carries its arithmetic.
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
 * The energy price at which a block's revenue equals the energy cost that a pause saves: revenue per kWh - transmission. Demand and
 * capital costs are left out, because they continue during a pause.
 */
function pauseOf(
  b: MachineBlock,
  { energyUsdPerKwh, transmissionUsdPerKwh = 0 }: EnergyPrice,
): AdviceBlock['pause'] {
  if (b.bound) return { now: false, because: b.bound }
  const perKwh = ratio(b.revenueUsdPerH * 1000, b.powerW)
  if (perKwh === undefined) return { now: false, because: 'the machines draw no power now' }
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

/** The uses of a block for an offer: with its machines as they are, or else after a conversion, by what a kWh earns there. */
function usesOf(b: MachineBlock, offer: Offer, energyUsdPerKwh: number): Use[] {
  const { workload, usdPerHs, usdPerGpu, usdPerKwh } = offer
  const work = (what: Work) => [
    b.idle ? useOfIdle(b, workload, what, energyUsdPerKwh) : useOfWorking(b, workload, what),
  ]
  if (b.serves.has(workload)) {
    // without a hashing miner there, the power of an idle miner is unknown, and its cost would be underestimated
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
  // idle machines draw too little power for a conversion
  if (b.idle || usdPerKwh === undefined || !(b.powerW > 0)) return []
  return [
    {
      ...useOfWorking(b, workload, { unit: 'Kwh', name: 'powerKw', units: b.powerW / 1000, usd: usdPerKwh }),
      afterBuild: true,
    },
  ]
}

/** A number of units of hardware or power, with the revenue (USD/h) and power (W) of each unit. */
interface Work {
  unit: 'Hs' | 'Gpu' | 'Kwh'
  name: 'hashrateHs' | 'gpus' | 'powerKw'
  units: number
  usd: number
  watts?: number | undefined
}

/** A use of working machines for another workload. Their power, and so their energy cost, stays the same. */
function useOfWorking(b: MachineBlock, workload: string, { unit, name, units, usd }: Work): Use {
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

/** A use of idle machines, which draw more power at work. If that power is unknown, it counts as the power now. */
function useOfIdle(b: MachineBlock, workload: string, work: Work, energyUsdPerKwh: number): Use {
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
 * The opportunity cost of idle GPUs: the gain of their best use if all of them were held. The expected gain is this x occupancy, the
 * share of such GPUs that customers hold now, because new offers find customers at about that rate.
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
