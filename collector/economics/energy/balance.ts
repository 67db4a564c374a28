import { DRAW_BASES, emptyLoads, LOAD_KINDS, type Loads, MeterTree } from './meter-tree.ts'

/**
 * The tree of meters and machines, balanced: what each machine took by the best that is known of it, and what each meter shows
 * beyond the machines behind it. All numbers are whole and of one unit: mJ of a minute for the ledger, mW of a moment for the
 * screens. Whatever the meters say, the parts add up: sum(took) + sum(rest) = sum(total of the roots), to the unit.
 */

/** Something that takes power or measures it. */
export interface Load {
  /** a meter stands above what is behind it; a host stands above its GPUs, and is a machine where nothing is behind it */
  kind: 'meter' | 'host' | 'machine'
  /** what it says itself; absent: unknown */
  own?: number | undefined
  /** index of the meter or host that it is behind; -1: none */
  parent: number
  /** its part, relative to others, of what a meter shows for machines that say nothing themselves; 0: takes no power */
  weight: number
  /** the site's own meter: it is nobody's outlet, even with one machine behind it */
  site?: boolean
}

/** How it is known what a load took. */
export type DrawBasis =
  /** it says so itself */
  | 'own'
  /** it is alone behind a meter, which knows better */
  | 'meter'
  /** a part of what its meter shows beyond the machines that say so themselves */
  | 'share'
  /** nobody knows */
  | 'nothing'

/** What a meter's or host's remainder is. */
export type Remainder =
  /** more than the machines behind it take: supplies, fans, pumps, network, losses */
  | 'beyond'
  /** less than the machines claim, or not what the one meter behind it says: two readings that disagree */
  | 'disagrees'

export interface Balanced {
  took: number
  by: DrawBasis
  /** of a meter or host with loads behind it: its own reading less what is behind it */
  rest: number
  remainder: Remainder
  /** what it and everything behind it is in all */
  total: number
  /** loads directly behind it */
  behind: number
}

/** Balances the tree. A circle of meters is cut open at its first load. */
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

/** The same of loads in flat arrays. */
export function balanceOf(parents: ArrayLike<number>, loads: Loads): Balanced[] {
  const tree = new MeterTree(parents)
  tree.balance(loads)
  return Array.from(
    tree.took,
    (took, i): Balanced => ({
      took,
      by: DRAW_BASES[tree.by[i] as number] as DrawBasis,
      rest: tree.rest[i] as number,
      remainder: tree.disagrees[i] ? 'disagrees' : 'beyond',
      total: tree.total[i] as number,
      behind: tree.behind[i] as number,
    }),
  )
}
