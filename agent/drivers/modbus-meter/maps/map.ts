import type { ReadFunction } from '../../../wire/modbus.ts'

/** How many 16-bit registers a number takes, by the name of its type in meters' manuals. */
export const REGISTER_TYPES = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float32: 2,
  float64: 4,
} as const
export type RegisterType = keyof typeof REGISTER_TYPES

/** `big`: the high word comes first, as the standard orders bytes; `little`: the low word comes first (word-swapped). */
export type WordOrder = 'big' | 'little'

/** Where a meter keeps one number. */
export interface MeterRegister {
  function: ReadFunction
  /** address on the wire, counted from 0 */
  address: number
  type: RegisterType
  /** factor to W or Wh */
  scale: number
  /** W or Wh that are added after the factor; absent: none */
  offset?: number
  /** Wh of the last digit of a float counter; absent: of a whole number, its scale; of a float, finer than matters */
  stepWh?: number
  wordOrder: WordOrder
}

/** Where a meter says what it is, by a number or by a text. */
export type Identification = { function: ReadFunction; address: number } & (
  | { codes: readonly number[]; type?: 'uint16' | 'uint32'; texts?: never }
  | {
      /** the meter's text contains one of these, in letters of either case */
      texts: readonly string[]
      registers: number
      /** of each register the low byte comes first */
      lowByteFirst?: true
      codes?: never
    }
)

/** Where a meter keeps volts, amps and power factor: what its power is held against. */
export interface BesideRegisters {
  /** V from the phase to neutral, and A */
  phases: readonly { volts: MeterRegister; amps: MeterRegister; powerFactor?: MeterRegister }[]
  /** of all phases together */
  powerFactor?: MeterRegister
  /** true: Schneider's four quadrants, where more than 1 stands for 2 less the power factor */
  fourQuadrants?: true
}

/** Where a meter keeps its power and its energy in both directions. */
export interface MeterMap {
  /** active power of all phases; negative where it flows out */
  power?: MeterRegister | undefined
  /** imported active energy */
  energy?: MeterRegister | undefined
  /** exported active energy: a counter of its own */
  exported?: MeterRegister | undefined
  /** absent: not known */
  beside?: BesideRegisters | undefined
}

/**
 * A meter that the driver knows by name. Adding a meter is one more file in this folder, with addresses and types from its
 * maker's Modbus manual. A map is for one model, and named for it: a maker's next model may keep other values at the same addresses.
 */
export interface NamedMap extends MeterMap {
  /** name in the configuration's `map:` */
  name: string
  /** the manual, or the public project that reads this model by the same addresses */
  source: string
  /** where the meter says what it is, and the codes of this map's models; another code is another meter */
  identify?: Identification
  /** maker and model, as the reading shows it */
  model: string
}
