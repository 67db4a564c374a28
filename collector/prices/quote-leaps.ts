import type { QuoteName } from '../../protocol/quote.ts'
import { HOUR_MS } from '../../protocol/units.ts'

/**
 * How far a quote moves at once. Energy prices are not here: markets leap from -500 to 9,000 USD/MWh within an hour (ERCOT, August 2019), so that
 * only their range tells (`protocol/quote.ts`).
 */

const DAY_MS = 24 * HOUR_MS

/** A value, and when it was the newest of its source, Unix ms. */
export interface Reading {
  value: number
  atMs: number
}

/** A move that is too far to be taken at once. */
export interface Leap {
  /** how many times, or which part: more than 1 */
  factor: number
  /** in words */
  text: string
}

/** A move by up to this factor is taken at once; after a time without a reading, by as many more as there were such times. */
interface Step {
  factor: number
  eachMs: number
  /** values below this are taken for it: relative moves of almost nothing tell nothing */
  least?: number
}
const STEPS: Readonly<Record<'btcUsd' | 'difficulty' | 'feesBtcPerBlock' | 'fx', Step>> = {
  // its worst day since 2014 took 39 % (12 March 2020)
  btcUsd: { factor: 2, eachMs: DAY_MS },
  // a retarget moves it by 4 at most, and takes 2,016 blocks (CalculateNextWorkRequired, Bitcoin Core's pow.cpp)
  difficulty: { factor: 4, eachMs: 3.5 * DAY_MS },
  // the average of a day's blocks, which one block can multiply: 84 BTC were paid for one on 23 November 2023
  feesBtcPerBlock: { factor: 10, eachMs: DAY_MS, least: 0.001 },
  // the Lebanese pound lost nine tenths of its official rate in a day (1 February 2023): its second reading confirms that
  fx: { factor: 2, eachMs: DAY_MS },
}
/** Blocks that a chain may gain or lose at once: a day of them, while a node that was away catches up. */
const MOST_BLOCKS = 144
/** Ten times as fast as blocks are found on average. */
const LEAST_BLOCK_MS = 60_000

/** From this factor on no second reading of the same source is enough: a lost decimal point stays lost. */
export const SURE_FACTOR = 10

const stepOf = (name: QuoteName): Step | undefined => {
  if (name === 'energyUsdPerKwh' || name === 'blockHeight') return undefined
  return name === 'btcUsd' || name === 'difficulty' || name === 'feesBtcPerBlock' ? STEPS[name] : STEPS.fx
}

/** Whether a value has moved too far since the last of its source. @param atMs of the value */
export function leapOf(name: QuoteName, value: number, last: Reading, atMs: number): Leap | undefined {
  const elapsedMs = Math.max(0, atMs - last.atMs)
  if (name === 'blockHeight') return blocksLeap(value, last.value, elapsedMs)
  const step = stepOf(name)
  if (!step) return undefined
  // it has lost no decimal point: a feed's 0 is never taken, and a person's is meant
  if (value === 0) return undefined
  const { least = 0 } = step
  const ratio = Math.max(value, least) / Math.max(last.value, least)
  const factor = Math.max(ratio, 1 / ratio)
  if (!(factor > step.factor * (1 + elapsedMs / step.eachMs))) return undefined
  const times = `${Number(factor.toPrecision(factor < SURE_FACTOR ? 2 : 3))} times`
  const part = `${Number((100 * ratio).toPrecision(2))} %`
  return { factor, text: ratio >= 1 ? `${times} the last value` : `${part} of the last value` }
}

function blocksLeap(value: number, last: number, elapsedMs: number): Leap | undefined {
  const most = MOST_BLOCKS + (value > last ? elapsedMs / LEAST_BLOCK_MS : 0)
  const moved = Math.abs(value - last)
  if (moved <= most) return undefined
  const ratio = Math.max(1, value) / Math.max(1, last)
  return {
    factor: Math.max(ratio, 1 / ratio),
    text: `${moved} blocks ${value > last ? 'above' : 'below'} the last height`,
  }
}

/** Whether two values tell the same: a second reading, or another source, of what leapt. */
export function isNear(name: QuoteName, a: number, b: number): boolean {
  if (name === 'blockHeight') return Math.abs(a - b) <= MOST_BLOCKS
  const { factor, least = 0 } = stepOf(name) ?? { factor: 1 }
  const ratio = Math.max(a, least) / Math.max(b, least)
  return Math.max(ratio, 1 / ratio) <= Math.sqrt(factor)
}
