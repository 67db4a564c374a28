import type { QuoteName } from '../../protocol/quote.ts'

/** The highest price cap of a power market. A higher value is a price per MWh that was not divided by 1000. */
const MOST_USD_PER_KWH = 20
/** Far above any real value. A higher one is a lost decimal point, another unit, or another chain's number. */
const MOST = { btcUsd: 1e9, difficulty: 1e30, blockHeight: 1e8, feesBtcPerBlock: 1e4, perUsd: 1e9 } as const
/** Bitcoin’s difficulty has been above this since 2011. */
const LEAST_DIFFICULTY = 1e6
/** No price and no network figure changes by this factor between two polls. A lost decimal point or another coin's ticker does. */
const LEAP_FACTOR = 10

/** Why a value can't be a quote of this name; undefined where it can. */
export function quoteFault(name: QuoteName, value: number): string | undefined {
  if (!Number.isFinite(value)) return 'expected a number'
  switch (name) {
    case 'energyUsdPerKwh':
      return Math.abs(value) > MOST_USD_PER_KWH
        ? `expected at most ${MOST_USD_PER_KWH} USD/kWh either way; if it is a price per MWh, set scale: 0.001`
        : undefined
    case 'feesBtcPerBlock':
      return value < 0 ? 'expected 0 or more' : above(MOST.feesBtcPerBlock, value)
    case 'blockHeight':
      return Number.isInteger(value) && value >= 0
        ? above(MOST.blockHeight, value)
        : 'expected a whole number, 0 or more'
    case 'difficulty':
      return value >= LEAST_DIFFICULTY
        ? above(MOST.difficulty, value)
        : `expected at least ${LEAST_DIFFICULTY}: the plain number, not in T (1e12)`
    case 'btcUsd':
      return value > 0 ? above(MOST.btcUsd, value) : 'expected more than 0'
    default:
      return value * MOST.perUsd >= 1 ? above(MOST.perUsd, value) : 'expected more than 0'
  }
}

/** Why a value can't have been measured, though a person may type or push it; undefined where it can. */
export const measuredFault = (name: QuoteName, value: number): string | undefined =>
  name === 'feesBtcPerBlock' && value === 0
    ? 'no day of blocks is without fees; its index may be incomplete'
    : undefined

const above = (most: number, value: number): string | undefined =>
  value > most ? `expected at most ${most}` : undefined

/**
 * By how much a value differs from the last one, in words, where that is too much to be true; else undefined. Energy prices and
 * fees do leap, so they are never held back.
 */
export function quoteLeap(name: QuoteName, value: number, before: number): string | undefined {
  if (name === 'energyUsdPerKwh' || name === 'feesBtcPerBlock' || !(before > 0)) return undefined
  const factor = value / before
  if (factor < LEAP_FACTOR && factor > 1 / LEAP_FACTOR) return undefined
  return factor >= 1
    ? `${Math.round(factor)} times the last value`
    : `a ${Math.round(1 / factor)}th of the last value`
}
