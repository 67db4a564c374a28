import { type Quantity, ruleOf, showQuantity } from '../../protocol/quantities.ts'
import { boardLimitW } from './board-limits.ts'
import { withFaults } from './faults.ts'
import type { Reading } from './reading.ts'

type Sample = Reading['sample']

/** A machine may pass its limit for a moment: boards by boost and overclocking, miners by what their fans and supply draw on top. */
const ABOVE_LIMIT = 1.6
const ABOVE_LIMIT_W = 25
/** A limit is not far above what the machine ever draws: below this part of it no board idles, and none computes below the other. */
const IDLE_PART = 0.003
const BUSY_PART = 0.02
const BUSY_RATIO = 0.5
/** An average of a second lags behind a leap from idle to full power; by more the two do not measure one thing. */
const INSTANT_OF_AVERAGE = 50
/** J/TH of any SHA-256 machine since 2016, with room on both sides. */
const J_PER_TH = [4, 400] as const

/** Two figures of one reply that can't both be right: the one that is worse, and the one that contradicts it. */
interface Contradiction {
  worse: Quantity
  against: Quantity
}

/** Counts of a part, and of the whole. */
const PARTS: readonly (readonly [Quantity, Quantity])[] = [
  ['memoryUsedBytes', 'memoryTotalBytes'],
  ['boardsWorking', 'boardsFitted'],
  ['chipsWorking', 'chipsFitted'],
]

/**
 * A reading whose figures agree with each other. Of two that can't both be right the worse one is absent, and a fault tells both.
 * Power and limit are held together for single machines only: what a meter measures has no limit of its own.
 */
export function agreeing(reading: Reading): Reading {
  const { kind, model } = reading.identity
  const beyond = kind === 'gpu' ? beyondItsModel(reading.sample, model) : undefined
  if (beyond !== undefined) {
    const { powerW: _powerW, ...others } = reading.sample
    if (reading.counters?.energyJ === undefined) delete others.powerBasis
    return agreeing({ ...reading, sample: withFaults(others, [beyond]) })
  }
  const found = [
    ...partsAboveWhole(reading.sample),
    ...(kind === 'asic' || kind === 'gpu' ? powers(reading.sample, kind) : []),
    ...(kind === 'asic' ? [...coldChips(reading.sample), ...coolerThanItsSurroundings(reading.sample)] : []),
  ]
  if (found.length === 0) return reading
  const sample = { ...reading.sample }
  for (const { worse } of found) delete sample[worse]
  if (sample.powerW === undefined && reading.counters?.energyJ === undefined) delete sample.powerBasis
  return { ...reading, sample: withFaults(sample, faultsOf(found, reading.sample)) }
}

const faultsOf = (found: readonly Contradiction[], sample: Sample): string[] =>
  found.map(({ worse, against }) => {
    const [wrong, right] = [worse, against].map(
      (quantity) => `${ruleOf(quantity).words} of ${showQuantity(quantity, sample[quantity] ?? 0)}`,
    )
    return `its ${wrong} is ignored: it contradicts its ${right}; check both on the machine’s own page`
  })

const partsAboveWhole = (sample: Sample): Contradiction[] =>
  PARTS.flatMap(([worse, against]) => {
    const [part, whole] = [sample[worse], sample[against]]
    return part !== undefined && whole !== undefined && part > whole ? [{ worse, against }] : []
  })

/** Below this no chip computes: makers name a range of its surroundings from -5 °C on, and it heats itself. */
const COLDEST_CHIP_C = 3

const coldChips = ({ state, tempC, hashrateHs }: Sample): Contradiction[] =>
  state === 'hashing' && hashrateHs && tempC !== undefined && tempC < COLDEST_CHIP_C
    ? [{ worse: 'tempC', against: 'hashrateHs' }]
    : []

/** Heat flows from chips to boards to the air that comes in: a sensor further out may stand in a warm place, but not so much warmer. */
const WARMER_BOARD_C = 40
const WARMER_INLET_C = 15

function coolerThanItsSurroundings({
  state,
  hashrateHs,
  tempC,
  boardTempC,
  inletTempC,
}: Sample): Contradiction[] {
  if (state !== 'hashing' || !hashrateHs) return []
  const isWarmer = (outer: number | undefined, inner: number | undefined, byC: number) =>
    outer !== undefined && inner !== undefined && inner >= COLDEST_CHIP_C && outer > inner + byC
  const found: Contradiction[] = []
  if (isWarmer(boardTempC, tempC, WARMER_BOARD_C)) found.push({ worse: 'boardTempC', against: 'tempC' })
  if (isWarmer(inletTempC, tempC, WARMER_INLET_C)) found.push({ worse: 'inletTempC', against: 'tempC' })
  else if (isWarmer(inletTempC, boardTempC, WARMER_INLET_C))
    found.push({ worse: 'inletTempC', against: 'boardTempC' })
  return found
}

function powers(sample: Sample, kind: 'asic' | 'gpu'): Contradiction[] {
  const { powerW, powerInstantW, powerLimitW, utilizationRatio = 0 } = sample
  // a part of a package that works alone has nearly all of its power, and only a part of its limit (agent/gpu/packages.ts)
  if (powerW === undefined || (kind === 'gpu' && sample.powerBasis === 'estimated')) return []
  // no board computes without power; a driver that can't measure shows 0
  if (kind === 'gpu' && powerW === 0 && utilizationRatio >= BUSY_RATIO)
    return [{ worse: 'powerW', against: 'utilizationRatio' }]
  if (powerLimitW !== undefined && isAbove(powerW, powerLimitW))
    return fitsAnother(sample)
      ? [{ worse: 'powerLimitW', against: 'powerW' }]
      : [{ worse: 'powerW', against: 'powerLimitW' }]
  const part = utilizationRatio >= BUSY_RATIO ? BUSY_PART : IDLE_PART
  if (kind === 'gpu' && powerLimitW !== undefined && powerW > 0 && powerW < part * powerLimitW)
    return fitsAnother(sample)
      ? [{ worse: 'powerLimitW', against: 'powerW' }]
      : [{ worse: 'powerW', against: 'powerLimitW' }]
  if (powerInstantW !== undefined && powerW > 0 && powerInstantW > INSTANT_OF_AVERAGE * powerW)
    return [{ worse: 'powerInstantW', against: 'powerW' }]
  return []
}

/** Why no board of this model draws so much power, where the reply tells no limit. Undefined where it can, or the model is unknown. */
function beyondItsModel(sample: Sample, model: string | undefined): string | undefined {
  const { powerW, powerLimitW } = sample
  const mostW = boardLimitW(model)
  // a part of a package is not held against its limits (agent/gpu/packages.ts)
  if (powerW === undefined || powerLimitW !== undefined || sample.powerBasis === 'estimated') return undefined
  if (mostW === undefined || !isAbove(powerW, mostW)) return undefined
  return `its power of ${showQuantity('powerW', powerW)} is ignored: no ${model} has a power limit of more than ${showQuantity('powerW', mostW)}; check it on the machine’s own page`
}

const isAbove = (powerW: number, limitW: number): boolean => powerW > ABOVE_LIMIT * limitW + ABOVE_LIMIT_W

/** Whether a third figure of the reply says that the power is right. */
function fitsAnother({ powerW = 0, powerInstantW, hashrateHs }: Sample): boolean {
  if (powerInstantW !== undefined) return powerInstantW > powerW / 3 && powerInstantW < 3 * powerW
  const jPerTh = hashrateHs ? powerW / (hashrateHs / 1e12) : 0
  return jPerTh >= J_PER_TH[0] && jPerTh <= J_PER_TH[1]
}
