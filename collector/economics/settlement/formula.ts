import type { QuoteName } from '../../../protocol/quote.ts'
import { NANO_USD_PER_USD } from '../../../protocol/units.ts'
import { type PricedPart, weightsOf } from './priced.ts'

/**
 * A figure as arithmetic that a reader can repeat: `formula` uses the names of `inputs`, numbers, + - * / ( ) and round(), and is
 * evaluated in double precision from left to right.
 */
export interface Formula {
  formula: string
  inputs: Record<string, number>
  /** why the figure is 0, or a remark on it */
  because?: string | undefined
  /** the addends of one input */
  parts?: { input: string; of: { agentId: string; deviceId: string; amount: number }[] } | undefined
}

/** A figure that is 0, with the reason. */
export const nothing = (because: string): Formula => ({ formula: '0', inputs: {}, because })
/** Why a figure has no price yet. */
export const unpricedText = (missing: readonly QuoteName[]): string =>
  `unpriced: no price of this time is known for ${missing.join(', ')}; it is priced when one comes`
/** A formula in USD, as whole nano-USD. */
export const nano = (usd: string): string => `round(${usd} * ${NANO_USD_PER_USD})`

/**
 * The share of one part in a whole amount, by `weightsOf`. The rounding is an input of the formula, because whole shares that add up
 * to the amount are not all rounded the same way.
 * @param input name of the amount in the formula
 * @param result the share to explain
 */
export function sharedFormula(
  input: string,
  amount: number,
  parts: readonly PricedPart[],
  part: PricedPart,
  result: number,
): Formula {
  if (parts.length === 1) return { formula: input, inputs: { [input]: amount } }
  const all = weightsOf(parts)
  const weight = all[parts.indexOf(part)] ?? 0
  const weights = all.reduce((a, w) => a + w, 0)
  if (!(weights > 0)) return { formula: input, inputs: { [input]: result } }
  const rounding = result - Math.round((amount * weight) / weights)
  return {
    formula: `round(${input} * weight / weights) + rounding`,
    inputs: { [input]: amount, weight, weights, rounding },
  }
}
