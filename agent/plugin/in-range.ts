import type { DeviceKind } from '../../protocol/device.ts'
import {
  isPossible,
  mostEnergyJ,
  QUANTITIES,
  type Quantity,
  rangeOf,
  ruleOf,
  showQuantity,
} from '../../protocol/quantities.ts'
import { withFaults } from './faults.ts'
import { isNoneWord, isPlaceholder, meansNone } from './placeholders.ts'
import type { Counters, OwnerCounters, Reading } from './reading.ts'

/** More work than the whole network does in a century at 10 ZH/s. */
const MOST_COUNT = 1e22

/**
 * A reading whose every figure can be: what is outside its quantity's range is absent, and a fault tells the figure. A firmware's
 * word for none is absent without a fault.
 */
export function inRange(reading: Reading): Reading {
  const { identity, counters, ...rest } = reading
  const { sample, faults } = possibleSample(reading)
  const counted = counters && possibleCounters(counters, identity.kind)
  return {
    ...rest,
    identity: possibleIdentity(identity),
    sample: withFaults(sample, faults),
    ...(counted && Object.keys(counted).length > 0 && { counters: counted }),
  }
}

function possibleSample({ sample: told, identity: { kind }, counters }: Reading) {
  const sample = { ...told }
  const faults: string[] = []
  for (const quantity of QUANTITIES) {
    const value = sample[quantity]
    if (value === undefined) continue
    const isNone = isPlaceholder(value) || value === ruleOf(quantity).none
    if (!isNone && isPossible(quantity, kind, value)) continue
    delete sample[quantity]
    // a counter has a basis too
    if (quantity === 'powerW' && counters?.energyJ === undefined) delete sample.powerBasis
    if (!isNone && !meansNone(value)) faults.push(impossible(quantity, kind, value))
  }
  if (sample.utilizationRatio !== undefined) sample.utilizationRatio = Math.min(1, sample.utilizationRatio)
  return { sample, faults }
}

function impossible(quantity: Quantity, kind: DeviceKind, value: number): string {
  const [least, most, aboveZero] = rangeOf(quantity, kind)
  const inside = value >= least && value <= most
  const from = aboveZero !== undefined && inside ? aboveZero : least
  const { words, whole } = ruleOf(quantity)
  const possible =
    inside && whole ? 'a whole number' : `${showQuantity(quantity, from)} to ${showQuantity(quantity, most)}`
  return `its ${words} of ${showQuantity(quantity, value)} is ignored: possible is ${possible}`
}

/** Texts that say "none" are no name, and no two machines are one because both say so. */
function possibleIdentity(told: Reading['identity']): Reading['identity'] {
  const identity = { ...told }
  for (const name of ['model', 'firmware', 'hardwareId'] as const)
    if (identity[name] !== undefined && isNoneWord(identity[name])) delete identity[name]
  for (const [name, quantity] of [
    ['expectedHashrateHs', 'hashrateHs'],
    ['ratedPowerW', 'powerW'],
  ] as const) {
    const value = identity[name]
    if (value !== undefined && (isPlaceholder(value) || !isPossible(quantity, told.kind, value)))
      delete identity[name]
  }
  return identity
}

const isCount = (value: number, most: number): boolean => value >= 0 && value <= most && !isPlaceholder(value)

function possibleCounters(told: Counters, kind: DeviceKind): Counters {
  const counters = { ...told }
  for (const name of ['energyJ', 'exportedJ'] as const)
    if (counters[name] !== undefined && !isCount(counters[name], mostEnergyJ(kind))) delete counters[name]
  for (const name of ['byOwner', 'unsold'] as const)
    if (counters[name]) counters[name] = counters[name].map(possibleCounts)
  return counters
}

function possibleCounts({ owner, ...told }: OwnerCounters): OwnerCounters {
  const counts = Object.entries(told).filter(
    ([, value]) => typeof value !== 'number' || isCount(value, MOST_COUNT),
  )
  return { owner, ...Object.fromEntries(counts) }
}
