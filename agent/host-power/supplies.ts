import { type SupplyPower, sumOfSupplies } from './machine-power.ts'

/** What the supplies of a machine say together, to hold a total against. */
export interface Supplies {
  /** for messages: `its supplies` */
  name: string
  /** W at their inputs; where a supply tells only its output, that by its efficiency */
  inputW: number
  /**
   * W that they may draw at most: one that shows 0 or nothing may be a broken sensor, and carry as much as the largest; beside the only
   * one in a list there may be another
   */
  mostW: number
  count: number
}

/** Of a supply at half its load; 80 PLUS Silver at least, which servers have had since 2012. */
const EFFICIENCY = 0.92

/** Undefined where the supplies say nothing, or where one of them says what no sum can be made of. */
export function suppliesTogether(supplies: readonly SupplyPower[]): Supplies | undefined {
  if (sumOfSupplies(supplies).powerW === undefined) return undefined
  const inputs = supplies.map(inputOf)
  const working = inputs.filter((inputW) => inputW > 0)
  const inputW = working.reduce((sum, one) => sum + one, 0)
  const unseen = Math.max(inputs.length - working.length, inputs.length === 1 ? 1 : 0)
  const mostW = inputW + unseen * Math.max(...working)
  return { name: 'its supplies', inputW, mostW, count: inputs.length }
}

const inputOf = ({ input, output, efficiencyRatio = EFFICIENCY }: SupplyPower): number =>
  input.powerW ?? (output.powerW ?? 0) / efficiencyRatio

/** A machine's capacity is at most so many times what its supplies are rated for together. */
const ALL_LISTED = 1.3

/**
 * The same where the list may lack supplies: they draw more by as much as the machine's capacity is above what the listed ones are rated for.
 * @param capacityW of the whole machine; absent: not told
 */
export function ofListed(
  supplies: Supplies | undefined,
  { capacityW = 0, ratedW = 0 }: { capacityW?: number | undefined; ratedW?: number | undefined },
): Supplies | undefined {
  if (!supplies || ratedW === 0 || capacityW <= ALL_LISTED * ratedW) return supplies
  return { ...supplies, mostW: (supplies.mostW * capacityW) / ratedW }
}

/**
 * What a supply's efficiency says, 0 to 1; undefined for what no supply has.
 * @param percent DSP2046, PowerSupply, EfficiencyPercent; iDRAC 9 writes 0.91 there
 */
export function efficiencyOf(percent = 0): Pick<SupplyPower, 'efficiencyRatio'> {
  const ratio = percent > 1 ? percent / 100 : percent
  return ratio >= 0.6 && ratio < 1 ? { efficiencyRatio: ratio } : {}
}
