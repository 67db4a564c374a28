/** J in a Wh, in a tenth of a kWh and in a kWh: units of the makers' energy counters. */
export const WH = 3600
export const TENTH_KWH = 360_000
export const KWH = 3_600_000

export type PartKind = 'inlet' | 'phase' | 'outlet'

/**
 * A column of numbers. In every column of a table `#` stands for a row's index, `*` for the product's number, which follows the
 * table's `objectIdPrefix` in the sysObjectID, and `<Power.Value>` for the index of a variable (see `named`).
 */
export interface Quantity {
  column: string
  /** factor to W or J */
  scale: number
  /** column with the number of decimal digits by which the number is too large */
  digits?: string
  /** column with a further factor: above 0 it multiplies, below 0 it divides */
  factor?: string
}

/** The columns of one kind of part. */
export interface PartTable {
  part: PartKind
  /** the column whose rows are the parts; walked once */
  rows: string
  /** tells the PDUs of a chain, or the cords, apart: how many leading numbers of the index belong to it, or a column */
  unit: number | string
  /** 0: the units of a chain are counted from 0; absent: from 1 */
  firstUnit?: 0
  /** true: only where the tables of the same kind of part before this one have no row */
  ifNone?: true
  /** only rows in which this column has this number count */
  only?: { column: string; is: number }
  /**
   * `rows` is a column of names of variables, and a part is a thing of which a variable has such a name: group 1 is the thing, group
   * 2 its number. `<Power.Value>` in a column is then the index of the thing's variable of that name, such as `Socket 01.Power.Value`.
   */
  named?: RegExp
  name?: string
  power: Quantity
  energy?: Quantity
  /** what the power is held against; the scales are to V, A and 1 */
  beside?: { volts: Quantity; amps: Quantity; powerFactor: Quantity }
  off?: { column: string; is: number | string }
  /** words for faults; `unmeasured` is the status in which the number itself means nothing */
  status?: { column: string; words: Readonly<Record<number, string>>; unmeasured?: number }
}

/** Scalars, or columns of the first row. */
export interface PduAbout {
  model?: string
  firmware: string
  hardwareId: string
}

/**
 * Where one family of rack PDUs keeps power and energy, by its maker's MIB. Adding a family is one more file in this folder. A
 * negative number is "not measured": each of these MIBs writes -1 for it.
 */
export interface PduTable {
  /** name in the configuration's `vendor:` */
  vendor: string
  /**
   * of one vendor's tables the highest generation is tried first, because newer firmware still fills some of the older tables;
   * absent: 1
   */
  generation?: number
  /** what the PDU's sysObjectID begins with */
  objectIdPrefix: string
  about: PduAbout
  /** where newer firmware keeps the same; it holds where its `firmware` is a version number, such as 1.0.16 */
  newerAbout?: PduAbout
  parts: readonly PartTable[]
}
