/** J in a Wh and in a tenth of a kWh: units of the makers' energy counters. */
export const WH = 3600
export const TENTH_KWH = 360_000

export type PartKind = 'inlet' | 'phase' | 'outlet'

/** A column of numbers. `#` stands for a row's index in every column of a table. */
export interface Quantity {
  column: string
  /** factor to W or J */
  scale: number
  /** column with the number of decimal digits by which the number is too large */
  digits?: string
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
  /** only rows in which this column has this number count */
  only?: { column: string; is: number }
  name?: string
  power: Quantity
  energy?: Quantity
  off?: { column: string; is: number }
  /** words for faults; `unmeasured` is the status in which the number itself means nothing */
  status?: { column: string; words: Readonly<Record<number, string>>; unmeasured?: number }
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
  /** scalars, or columns of the first row */
  about: { model: string; firmware: string; hardwareId: string }
  parts: readonly PartTable[]
}
