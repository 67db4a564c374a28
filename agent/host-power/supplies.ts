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

/** Below this load the losses of a supply are no measure. */
const CARRIES_W = 20
/** Sensors of both sides are read at different moments, and some firmware shows the same figure for both. */
const LEAST_PER_OUTPUT = 0.85
/** As `isRating` of a Redfish supply: none that carries a load loses a third of it. */
const MOST_PER_OUTPUT = 1.5
const OWN_DRAW_W = 50

/** The supplies as they can be right, and what to tell of those that can't. */
export interface HeldSupplies {
  supplies: SupplyPower[]
  wrong?: string
}

/**
 * Holds the input of each supply against its own output: none puts out more than it takes, and none loses a third. The worse side is the one
 * further from that of the other supplies. It is not used; the other one stands in for it. Where the sides of no supply fit each other, the firmware
 * means something else by one of them, and none is singled out.
 */
export function heldSupplies(supplies: readonly SupplyPower[]): HeldSupplies {
  const fine = supplies.filter((supply) => carries(supply) && contradictionIn(supply) === undefined)
  if (fine.length === 0) return { supplies: [...supplies] }
  const wrong: string[] = []
  const held = supplies.map((supply): SupplyPower => {
    const words = contradictionIn(supply)
    if (words === undefined) return supply
    const isOutput =
      farOff(
        supply.output,
        fine.map(({ output }) => output),
      ) >
      farOff(
        supply.input,
        fine.map(({ input }) => input),
      )
    wrong.push(`a supply of ${words}: its ${isOutput ? 'output' : 'input'} is not used; check it`)
    return isOutput ? { ...supply, output: { refused: words } } : { ...supply, input: { refused: words } }
  })
  return wrong.length > 0 ? { supplies: held, wrong: wrong.join('; ') } : { supplies: held }
}

const carries = ({ input, output }: SupplyPower): boolean =>
  input.powerW !== undefined && (output.powerW ?? 0) >= CARRIES_W

function contradictionIn(supply: SupplyPower): string | undefined {
  const { input, output } = supply
  if (!carries(supply)) return undefined
  const [inW, outW] = [input.powerW ?? 0, output.powerW ?? 0]
  if (inW >= LEAST_PER_OUTPUT * outW && inW <= MOST_PER_OUTPUT * outW + OWN_DRAW_W) return undefined
  return `${inW} W at its input and ${outW} W at its output`
}

/** How far a side is from the same side of others, as the logarithm of a factor; 0: none to compare. */
function farOff({ powerW = 0 }: SupplyPower['input'], others: readonly SupplyPower['input'][]): number {
  const known = others.flatMap((other) => other.powerW ?? [])
  if (known.length === 0 || powerW <= 0) return 0
  const mean = known.reduce((sum, w) => sum + w, 0) / known.length
  return Math.abs(Math.log(powerW / mean))
}
