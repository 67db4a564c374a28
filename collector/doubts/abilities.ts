import type { Device } from '../../protocol/device.ts'
import { HASHES_PER_DIFF1 } from '../../protocol/units.ts'

/** A machine may be tuned to this many times what its configuration or its firmware expects: hashrate and power. */
const ABOVE_RATING = 2
/** The same for the rating of its model: bins of one name differ, and a new model has the rating of a similar one. */
const ABOVE_MODEL = 3
/** No single machine hashes faster, H/s. */
const MOST_HS = 2e15
/** No single machine draws more, and no meter stands for a larger site, W. */
const MOST_W: Record<Device['kind'], number> = {
  asic: 20_000,
  gpu: 2_500,
  host: 50_000,
  service: 50_000,
  meter: 2e9,
}
export const MOST_METER_W = MOST_W.meter
/** One that is rated may be a whole rack of GPUs, which draws up to 600 kW. */
const MOST_RATED_W: Partial<Record<Device['kind'], number>> = { host: 1_000_000, service: 1_000_000 }
/** A device that no inventory names yet may be any machine. */
const LARGEST_W = MOST_W.host
/** No SHA-256 miner since 2016 needs more, J/TH: an S9 takes 98. */
const MOST_J_PER_TH = 250
/** A counter's step, mJ: host counters and meters count whole kWh, the others at most tenths. */
const KWH_MILLI_J = 3.6e9
const STEP_MILLI_J: Record<Device['kind'], number> = {
  asic: KWH_MILLI_J / 10,
  gpu: KWH_MILLI_J / 10,
  host: KWH_MILLI_J,
  service: KWH_MILLI_J,
  meter: KWH_MILLI_J,
}

/** The most that a device draws. */
export interface PowerBound {
  mostW: number
  /** where that comes from, for a person */
  because(): string
}

/** What a device can do, by what its inventory tells. */
export interface Ability {
  /** absent: no inventory names it yet */
  kind?: Device['kind']
  /** absent: its work is of another algorithm, and no Bitcoin is paid for it */
  work?: {
    /** difficulty-1 shares per ms: twice the rating, or more than any machine does */
    mostPerMs: number
    /** at its rating; half of the most where it has none */
    ratedPerMs: number
    /** where the rating comes from, for a person; absent: there is none */
    rating?: string
  }
  /** absent: a meter without a rating, whose bound is of each record (`meters.ts`) */
  power?: PowerBound
  /** mJ by which a counter may move at once */
  stepMilliJ: number
  /** how many GPUs it is */
  gpus: number
}

const perMs = (hashrateHs: number): number => hashrateHs / HASHES_PER_DIFF1 / 1000
const th = (hashrateHs: number): string => `${Math.round(hashrateHs / 1e10) / 100} TH/s`

/** @param gpusBehind GPUs of the inventory that are parts of this device */
export function abilityOf(device: Device | undefined, gpusBehind: number): Ability {
  const own = {
    ...(device && { kind: device.kind }),
    ...powerOf(device),
    gpus: Math.max(1, gpusBehind),
  }
  return device?.algorithm === undefined ? { ...own, work: workOf(device) } : own
}

function workOf(device: Device | undefined): Required<Ability>['work'] {
  const rated = lowestOf(
    [device?.expectedHashrateHs, ABOVE_RATING, 'its expected hashrate'],
    [device?.modelHashrateHs, ABOVE_MODEL, `the rating of a ${device?.model ?? 'similar model'}`],
  )
  // an expected hashrate that no machine has says nothing
  if (!rated || rated[0] > MOST_HS) return { mostPerMs: perMs(MOST_HS), ratedPerMs: perMs(MOST_HS) / 2 }
  const [hashrateHs, times, name] = rated
  return {
    mostPerMs: perMs(Math.min(times * hashrateHs, MOST_HS)),
    ratedPerMs: perMs(hashrateHs),
    rating: `${th(hashrateHs)}, ${name}`,
  }
}

type Rated = readonly [value: number, times: number, name: string]

/** The rating that allows least; undefined where there is none. */
function lowestOf(...ratings: readonly (readonly [number | undefined, number, string])[]): Rated | undefined {
  const known = ratings.flatMap(([value, times, name]): Rated[] =>
    value === undefined ? [] : [[value, times, name]],
  )
  return known.sort(([a, times], [b, others]) => a * times - b * others)[0]
}

function powerOf(device: Device | undefined): Pick<Ability, 'power' | 'stepMilliJ'> {
  if (!device)
    return {
      power: {
        mostW: LARGEST_W,
        because: () => `${LARGEST_W} W, the most that any machine draws; no inventory names it`,
      },
      stepMilliJ: KWH_MILLI_J,
    }
  const { kind, ratedPowerW, modelPowerW, expectedHashrateHs } = device
  const stepMilliJ = STEP_MILLI_J[kind]
  if (kind === 'meter' && ratedPowerW === undefined) return { stepMilliJ }
  const isRated = ratedPowerW !== undefined || modelPowerW !== undefined
  const mostW = (isRated && MOST_RATED_W[kind]) || MOST_W[kind]
  const byHashrateW =
    kind === 'asic' && expectedHashrateHs ? (expectedHashrateHs / 1e12) * MOST_J_PER_TH : undefined
  const rated = lowestOf(
    [ratedPowerW, ABOVE_RATING, 'its rated power'],
    [modelPowerW, ABOVE_MODEL, `the rating of a ${device.model ?? 'similar model'}`],
    [byHashrateW, 1, `${MOST_J_PER_TH} J/TH at its expected hashrate`],
    [mostW, 1, `the most that any ${kind} draws`],
  ) as Rated
  const [powerW, times, name] = rated
  const most = times === 1 ? '' : `${times} times `
  return {
    power: { mostW: powerW * times, because: () => `${most}${Math.round(powerW)} W, ${name}` },
    stepMilliJ,
  }
}
