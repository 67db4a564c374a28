import type { Quantity } from '../../protocol/sample.ts'
import type { Reading } from '../plugin/reading.ts'

/** A utilisation up to this is rounding, and means 1. */
const ROUNDED_RATIO = 1.05
const MOST_HZ = 20e9
const MOST_BYTES = 2 ** 50
/** ECC counters are 64 bits wide, so what no longer is a whole number in JavaScript is a placeholder. */
const MOST_ERRORS = Number.MAX_SAFE_INTEGER

/** What a GPU can show, at least and at most. A value outside is the tool's placeholder or a glitch, and is absent. */
const RANGES: Partial<Record<Quantity, readonly [least: number, most: number]>> = {
  powerW: [0, 5_000],
  powerInstantW: [0, 5_000],
  powerLimitW: [1, 5_000],
  utilizationRatio: [0, ROUNDED_RATIO],
  memoryUsedBytes: [0, MOST_BYTES],
  memoryTotalBytes: [1, MOST_BYTES],
  tempC: [-50, 200],
  memoryTempC: [-50, 200],
  smClockHz: [0, MOST_HZ],
  memoryClockHz: [0, MOST_HZ],
  fanRatio: [0, 2],
  fanRpm: [0, 100_000],
  eccCorrectedErrors: [0, MOST_ERRORS],
  eccUncorrectedErrors: [0, MOST_ERRORS],
}
/** A board that draws 5 kW for 50 years counts less. */
const MOST_J = 1e13

/** Whether a value of a quantity is one that a GPU can show. */
export function isPossible(quantity: Quantity, value: number): boolean {
  const [least, most] = RANGES[quantity] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  return value >= least && value <= most
}

/** A part of 1 that a tool told, such as a utilisation; undefined where it is none. */
export function ratioOf(value: number | undefined): number | undefined {
  if (value === undefined || !isPossible('utilizationRatio', value)) return undefined
  return Math.min(1, value)
}

/** A reading without the values that no GPU can show. */
export function possible(reading: Reading): Reading {
  const { counters, sample, ...rest } = reading
  const kept = { ...sample }
  for (const quantity of Object.keys(RANGES) as Quantity[]) {
    const value = kept[quantity]
    if (value !== undefined && !isPossible(quantity, value)) delete kept[quantity]
  }
  if (kept.powerW === undefined) delete kept.powerBasis
  const { memoryUsedBytes, memoryTotalBytes } = kept
  if (memoryUsedBytes !== undefined && memoryTotalBytes !== undefined && memoryUsedBytes > memoryTotalBytes)
    delete kept.memoryUsedBytes
  if (kept.utilizationRatio !== undefined) kept.utilizationRatio = Math.min(1, kept.utilizationRatio)
  const energyJ = counters?.energyJ
  const counts = energyJ === undefined || (energyJ >= 0 && energyJ <= MOST_J)
  return { ...rest, sample: kept, ...(counters && counts && { counters }) }
}
