import type { Judged } from './judge.ts'

/** Outside of this range a figure is held against the machine's other sources before it is used. */
const DOUBTED_BELOW_W = 10
const DOUBTED_ABOVE_W = 15_000
/** A BMC alone draws more. */
const LEAST_W = 2
/** Two sources of one machine never differ more: one may lack the losses of the supplies, or be a minute old. */
const MOST_RATIO = 3
/** A supply carries a little more than its rating for a while, and the input has its losses. */
const MOST_PER_RATING = 1.5

/** What is known of a machine beside the figure that is judged. */
export interface Evidence {
  /** W that another source shows, and its name */
  other?: { powerW: number; name: string }
  /** W that all its supplies together are rated for */
  ratedW?: number
}

/** Whether a machine's power is so high or so low that another source should be asked too. */
export const isDoubtful = ({ powerW }: Judged): boolean =>
  powerW !== undefined && (powerW < DOUBTED_BELOW_W || powerW > DOUBTED_ABOVE_W)

/**
 * Holds a machine's power against what else is known. Of two sources that disagree the worse is refused: the one that no machine is
 * likely to draw. A figure above another one is refused, because supplies and chassis feed a machine at least; one below it may be one node's of several.
 * @returns the figure, or why it is refused
 */
export function heldAgainst<T extends Judged>(said: T, { other, ratedW }: Evidence): T | Judged {
  const { powerW } = said
  if (powerW === undefined) return said
  if (powerW < LEAST_W) return { refused: `${powerW} W, less than a BMC draws` }
  if (ratedW !== undefined && powerW > ratedW * MOST_PER_RATING)
    return { refused: `${powerW} W, beside supplies for ${ratedW} W` }
  if (!other || isDoubtful(other)) return said
  const isAbove = powerW > other.powerW * MOST_RATIO
  const isBelow = isDoubtful(said) && powerW * MOST_RATIO < other.powerW
  return isAbove || isBelow ? { refused: `${powerW} W, beside ${other.powerW} W of ${other.name}` } : said
}
