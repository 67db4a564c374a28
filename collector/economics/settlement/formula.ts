import { NANO_USD_PER_USD } from '../../../protocol/units.ts'
import { type PricedPart, weightsOf } from './priced.ts'

/**
 * A figure as arithmetic that anybody can do again: `formula` in the names of `inputs`, numbers, + - * / ( ) and round(),
 * evaluated in double precision from left to right.
 */
export interface Formula {
  formula: string
  inputs: Record<string, number>
  /** why it is nothing, where it is, or what is to be known of it */
  because?: string | undefined
  /** what an input is the sum of */
  parts?: { input: string; of: { agentId: string; deviceId: string; amount: number }[] } | undefined
}

export const nothing = (because: string): Formula => ({ formula: '0', inputs: {}, because })
export const nano = (usd: string): string => `round(${usd} * ${NANO_USD_PER_USD})`

/** One of several parts that share an amount, whole: what it was rounded by is an input too, so that the parts add up. */
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
