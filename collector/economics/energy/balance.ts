import { byteAt, floatAt, intAt } from '../element.ts'
import { DRAW_BASES, emptyLoads, LOAD_KINDS, type Loads, MeterTree } from './meter-tree.ts'

/**
 * Balances the tree of meters and machines: finds the draw of each machine from the best reading, and the remainder of each meter
 * beyond the machines behind it. All numbers are whole and of one unit: mJ of a minute for the ledger, mW of a moment for the
 * screens. The parts always add up exactly: sum(drawn) + sum(rest) = sum(total of the roots).
 */

/** A machine, a host or a meter. */
export interface Load {
  /** a meter or a host can have loads behind it; a host without loads behind it counts as a machine */
  kind: 'meter' | 'host' | 'machine'
  /** its own reading; absent if it has none */
  own?: number | undefined
  /** index of the meter or host that it is behind; -1 for none */
  parent: number
  /** share, relative to its siblings, in the unexplained part of its meter if it has no own reading; 0 if it draws no power */
  weight: number
  /** whether this is the site meter, which is never the outlet of a single machine */
  site?: boolean
}

/** The source of a load's draw. */
export type DrawBasis =
  /** its own reading */
  | 'own'
  /** the meter that it is alone behind, which is more accurate than its own reading */
  | 'meter'
  /** a share of what its meter shows beyond the machines with readings */
  | 'share'
  /** none: the draw is unknown and counts as 0 */
  | 'nothing'

/** The meaning of a meter's or host's remainder. */
export type Remainder =
  /** power beyond the machines behind it: power supplies, fans, pumps, network, losses */
  | 'beyond'
  /** a contradiction: the machines report more than the meter, or the one meter behind it reads differently */
  | 'disagrees'

/** One load after the balance. */
export interface Balanced {
  drawn: number
  basis: DrawBasis
  /** for a meter or host with loads behind it: its own reading less the totals behind it */
  rest: number
  remainder: Remainder
  /** its draw together with all loads behind it */
  total: number
  /** number of loads directly behind it */
  behind: number
}

/** Balances a tree of loads. A circle of meters is cut at its first load. */
export function balance(loads: readonly Load[]): Balanced[] {
  const flat = emptyLoads(loads.length)
  flat.site = loads.findIndex(({ site }) => site)
  for (const [i, { kind, own, weight }] of loads.entries()) {
    flat.kind[i] = LOAD_KINDS.indexOf(kind)
    flat.own[i] = own ?? Number.NaN
    flat.weight[i] = weight
  }
  return balanceOf(
    loads.map(({ parent }) => parent),
    flat,
  )
}

/** Balances loads in flat arrays; `parents[i]` is the index of the meter that load i is behind. */
export function balanceOf(parents: ArrayLike<number>, loads: Loads): Balanced[] {
  const tree = new MeterTree(parents)
  tree.balance(loads)
  return Array.from(
    tree.drawn,
    (drawn, i): Balanced => ({
      drawn,
      basis: DRAW_BASES[byteAt(tree.basis, i)] as DrawBasis,
      rest: floatAt(tree.rest, i),
      remainder: tree.disagrees[i] ? 'disagrees' : 'beyond',
      total: floatAt(tree.total, i),
      behind: intAt(tree.behind, i),
    }),
  )
}
