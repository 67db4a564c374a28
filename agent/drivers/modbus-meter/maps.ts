import type { ReadFunction } from '../../wire/modbus.ts'
import type { RegisterType, WordOrder } from './registers.ts'

/** One number of a meter. */
export interface MeterRegister {
  function: ReadFunction
  /** as on the wire, from 0 */
  address: number
  type: RegisterType
  /** what the number is multiplied by to be W or Wh */
  scale: number
  wordOrder: WordOrder
}

export interface MeterMap {
  model?: string
  /** active power of all phases */
  power?: MeterRegister | undefined
  /** imported active energy */
  energy?: MeterRegister | undefined
}

/** Addresses and formats by the makers' Modbus manuals. */
export const MODBUS_MAPS = {
  'schneider-iem3000': {
    model: 'Schneider iEM3000',
    power: { function: 3, address: 0x0bf3, type: 'float32', scale: 1000, wordOrder: 'big' },
    energy: { function: 3, address: 0x0c83, type: 'int64', scale: 1, wordOrder: 'big' },
  },
  // EM24_E1 and EM3x0: 0.1 W and 0.1 kWh, low word first
  'carlo-gavazzi-em24': {
    model: 'Carlo Gavazzi EM24',
    power: { function: 4, address: 0x28, type: 'int32', scale: 0.1, wordOrder: 'little' },
    energy: { function: 4, address: 0x34, type: 'int32', scale: 100, wordOrder: 'little' },
  },
} as const satisfies Record<string, MeterMap>
