import type { AsicFacts } from './facts.ts'
import { showHashrate } from './hashrates.ts'
import { ratingOf } from './models/rated-efficiency.ts'
import { efficiencyOf } from './models/rating.ts'
import type { Plausible } from './plausible-hashrate.ts'

/** No machine that is built or announced computes a TH with less. */
const LEAST_J_PER_TH = 4
/** No machine since 2016 needs more, with all its boards. */
const MOST_J_PER_TH = 200
/** Where only its expected hashrate is known. */
const MOST_ANY_J_PER_TH = 3 * MOST_J_PER_TH
/**
 * The parts of its rated J/TH that a machine can be tuned to, with room on both sides. LuxOS 2025.4 (asic-rs, its profiles of a S19k Pro) offers 0.87
 * to 1.12 of them, from 784 W to 1.5 times the rated watts; VNish 1.2.7 (protofleet, its presets of a S21 Pro) 1 at 2,550 to 4,690 W.
 */
const LEAST_OF_RATED = 0.5
const MOST_OF_RATED = 2
/** Its supply and fans draw on top, those of a small machine less. */
const MARGIN_W = 100
const MARGIN_OF_RATED = 0.5
/** A firmware that names the wrong unit is off by one of these. */
const UNITS = [1e-3, 1e-6, 1e3, 1e6]

/** No machine draws more: a controller of 20 Avalon modules. A hundredth of the least that any needs for a TH is no power at all. */
const MOST_MACHINE_W = 30_000
const ABSURD_J_PER_TH = LEAST_J_PER_TH / 100
/** What a machine makes at least and at most; beyond it the hashrate is the worse figure. */
const MACHINE_HS = [3e11, 2e15] as const

/**
 * Watts that no machine of such a hashrate draws, where the model is unknown: they are no measure of its hashrate. With a known model
 * both are held against its rating (`doubtedPower`).
 */
export function absurdPower({
  power,
  hashrateHs = 0,
  asleep,
  ramping,
  model,
}: AsicFacts): PowerDoubt | undefined {
  const { powerW } = power ?? {}
  const leastW = needW(hashrateHs, ABSURD_J_PER_TH)
  if (
    !powerW ||
    hashrateHs < MACHINE_HS[0] ||
    hashrateHs > MACHINE_HS[1] ||
    asleep ||
    ramping ||
    ratingOf(model)
  )
    return undefined
  if (powerW >= leastW && powerW <= MOST_MACHINE_W) return undefined
  const words = `a machine of ${showHashrate(hashrateHs)} draws ${showW(leastW)} to ${showW(MOST_MACHINE_W)}`
  return doubt(powerW, words, true)
}

/** What is wrong with a miner's watts. */
export interface PowerDoubt {
  fault: string
  /** true: by the unit or by a physical bound, so at once; false: only if it lasts, for an average hashrate outlives a stop */
  sure: boolean
}

/**
 * Holds a miner's watts against its hashrate and its model's rating.
 * @param rates its hashrates that can be right
 * @param settled true: it hashes and no longer starts, so it needs the power of its hashrate
 * @returns undefined: the watts can be right, or nothing is known to hold them against
 */
export function doubtedPower(facts: AsicFacts, rates: Plausible, settled: boolean): PowerDoubt | undefined {
  const { powerW } = facts.power ?? {}
  if (!powerW || rates.wrongUnit) return undefined
  const rated = ratingOf(facts.model)
  const ableHs = Math.max(rates.expectedHashrateHs ?? 0, 1e12 * (rated?.hashrateThs ?? 0))
  if (ableHs > 0) {
    const mostHs = Math.max(ableHs, rates.hashrateHs ?? 0)
    const mostW =
      needW(mostHs, rated ? MOST_OF_RATED * efficiencyOf(rated) : MOST_ANY_J_PER_TH) +
      Math.min(MARGIN_W, MARGIN_OF_RATED * (rated?.powerW ?? MARGIN_W / MARGIN_OF_RATED))
    if (powerW > mostW)
      return doubt(powerW, `a machine of ${showHashrate(mostHs)} draws at most ${showW(mostW)}`, true)
  }
  const hs = settled ? (rates.hashrateHs ?? 0) : 0
  const least = rated ? Math.max(LEAST_J_PER_TH, LEAST_OF_RATED * efficiencyOf(rated)) : LEAST_J_PER_TH
  if (powerW >= needW(hs, least)) return undefined
  const jPerTh = (1e12 * powerW) / hs
  const unitFits = UNITS.some((unit) => fits(jPerTh / unit, rated && efficiencyOf(rated)))
  return doubt(
    powerW,
    `no ${rated ? 'such machine' : 'machine'} makes its ${showHashrate(hs)} with less than ${showW(needW(hs, least))}`,
    unitFits || jPerTh < ABSURD_J_PER_TH,
  )
}

const needW = (hs: number, jPerTh: number): number => (hs / 1e12) * jPerTh

/** Whether a machine can need so much for a TH: about what its model needs, where that is known. */
const fits = (jPerTh: number, rated: number | undefined): boolean =>
  rated === undefined
    ? jPerTh > LEAST_J_PER_TH && jPerTh < MOST_J_PER_TH
    : jPerTh > rated / 2 && jPerTh < 2 * rated

const doubt = (powerW: number, words: string, sure: boolean): PowerDoubt => ({
  fault: `the power reading of ${showW(powerW)} is ignored: ${words}; check its unit on the machine’s own page`,
  sure,
})

/** Watts for messages. */
const showW = (powerW: number): string =>
  `${powerW.toLocaleString('en-GB', { maximumFractionDigits: powerW < 100 ? 2 : 0 })} W`

/** For how long watts that do not fit are used: a hashrate of some minutes' average outlives a stop. */
const LASTS_MS = 5 * 60_000

/** Tells which doubts last, for one machine. */
export class LastingDoubt {
  #sinceMs: number | undefined

  /** @param steadyMs of a monotonic clock */
  lasts(doubtful: boolean, steadyMs: number): boolean {
    if (!doubtful) this.#sinceMs = undefined
    else this.#sinceMs ??= steadyMs
    return this.#sinceMs !== undefined && steadyMs - this.#sinceMs >= LASTS_MS
  }
}
