import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import type { Measured } from '../../counting/power-beside.ts'
import type { ModbusTcp } from '../../wire/modbus.ts'
import { decodeRegisters } from './registers.ts'

/*
 * SunSpec: after the letters "SunS" the holding registers contain a chain of models, each with its number and length. Meters are
 * the models 201 to 204 (integers with a scale factor) and 211 to 214 (floats); the number depends on the phases.
 */

/** Addresses at which the chain may begin, in the specification's order. */
const BASES = [40_000, 50_000, 0]
const MARK = 'SunS'
const COMMON = 1
const END = 0xffff
/** No device has more models. The bound ends the walk where a device's chain leads in a circle. */
const MOST_MODELS = 100

/** Offsets in registers from the first one after a model's number and length. */
const INTEGER = { first: 16, power: 16, powerScale: 20, exported: 36, energy: 44, energyScale: 52, last: 52 }
/** What is beside the power: A and V from each phase to neutral, and the power factor in percent. */
const INTEGER_BESIDE = { amps: 1, ampsScale: 4, volts: 6, voltsScale: 13, factor: 31, factorScale: 35 }
const FLOAT_BESIDE = { amps: 2, volts: 10, factor: 50, last: 51 }
const FLOAT = { first: 26, power: 26, exported: 58, energy: 66, last: 67 }
const TEXTS = { manufacturer: [0, 16], model: [16, 16], version: [40, 8], serial: [48, 16] } as const
const COMMON_REGISTERS = 64

export interface SunSpecMeter {
  /** address of the meter model's first register after its number and length */
  start: number
  float: boolean
  model?: string
  firmware?: string
  hardwareId?: string
}

export interface SunSpecReading {
  powerW?: number
  energyWh?: number
  exportedWh?: number
  /** Wh that the counter's last digit stands for; 0 where the counter is a float */
  resolutionWh: number
  /** W that the power's last digit stands for; 0 where it is a float */
  resolutionW: number
}

/**
 * Walks the chain to the first meter.
 * @throws PerwattError `not-sunspec` where there is no chain, or no meter in it; as ModbusTcp where nothing answers
 */
export async function findSunSpecMeter(modbus: ModbusTcp, signal: AbortSignal): Promise<SunSpecMeter> {
  let at = (await findChain(modbus, signal)) + 2
  let about: Omit<SunSpecMeter, 'start' | 'float'> = {}
  const seen: number[] = []
  while (seen.length < MOST_MODELS) {
    const header = await modbus.read(3, at, 2, signal)
    const [id, length] = [header.readUInt16BE(0), header.readUInt16BE(2)]
    if (id === END) break
    seen.push(id)
    const start = at + 2
    if (id === COMMON && length >= COMMON_REGISTERS)
      about = commonOf(await modbus.read(3, start, COMMON_REGISTERS, signal))
    const float = id >= 211 && id <= 214
    if (float || (id >= 201 && id <= 204)) return { start, float, ...about }
    at = start + length
  }
  throw new PerwattError(
    'not-sunspec',
    `it has the SunSpec models ${seen.join(', ') || 'none'} and no meter (201 to 204, 211 to 214); check the unit number`,
  )
}

/** Reads active power and energy in both directions in one request. A value that the meter doesn't have is absent. */
export async function readSunSpecMeter(
  modbus: ModbusTcp,
  { start, float }: SunSpecMeter,
  signal: AbortSignal,
): Promise<SunSpecReading> {
  const { first, last } = float ? FLOAT : INTEGER
  const bytes = await modbus.read(3, start + first, last - first + 1, signal)
  const at = (offset: number, registers: number) =>
    bytes.subarray(2 * (offset - first), 2 * (offset - first + registers))
  if (float) {
    const value = (offset: number) => decodeRegisters(at(offset, 2), 'float32')
    return {
      ...defined({
        powerW: value(FLOAT.power),
        energyWh: value(FLOAT.energy),
        exportedWh: value(FLOAT.exported),
      }),
      resolutionWh: 0,
      resolutionW: 0,
    }
  }
  const scaleOf = (offset: number) => scaleIn(at(offset, 1))
  const power = decodeRegisters(at(INTEGER.power, 1), 'int16')
  const powerScale = scaleOf(INTEGER.powerScale)
  const energyScale = scaleOf(INTEGER.energyScale)
  const resolutionWh = 10 ** (energyScale ?? 0)
  const counter = (offset: number) => {
    const value = decodeRegisters(at(offset, 2), 'uint32')
    // 0 is SunSpec's "not implemented" of an accumulator
    return value === undefined || value === 0 || energyScale === undefined ? undefined : value * resolutionWh
  }
  return {
    ...defined({
      powerW: power === undefined || powerScale === undefined ? undefined : power * 10 ** powerScale,
      energyWh: counter(INTEGER.energy),
      exportedWh: counter(INTEGER.exported),
    }),
    resolutionWh,
    resolutionW: 10 ** (powerScale ?? 0),
  }
}

/** Reads what the meter measures beside its power. @throws as ModbusTcp */
export async function readSunSpecBeside(
  modbus: ModbusTcp,
  { start, float }: SunSpecMeter,
  signal: AbortSignal,
): Promise<Measured> {
  const registers = 1 + (float ? FLOAT_BESIDE.last : INTEGER_BESIDE.factorScale)
  const bytes = await modbus.read(3, start, registers, signal)
  const at = (offset: number, count: number) => bytes.subarray(2 * offset, 2 * (offset + count))
  const scaled = (offset: number, scale: number) => {
    const exponent = scaleIn(at(scale, 1))
    const value = decodeRegisters(at(offset, 1), 'int16')
    return value === undefined || exponent === undefined ? undefined : value * 10 ** exponent
  }
  const value = (offset: number) => decodeRegisters(at(offset, 2), 'float32')
  const phases = [0, 1, 2].flatMap((phase) => {
    const amps = float
      ? value(FLOAT_BESIDE.amps + 2 * phase)
      : scaled(INTEGER_BESIDE.amps + phase, INTEGER_BESIDE.ampsScale)
    const volts = float
      ? value(FLOAT_BESIDE.volts + 2 * phase)
      : scaled(INTEGER_BESIDE.volts + phase, INTEGER_BESIDE.voltsScale)
    return amps === undefined || volts === undefined ? [] : [{ volts, amps }]
  })
  const factor = float
    ? value(FLOAT_BESIDE.factor)
    : scaled(INTEGER_BESIDE.factor, INTEGER_BESIDE.factorScale)
  // some meters give the ratio itself
  return { phases, powerFactor: factor !== undefined && Math.abs(factor) > 1 ? factor / 100 : factor }
}

/** SunSpec allows -10 to 10; anything else is no scale factor. */
function scaleIn(register: Buffer): number | undefined {
  const exponent = decodeRegisters(register, 'int16')
  return exponent !== undefined && Math.abs(exponent) <= 10 ? exponent : undefined
}

async function findChain(modbus: ModbusTcp, signal: AbortSignal): Promise<number> {
  for (const base of BASES) {
    try {
      if ((await modbus.read(3, base, 2, signal)).toString('latin1') === MARK) return base
    } catch (error) {
      // the meter lacks these registers, so the chain is elsewhere
      if (!(error instanceof PerwattError && error.code === 'modbus-exception')) throw error
    }
  }
  throw new PerwattError(
    'not-sunspec',
    `it has no SunSpec models at ${BASES.join(', ')}; check the unit number, or name the meter, or its registers, in map`,
  )
}

function commonOf(bytes: Buffer): Omit<SunSpecMeter, 'start' | 'float'> {
  const text = ([offset, registers]: readonly [number, number]) =>
    bytes
      .subarray(2 * offset, 2 * (offset + registers))
      .toString('latin1')
      .replace(/\0.*$/s, '')
      .trim()
  const model = `${text(TEXTS.manufacturer)} ${text(TEXTS.model)}`.trim()
  const firmware = text(TEXTS.version)
  const hardwareId = text(TEXTS.serial)
  return { ...(model && { model }), ...(firmware && { firmware }), ...(hardwareId && { hardwareId }) }
}
