import { z } from 'zod'
import { PortSchema } from '../../../protocol/kit/fields.ts'
import { JOULES_PER_KWH } from '../../../protocol/units.ts'
import { possible } from '../../counting/meter-ranges.ts'
import { PowerBeside, type PowerBesideReading } from '../../counting/power-beside.ts'
import { type KnownCounters, TwoWayCounters } from '../../counting/two-way-counters.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Reading } from '../../plugin/reading.ts'
import { ModbusTcp, READ_FUNCTIONS } from '../../wire/modbus.ts'
import { patient } from './beside.ts'
import { byMap, type Figures } from './by-map.ts'
import { MODBUS_MAPS } from './maps/index.ts'
import { type NamedMap, REGISTER_TYPES, type RegisterType } from './maps/map.ts'
import { findSunSpecMeter, readSunSpecBeside, readSunSpecMeter, type SunSpecMeter } from './sunspec.ts'

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
    offset: z
      .number()
      .default(0)
      .describe(
        `${unit} that are added after the factor, where a meter keeps a range as whole numbers from 0 on (Satec's raw scale)`,
      ),
    wordOrder: z.enum(['big', 'little']).default('big').describe('little: the low word comes first'),
  })

const CustomMapSchema = z
  .strictObject({
    power: register('W').optional().describe('active power of all phases; negative where it flows out'),
    energy: register('Wh').optional().describe('imported active energy'),
    exported: register('Wh').optional().describe('exported active energy, where the meter counts it apart'),
  })
  .refine((m) => m.power || m.energy, 'expected power, energy or both')
const MAP_NAMES = ['sunspec', ...MODBUS_MAPS.map(({ name }) => name)] as const
/** a name of earlier versions that stood for one meter and was given to two */
const SPLIT = 'carlo-gavazzi-em24'

export default defineDriver({
  name: 'modbus-meter',
  summary: 'electricity meters over Modbus TCP: SunSpec, by their model, or any other by its register map',
  kind: 'meter',
  needsHost: true,
  requests: Object.entries(READ_FUNCTIONS).map(([fn, name]) => `modbus ${fn} ${name}`),
  settings: z.strictObject({
    port: PortSchema.default(502).describe('TCP port'),
    unit: z.number().int().min(0).max(255).default(1).describe("the meter's unit number behind its gateway"),
    map: z
      .union([z.enum(MAP_NAMES), CustomMapSchema], {
        error: ({ input }) =>
          input === SPLIT
            ? `${SPLIT} is two meters: expected ${SPLIT}-e1 (with Ethernet) or ${SPLIT}-rs485 (behind a gateway)`
            : `expected ${MAP_NAMES.join(', ')}, or a map with power, energy or both`,
      })
      .describe("the meter's name, or its registers; with sunspec the driver finds the registers itself"),
    invert: z
      .union([z.boolean(), z.literal('power')], { error: 'expected true, false or power' })
      .default(false)
      .describe(
        'true: the meter is wired the other way round (its current transformers are turned), so that power changes its sign, and import and export change places; power: only the power has its sign the other way, and the counters are right',
      ),
  }),
  open({ host, options, remembered }): Session {
    const { port, unit, map, invert } = options
    const modbus = new ModbusTcp({ host, port, unit })
    const figures =
      map === 'sunspec' ? sunSpec(modbus) : byMap(modbus, typeof map === 'string' ? named(map) : map)
    let counters: TwoWayCounters | undefined
    const held = new PowerBeside()
    return {
      async read(signal) {
        const read = await figures(signal)
        const steadyMs = performance.now()
        const { powerW: shownW } = possible({ powerW: read.powerW })
        const isDue = held.isDue(shownW, steadyMs)
        const power = held.read(
          shownW,
          isDue ? await read.beside?.(signal) : undefined,
          read.resolutionW,
          steadyMs,
        )
        const stepJ = read.resolutionWh * JOULES_PER_WH
        counters ??= new TwoWayCounters(
          { energyJ: stepJ, exportedJ: stepJ },
          remembered as KnownCounters | undefined,
        )
        return [reading(turned(read, power, invert), counters, steadyMs, { shownW, ...power })]
      },
      close: () => modbus.close(),
      // gateways take few connections, some of them one
      rest: () => modbus.close(),
      remembers: () => (counters ? counters.known : remembered),
    }
  },
})

const named = (name: string): Partial<NamedMap> => MODBUS_MAPS.find((map) => map.name === name) ?? {}

/** The figures as they are used: where the power is not, its counters are held against what volts and amps make. */
function turned(told: Figures, power: PowerBesideReading, invert: boolean | 'power'): Figures {
  const figures = { ...told, powerW: power.powerW ?? power.madeW }
  const { powerW, energyWh, exportedWh } = figures
  const back = powerW === undefined ? undefined : 0 - powerW
  if (invert === false) return figures
  if (invert === 'power') return { ...figures, powerW: back }
  return { ...figures, powerW: back, energyWh: exportedWh, exportedWh: energyWh }
}

function sunSpec(modbus: ModbusTcp) {
  let found: SunSpecMeter | undefined
  const beside = patient(async (signal) =>
    found ? readSunSpecBeside(modbus, found, signal) : { phases: [] },
  )
  return async (signal: AbortSignal): Promise<Figures> => {
    found ??= await findSunSpecMeter(modbus, signal)
    const { start: _start, float: _float, ...about } = found
    try {
      return { about, beside, ...(await readSunSpecMeter(modbus, found, signal)) }
    } catch (error) {
      // another device may answer at this address next time
      found = undefined
      throw error
    }
  }
}

function reading(
  { about, powerW: usedW, energyWh, exportedWh, resolutionW }: Figures,
  held: TwoWayCounters,
  steadyMs: number,
  { shownW, fault: unused }: { shownW: number | undefined; fault?: string },
): Reading {
  const joules = (wh: number | undefined) => (wh === undefined ? undefined : wh * JOULES_PER_WH)
  const figures = possible({
    powerW: usedW,
    powerStepW: resolutionW,
    energyJ: joules(energyWh),
    // a counter at 0 has never counted: most meters have one, and most sites never export
    exportedJ: joules(exportedWh || undefined),
  })
  const told = held.read(figures, steadyMs)
  const powerW = unused === undefined ? told.powerW : undefined
  const blind =
    figures.powerW === undefined && figures.energyJ === undefined && figures.exportedJ === undefined
  const why = unused === undefined ? [] : [unused]
  const faults =
    blind && shownW === undefined ? ['the meter has no value in its registers'] : [...why, ...told.faults]
  return {
    identity: { kind: 'meter', ...about },
    sample: {
      state: unused || told.contradicts ? 'faulty' : blind ? 'unknown' : 'ok',
      ...(faults.length > 0 && { faults }),
      ...(powerW !== undefined && { powerW, powerBasis: 'metered' }),
    },
    ...(told.counters && { counters: told.counters }),
  }
}
