/** What a meter shows: power, negative where it flows out, and its two counters. */
export interface Shown {
  powerW: number
  importedWh: number
  exportedWh: number
}

/** How one model keeps its figures in registers. */
export interface MeterFace {
  /** maker and model, for people */
  name: string
  /** what reads it: `map:` of the driver modbus-meter */
  map: unknown
  /** how many registers of Modbus function 3 and of function 4 it has */
  holding: number
  input: number
  write(tables: { holding: Buffer; input: Buffer }, shown: Shown): void
}

/** By address, counted from 0: the registers that a model has there, as bytes. */
type Registers = Readonly<Record<number, Buffer | ((shown: Shown) => Buffer)>>

/** Declares a face by its registers. */
export function face(
  about: Pick<MeterFace, 'name' | 'map'>,
  { holding = {}, input = {} }: { holding?: Registers; input?: Registers },
): MeterFace {
  return {
    ...about,
    holding: registersOf(holding),
    input: registersOf(input),
    write(tables, shown) {
      put(tables.holding, holding, shown)
      put(tables.input, input, shown)
    },
  }
}

const NOTHING: Shown = { powerW: 0, importedWh: 0, exportedWh: 0 }
const bytesOf = (entry: Registers[number], shown: Shown) =>
  typeof entry === 'function' ? entry(shown) : entry

const registersOf = (registers: Registers): number =>
  Object.entries(registers).reduce(
    (most, [address, entry]) =>
      entry === undefined ? most : Math.max(most, Number(address) + bytesOf(entry, NOTHING).length / 2),
    0,
  )

function put(table: Buffer, registers: Registers, shown: Shown): void {
  for (const [address, entry] of Object.entries(registers))
    if (entry !== undefined) bytesOf(entry, shown).copy(table, 2 * Number(address))
}

const written = (bytes: number, write: (buffer: Buffer) => void): Buffer => {
  const buffer = Buffer.alloc(bytes)
  write(buffer)
  return buffer
}

// numbers as meters keep them, the high word first; whole numbers are cut, as a counter's last digit is

export const uint16 = (value: number): Buffer =>
  written(2, (b) => b.writeUInt16BE(Math.trunc(value) & 0xffff))
export const int16 = (value: number): Buffer => written(2, (b) => b.writeInt16BE(Math.trunc(value)))
export const int32 = (value: number): Buffer => written(4, (b) => b.writeInt32BE(Math.trunc(value)))
export const uint32 = (value: number): Buffer => written(4, (b) => b.writeUInt32BE(Math.trunc(value)))
export const int64 = (value: number): Buffer =>
  written(8, (b) => b.writeBigInt64BE(BigInt(Math.trunc(value))))
export const float32 = (value: number): Buffer => written(4, (b) => b.writeFloatBE(value))
export const float64 = (value: number): Buffer => written(8, (b) => b.writeDoubleBE(value))
/** Text in so many registers, with zeros behind it. */
export const text = (words: string, registers: number): Buffer =>
  written(2 * registers, (b) => b.write(words, 'latin1'))

/** The same number with the low word first. */
export function lowWordFirst(number: Buffer): Buffer {
  const swapped = Buffer.alloc(number.length)
  for (let i = 0; i < number.length; i += 2) number.copy(swapped, number.length - 2 - i, i, i + 2)
  return swapped
}
/** The same text with the low byte of each register first. */
export const lowByteFirst = (words: Buffer): Buffer => Buffer.from(words).swap16()
