import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { ModbusTcp } from '../../wire/modbus.ts'
import { MODBUS_MAPS } from './maps/index.ts'
import { type Identification, type NamedMap, REGISTER_TYPES } from './maps/map.ts'

/** Shorter texts, and texts of other characters, are no names: a gateway or a copy of the meter may answer anything there. */
const NAME = /^[\x20-\x7e]{3,}$/

/**
 * Asks a meter what it is. A meter that refuses the register, or has 0 or nothing there, is taken for the map's.
 * @throws PerwattError `other-meter` where it is of another model, with the name of that model's map where there is one; as ModbusTcp
 */
export async function identified(
  modbus: ModbusTcp,
  { name, model, identify }: Partial<NamedMap>,
  signal: AbortSignal,
): Promise<void> {
  if (!identify) return
  const told = await askedOf(modbus, identify, signal)
  if (told === undefined || isOf(identify, told)) return
  const others = MODBUS_MAPS.filter(
    (map) => map.name !== name && map.identify && sameRegister(map.identify, identify),
  )
  const other = others.find((map) => map.identify && isOf(map.identify, told))
  throw new PerwattError(
    'other-meter',
    `it says that it is model ${told}, and ${model} is ${(identify.codes ?? identify.texts).map(shown).join(', ')}; ${other ? `set map: ${other.name}` : 'name its own map, or its registers'}`,
  )
}

/** ABB keeps four letters in a whole number. */
const shown = (code: number | string): string =>
  typeof code === 'number' && code > 0xffff ? lettersOf(code) : String(code)

function lettersOf(code: number): string {
  const letters = Buffer.alloc(4)
  letters.writeUInt32BE(code)
  return letters.toString('latin1').trim()
}

const isOf = ({ codes, texts }: Identification, told: string): boolean =>
  codes
    ? codes.some((code) => shown(code) === told)
    : texts.some((text) => told.toLowerCase().includes(text.toLowerCase()))

const sameRegister = (a: Identification, b: Identification): boolean =>
  a.function === b.function && a.address === b.address

/** What the meter says; undefined where it refuses the register, or says nothing. */
async function askedOf(
  modbus: ModbusTcp,
  identify: Identification,
  signal: AbortSignal,
): Promise<string | undefined> {
  const registers = identify.codes ? REGISTER_TYPES[identify.type ?? 'uint16'] : identify.registers
  let bytes: Buffer
  try {
    bytes = await modbus.read(identify.function, identify.address, registers, signal)
  } catch (error) {
    if (error instanceof PerwattError && error.code === 'modbus-exception') return undefined
    throw error
  }
  if (identify.codes) {
    const code = bytes.readUIntBE(0, bytes.length)
    return code === 0 || bytes.every((byte) => byte === 0xff) ? undefined : shown(code)
  }
  if (identify.lowByteFirst) bytes = Buffer.from(bytes).swap16()
  const text = bytes.toString('latin1').replaceAll('\0', '').trim()
  return NAME.test(text) ? text : undefined
}
