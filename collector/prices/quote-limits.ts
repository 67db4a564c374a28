import { type QuoteName, rangeOf } from '../../protocol/quote.ts'

/** Why a value can't be a quote of this name; undefined where it can. */
export function quoteFault(name: QuoteName, value: number): string | undefined {
  if (!Number.isFinite(value)) return 'expected a number'
  const { least, most } = rangeOf(name)
  const isWithin = value >= least && value <= most
  switch (name) {
    case 'energyUsdPerKwh':
      return isWithin
        ? undefined
        : `expected at most ${most} USD/kWh either way; if it is a price per MWh, set scale: 0.001`
    case 'feesBtcPerBlock':
      return value < 0 ? 'expected 0 or more' : above(most, value)
    case 'blockHeight':
      return Number.isInteger(value) && value >= 0 ? above(most, value) : 'expected a whole number, 0 or more'
    case 'difficulty':
      return value >= least
        ? above(most, value)
        : `expected at least ${least}: the plain number, not in T (1e12)`
    default:
      if (value <= 0) return 'expected more than 0'
      return value < least ? `expected at least ${least}` : above(most, value)
  }
}

/** Why a value can't have been measured, though a person may type or push it; undefined where it can. */
export const measuredFault = (name: QuoteName, value: number): string | undefined =>
  name === 'feesBtcPerBlock' && value === 0
    ? 'no day of blocks is without fees; its index may be incomplete'
    : undefined

const above = (most: number, value: number): string | undefined =>
  value > most ? `expected at most ${most}` : undefined
