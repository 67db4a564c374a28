import { z } from 'zod'
import { PortSchema } from '../../protocol/kit/fields.ts'
import { JOULES_PER_KWH } from '../../protocol/units.ts'
import { defineDriver, type Reading, type Session } from '../driver.ts'
import { ModbusTcp, READ_FUNCTIONS } from '../wire/modbus.ts'
import { decodeRegisters, REGISTER_TYPES, type RegisterType } from '../wire/registers.ts'

const JOULES_PER_WH = JOULES_PER_KWH / 1000

const types = Object.keys(REGISTER_TYPES) as [RegisterType, ...RegisterType[]]
const register = (unit: string) =>
  z.strictObject({
    function: z
      .union([z.literal(3), z.literal(4)])
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
type RegisterMap = z.output<typeof CustomMapSchema>
type Register = NonNullable<RegisterMap['power']>

/** Addresses and formats by the makers' Modbus manuals. */
const MAPS: Record<'schneider-iem3000' | 'carlo-gavazzi-em24', RegisterMap & { model: string }> = {
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
}

export default defineDriver({
  name: 'modbus-meter',
  summary:
    'electricity meters over Modbus TCP: Schneider iEM3000, Carlo Gavazzi EM24, or any by its register map',
  kind: 'meter',
  needsHost: true,
  asks: Object.entries(READ_FUNCTIONS).map(([fn, name]) => `modbus ${fn} ${name}`),
  settings: z.strictObject({
    port: PortSchema.default(502).describe('TCP port'),
    unit: z.number().int().min(0).max(255).default(1).describe("the meter's address behind its gateway"),
    map: z
      .union([z.enum(['schneider-iem3000', 'carlo-gavazzi-em24']), CustomMapSchema], {
        error: 'expected schneider-iem3000, carlo-gavazzi-em24, or a mapping of power and energy',
      })
      .describe("a meter's name, or its registers"),
  }),
  open({ host, options }): Session {
    const { port, unit, map } = options
    const registers: RegisterMap & { model?: string } = typeof map === 'string' ? MAPS[map] : map
    const modbus = new ModbusTcp({ host, port, unit })
    const ask = async (r: Register | undefined, signal: AbortSignal): Promise<number | undefined> => {
      if (!r) return undefined
      const value = decodeRegisters(
        await modbus.read(r.function, r.address, REGISTER_TYPES[r.type], signal),
        r.type,
        r.wordOrder,
      )
      return value === undefined ? undefined : value * r.scale
    }
    return {
      async read(signal) {
        const powerW = await ask(registers.power, signal)
        const energyWh = await ask(registers.energy, signal)
        return [reading(powerW, energyWh, registers.model)]
      },
      close: () => modbus.close(),
    }
  },
})

function reading(
  powerW: number | undefined,
  energyWh: number | undefined,
  model: string | undefined,
): Reading {
  const blind = powerW === undefined && energyWh === undefined
  return {
    identity: { kind: 'meter', ...(model && { model }) },
    sample: {
      ...(blind
        ? { state: 'unknown', faults: ['the meter has no value in its registers'] }
        : { state: 'ok' }),
      ...(powerW !== undefined && { powerW, powerBasis: 'metered' }),
    },
    ...(energyWh !== undefined && { counters: { energyJ: energyWh * JOULES_PER_WH } }),
  }
}
