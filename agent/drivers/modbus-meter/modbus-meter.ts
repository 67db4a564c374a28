import { z } from 'zod'
import { PortSchema } from '../../../protocol/kit/fields.ts'
import { JOULES_PER_KWH } from '../../../protocol/units.ts'
import { CoarseCounter } from '../../counting/coarse-counter.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Reading } from '../../plugin/reading.ts'
import { ModbusTcp, READ_FUNCTIONS } from '../../wire/modbus.ts'
import { MODBUS_MAPS } from './maps/index.ts'
import {
  type MeterMap,
  type MeterRegister,
  type NamedMap,
  REGISTER_TYPES,
  type RegisterType,
} from './maps/map.ts'
import { decodeRegisters } from './registers.ts'
import { findSunSpecMeter, readSunSpecMeter, type SunSpecMeter } from './sunspec.ts'

const JOULES_PER_WH = JOULES_PER_KWH / 1000

const types = Object.keys(REGISTER_TYPES) as [RegisterType, ...RegisterType[]]
const register = (unit: string) =>
  z.strictObject({
    function: z
      .union([z.literal(3), z.literal(4)], { error: 'expected 3 or 4' })
      .describe('3 reads holding registers, 4 reads input registers'),
    address: z
      .number()
      .int()
      .min(0)
      .max(65535)
      .describe(
        'first register, counted from 0 as on the wire; a manual that counts from 1 or from 40001 gives one more',
      ),
    type: z.enum(types).describe('type of the number in the registers'),
    scale: z.number().default(1).describe(`factor from the number to ${unit}`),
    wordOrder: z.enum(['big', 'little']).default('big').describe('little: the low word comes first'),
  })

const CustomMapSchema = z
  .strictObject({
    power: register('W').optional().describe('active power of all phases'),
    energy: register('Wh').optional().describe('imported active energy'),
  })
  .refine((m) => m.power || m.energy, 'expected power, energy or both')
const MAP_NAMES = ['sunspec', ...MODBUS_MAPS.map(({ name }) => name)] as const
const MODELS = MODBUS_MAPS.map(({ model }) => model).join(', ')

/** A meter's identity and its figures at one moment. */
interface Figures {
  about: Pick<Reading['identity'], 'model' | 'firmware' | 'hardwareId'>
  powerW?: number | undefined
  energyWh?: number | undefined
  /** Wh that the counter's last digit stands for; 0 where the counter is a float */
  resolutionWh: number
}

export default defineDriver({
  name: 'modbus-meter',
  summary: `electricity meters over Modbus TCP: SunSpec, ${MODELS}, or any other by its register map`,
  kind: 'meter',
  needsHost: true,
  requests: Object.entries(READ_FUNCTIONS).map(([fn, name]) => `modbus ${fn} ${name}`),
  settings: z.strictObject({
    port: PortSchema.default(502).describe('TCP port'),
    unit: z.number().int().min(0).max(255).default(1).describe("the meter's unit number behind its gateway"),
    map: z
      .union([z.enum(MAP_NAMES), CustomMapSchema], {
        error: `expected ${MAP_NAMES.join(', ')}, or a map with power, energy or both`,
      })
      .describe("the meter's name, or its registers; with sunspec the driver finds the registers itself"),
  }),
  open({ host, options }): Session {
    const { port, unit, map } = options
    const modbus = new ModbusTcp({ host, port, unit })
    const figures =
      map === 'sunspec' ? sunSpec(modbus) : byMap(modbus, typeof map === 'string' ? named(map) : map)
    let counter: CoarseCounter | undefined
    return {
      async read(signal) {
        const read = await figures(signal)
        counter ??= new CoarseCounter(read.resolutionWh * JOULES_PER_WH)
        return [reading(read, counter)]
      },
      close: () => modbus.close(),
    }
  },
})

const named = (name: string): Partial<NamedMap> => MODBUS_MAPS.find((map) => map.name === name) ?? {}

function byMap(modbus: ModbusTcp, { model, power, energy }: MeterMap & { model?: string }) {
  const ask = async (r: MeterRegister | undefined, signal: AbortSignal): Promise<number | undefined> => {
    if (!r) return undefined
    const bytes = await modbus.read(r.function, r.address, REGISTER_TYPES[r.type], signal)
    const value = decodeRegisters(bytes, r.type, r.wordOrder)
    return value === undefined ? undefined : value * r.scale
  }
  const whole = energy && !energy.type.startsWith('float')
  return async (signal: AbortSignal): Promise<Figures> => ({
    about: model === undefined ? {} : { model },
    powerW: await ask(power, signal),
    energyWh: await ask(energy, signal),
    resolutionWh: whole ? energy.scale : 0,
  })
}

function sunSpec(modbus: ModbusTcp) {
  let found: SunSpecMeter | undefined
  return async (signal: AbortSignal): Promise<Figures> => {
    found ??= await findSunSpecMeter(modbus, signal)
    const { start: _start, float: _float, ...about } = found
    try {
      return { about, ...(await readSunSpecMeter(modbus, found, signal)) }
    } catch (error) {
      // another device may answer at this address next time
      found = undefined
      throw error
    }
  }
}

function reading({ about, powerW, energyWh }: Figures, counter: CoarseCounter): Reading {
  const blind = powerW === undefined && energyWh === undefined
  const energyJ = counter.read(energyWh === undefined ? undefined : energyWh * JOULES_PER_WH)
  return {
    identity: { kind: 'meter', ...about },
    sample: {
      ...(blind
        ? { state: 'unknown', faults: ['the meter has no value in its registers'] }
        : { state: 'ok' }),
      ...(powerW !== undefined && { powerW, powerBasis: 'metered' }),
    },
    ...(energyJ !== undefined && { counters: { energyJ } }),
  }
}
