import type { Reading } from '../../plugin/reading.ts'
import type { ModbusTcp } from '../../wire/modbus.ts'
import { besideReader, type ReadBeside } from './beside.ts'
import { identified } from './identify.ts'
import type { NamedMap } from './maps/map.ts'
import { modbusValues } from './values.ts'

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
  /** reads what the meter measures beside its power; absent: its map does not say where */
  beside?: ReadBeside
}

/**
 * Reads a meter by its map.
 * @returns a function that rejects with PerwattError `other-meter` where the meter says that it is of another model, and as ModbusTcp
 */
export function byMap(modbus: ModbusTcp, map: Partial<NamedMap>) {
  const { model, power, energy, exported } = map
  let known = false
  const resolutionW = power && !power.type.startsWith('float') ? Math.abs(power.scale) : 0
  const beside = map.beside && besideReader(modbus, map.beside)
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
      ...(beside && { beside }),
    }
  }
}
