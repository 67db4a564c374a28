import { z } from 'zod'
import { PortSchema } from '../../../protocol/kit/fields.ts'
import { JOULES_PER_KWH } from '../../../protocol/units.ts'
import { CoarseCounter } from '../../counting/coarse-counter.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Reading } from '../../plugin/reading.ts'
import { ModbusTcp, READ_FUNCTIONS } from '../../wire/modbus.ts'
import { type MeterMap, type MeterRegister, MODBUS_MAPS } from './maps.ts'
import { decodeRegisters, REGISTER_TYPES, type RegisterType } from './registers.ts'
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
        'first register as on the wire, from 0; manuals that count from 1, or from 40001, are one more',
      ),
    type: z.enum(types).describe('how the number is written'),
    scale: z.number().default(1).describe(`what the number is multiplied by to be ${unit}`),
    wordOrder: z.enum(['big', 'little']).default('big').describe('little: the low word comes first'),
  })

const CustomMapSchema = z
  .strictObject({
    power: register('W').optional().describe('active power of all phases'),
    energy: register('Wh').optional().describe('imported active energy'),
  })
  .refine((m) => m.power || m.energy, 'expected power, energy or both')
const MAP_NAMES = ['sunspec', ...(Object.keys(MODBUS_MAPS) as (keyof typeof MODBUS_MAPS)[])] as const

/** What a meter says now, and who it is. */
interface Figures {
  about: Pick<Reading['identity'], 'model' | 'firmware' | 'hardwareId'>
  powerW?: number | undefined
  energyWh?: number | undefined
  /** Wh that the counter's last digit stands for; 0 where it is fine */
  resolutionWh: number
}

export default defineDriver({
  name: 'modbus-meter',
  summary:
    'electricity meters over Modbus TCP: SunSpec, Schneider iEM3000, Carlo Gavazzi EM24, or any by its register map',
  kind: 'meter',
  needsHost: true,
  requests: Object.entries(READ_FUNCTIONS).map(([fn, name]) => `modbus ${fn} ${name}`),
  settings: z.strictObject({
    port: PortSchema.default(502).describe('TCP port'),
    unit: z.number().int().min(0).max(255).default(1).describe("the meter's address behind its gateway"),
    map: z
      .union([z.enum(MAP_NAMES), CustomMapSchema], {
        error: `expected ${MAP_NAMES.join(', ')}, or a mapping of power and energy`,
      })
      .describe("a meter's name, its registers, or sunspec, which finds them itself"),
  }),
  open({ host, options }): Session {
    const { port, unit, map } = options
    const modbus = new ModbusTcp({ host, port, unit })
    const figures =
      map === 'sunspec' ? sunSpec(modbus) : byMap(modbus, typeof map === 'string' ? MODBUS_MAPS[map] : map)
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

function byMap(modbus: ModbusTcp, { model, power, energy }: MeterMap) {
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
      // another device may answer there next time
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
