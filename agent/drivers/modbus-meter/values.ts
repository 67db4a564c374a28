import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { ModbusTcp } from '../../wire/modbus.ts'
import { type MeterRegister, REGISTER_TYPES } from './maps/map.ts'
import { decodeRegisters } from './registers.ts'

/**
 * Each register by itself: one that the meter refuses (models without an export counter do) takes no other with it.
 * @throws PerwattError `modbus-exception` where it refuses them all; as ModbusTcp where nothing answers
 */
export async function modbusValues(
  modbus: ModbusTcp,
  registers: readonly (MeterRegister | undefined)[],
  signal: AbortSignal,
): Promise<(number | undefined)[]> {
  const values: (number | undefined)[] = []
  let refused: PerwattError | undefined
  let answered = false
  for (const register of registers) {
    try {
      values.push(register && (await modbusValue(modbus, register, signal)))
      answered ||= register !== undefined
    } catch (error) {
      if (!(error instanceof PerwattError && error.code === 'modbus-exception')) throw error
      refused ??= error
      values.push(undefined)
    }
  }
  if (refused && !answered) throw refused
  return values
}

async function modbusValue(
  modbus: ModbusTcp,
  { function: fn, address, type, wordOrder, scale, offset = 0 }: MeterRegister,
  signal: AbortSignal,
): Promise<number | undefined> {
  const value = decodeRegisters(await modbus.read(fn, address, REGISTER_TYPES[type], signal), type, wordOrder)
  return value === undefined ? undefined : value * scale + offset
}
