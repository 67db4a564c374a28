import { z } from 'zod'
import { NameSchema } from '../../../protocol/device.ts'
import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { PortSchema } from '../../../protocol/kit/fields.ts'
import { JOULES_PER_KWH } from '../../../protocol/units.ts'
import { CoarseCounter } from '../../counting/coarse-counter.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Reading } from '../../plugin/reading.ts'
import { SNMP_ACCESS } from '../../wire/snmp/access.ts'
import { Snmp } from '../../wire/snmp/snmp.ts'
import { measured, type SnmpValue } from '../../wire/snmp/values.ts'
import { discoverPdu, type Instance, type PduLayout, type PduPart, SYS_OBJECT_ID } from './layout.ts'
import { remembering } from './remembering-reader.ts'
import { PDU_TABLES } from './tables/index.ts'

const JOULES_PER_WH = JOULES_PER_KWH / 1000
/** hundredths of a second since the SNMP agent started */
const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0'
const VENDORS = [...new Set(PDU_TABLES.map(({ vendor }) => vendor))]

const quantity = (unit: string) =>
  z.strictObject({
    oid: z
      .string()
      .regex(/^\.?\d+(\.\d+)+$/, 'expected an OID such as 1.3.6.1.4.1.318.1.1.12.1.16.0')
      .transform((oid) => oid.replace(/^\./, ''))
      .describe('OID of the number, with its index: 1.3.6.1...'),
    scale: z.number().positive().default(1).describe(`factor from the number to ${unit}`),
  })
const GenericSchema = z
  .array(
    z
      .strictObject({
        part: NameSchema.optional().describe(
          'name of the part, such as inlet or outlet7; absent: the device itself',
        ),
        behind: NameSchema.optional().describe(
          'the part that feeds this one; its energy includes the energy of this one',
        ),
        power: quantity('W').optional().describe('active power'),
        energy: quantity('Wh').optional().describe('energy counter'),
      })
      .refine((part) => part.power || part.energy, 'expected power, energy or both'),
  )
  .min(1)

const columns = PDU_TABLES.flatMap(({ about, parts }) => [
  ...Object.values(about),
  ...parts.flatMap((p) => [
    p.rows,
    ...[p.unit, p.name, p.only, p.power, p.energy, p.off, p.status].flatMap((entry) => {
      if (typeof entry === 'string') return [entry]
      if (typeof entry !== 'object') return []
      return 'digits' in entry && entry.digits !== undefined ? [entry.column, entry.digits] : [entry.column]
    }),
  ]),
])

export default defineDriver({
  name: 'snmp-pdu',
  summary: 'rack PDUs over SNMP: APC, Raritan, ServerTech, CyberPower, or any by its OIDs; inlet and outlets',
  kind: 'meter',
  needsHost: true,
  // "#" is the index of an inlet or outlet; OIDs from the configuration are read by the same command
  requests: [...new Set([SYS_OBJECT_ID, SYS_UP_TIME, ...columns])].map((oid) => `snmp get ${oid}`),
  settings: z.strictObject({
    port: PortSchema.default(161).describe('UDP port'),
    ...SNMP_ACCESS,
    vendor: z
      .enum(['auto', ...VENDORS])
      .default('auto')
      .describe('maker of the PDU; auto recognises it by its sysObjectID'),
    oids: GenericSchema.optional().describe(
      'for any other PDU or meter: its parts, each with the OIDs of its numbers',
    ),
  }),
  open({ host, options }): Session {
    const { port, vendor, oids, ...access } = options
    const snmp = new Snmp({ host, port }, access)
    const find = async (signal: AbortSignal): Promise<PduLayout> => {
      if (oids) return { about: {}, parts: oids.map(genericPart) }
      const layout = await discoverPdu(reader, vendor === 'auto' ? undefined : vendor, signal)
      if (layout) return layout
      reader = remembering(snmp)
      throw new PerwattError(
        'not-a-pdu',
        `${host}:${port} has no power in the tables of ${vendor === 'auto' ? VENDORS.join(', ') : vendor}; set vendor, or name its parts in oids`,
      )
    }
    let reader = remembering(snmp)
    let layout: PduLayout | undefined
    const counters = new Map<string, CoarseCounter>()
    let lastUptimeS = 0
    return {
      async read(signal) {
        layout ??= await find(signal)
        const values = await snmp.get([SYS_UP_TIME, ...layout.parts.flatMap(oidsOf)], signal)
        const readings = readingsOf(layout, counters, values)
        const uptimeS = readings[0]?.sample.uptimeS ?? 0
        // after a reboot outlets may have been added or renamed, or another PDU may answer here
        if (uptimeS < lastUptimeS) {
          layout = undefined
          reader = remembering(snmp)
        }
        lastUptimeS = uptimeS
        return readings
      },
      close: () => snmp.close(),
    }
  },
})

type GenericPart = z.output<typeof GenericSchema>[number]

const genericPart = ({ part, behind, power, energy }: GenericPart): PduPart =>
  defined({ part, behind, power, energy: energy && { ...energy, scale: energy.scale * JOULES_PER_WH } })

const oidsOf = ({ power, energy, off, status }: PduPart): string[] =>
  [power, energy, off, status].flatMap((entry) => (entry ? [entry.oid] : []))

function readingsOf(
  { about, parts }: PduLayout,
  counters: Map<string, CoarseCounter>,
  values: ReadonlyMap<string, SnmpValue>,
): Reading[] {
  const ticks = measured(values.get(SYS_UP_TIME))
  const uptimeS = ticks === undefined ? undefined : ticks / 100
  const scaled = (instance: Instance | undefined) => {
    const value = instance && measured(values.get(instance.oid))
    return value === undefined || !instance ? undefined : value * instance.scale
  }
  return parts.map((p): Reading => {
    const status = p.status && values.get(p.status.oid)
    const unmeasured = status !== undefined && status === p.status?.unmeasured
    const powerW = unmeasured ? undefined : scaled(p.power)
    const counted = unmeasured ? undefined : scaled(p.energy)
    const energyJ = counterOf(p, counters).read(counted)
    const off = p.off !== undefined && values.get(p.off.oid) === p.off.is
    const word = typeof status === 'number' ? p.status?.words[status] : undefined
    const blind = powerW === undefined && counted === undefined
    return {
      ...defined({ part: p.part, behind: p.behind }),
      identity: { kind: 'meter', ...about, ...(p.name && { tags: { name: p.name } }) },
      sample: defined({
        state: blind ? 'unknown' : off ? 'sleeping' : 'ok',
        powerW,
        powerBasis: powerW === undefined ? undefined : 'metered',
        uptimeS,
        faults: blind ? ['the PDU has no value for this part'] : word === undefined ? undefined : [word],
      } as const) as Reading['sample'],
      ...(energyJ !== undefined && { counters: { energyJ } }),
    }
  })
}

/** A part keeps its counter over a reboot of the PDU, unless its unit has changed. */
function counterOf({ part, energy }: PduPart, counters: Map<string, CoarseCounter>): CoarseCounter {
  const resolutionJ = energy?.scale ?? 0
  const key = `${part} ${resolutionJ}`
  const counter = counters.get(key) ?? new CoarseCounter(resolutionJ)
  counters.set(key, counter)
  return counter
}
