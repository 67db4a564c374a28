import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Reading } from '../../plugin/reading.ts'
import type { ModbusTcp } from '../../wire/modbus.ts'
import { identified } from './identify.ts'
import { type MeterRegister, type NamedMap, REGISTER_TYPES } from './maps/map.ts'
import { decodeRegisters } from './registers.ts'

/** A meter's identity and its figures at one moment. */
export interface Figures {
  about: Pick<Reading['identity'], 'model' | 'firmware' | 'hardwareId'>
  powerW?: number | undefined
  energyWh?: number | undefined
  exportedWh?: number | undefined
  /** Wh that the counter's last digit stands for; 0 where the counter is a float */
  resolutionWh: number
  /** W that the power's last digit stands for; 0 where it is a float */
  resolutionW: number
}

/**
 * Reads a meter by its map.
 * @returns a function that rejects with PerwattError `other-meter` where the meter says that it is of another model, and as ModbusTcp
 */
export function byMap(modbus: ModbusTcp, map: Partial<NamedMap>) {
  const { model, power, energy, exported } = map
  let known = false
  const resolutionW = power && !power.type.startsWith('float') ? Math.abs(power.scale) : 0
  const step = energy?.stepWh ?? (energy?.type.startsWith('float') ? 0 : energy?.scale)
  return async (signal: AbortSignal): Promise<Figures> => {
    const values = await modbusValues(modbus, [power, energy, exported], signal)
    if (!known) await identified(modbus, map, signal)
    known = true
    const [powerW, energyWh, exportedWh] = values
    return {
      about: model === undefined ? {} : { model },
      powerW,
      energyWh,
      exportedWh,
      resolutionWh: Math.abs(step ?? 0),
      resolutionW,
    }
  }
}

/**
 * Each register by itself: one that the meter refuses (models without an export counter do) takes no other with it.
 * @throws PerwattError `modbus-exception` where it refuses them all; as ModbusTcp where nothing answers
 */
async function modbusValues(
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
