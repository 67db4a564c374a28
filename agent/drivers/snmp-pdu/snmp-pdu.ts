import { z } from 'zod'
import { NameSchema } from '../../../protocol/device.ts'
import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { PortSchema } from '../../../protocol/kit/fields.ts'
import { JOULES_PER_KWH } from '../../../protocol/units.ts'
import { possible } from '../../counting/meter-ranges.ts'
import { defineDriver, type Session } from '../../plugin/driver.ts'
import type { Reading } from '../../plugin/reading.ts'
import { SNMP_ACCESS } from '../../wire/snmp/access.ts'
import { Snmp } from '../../wire/snmp/snmp.ts'
import { ambiguity, asUnsigned, measured, type SnmpValue, scaledTo } from '../../wire/snmp/values.ts'
import { discoverPdu, type Instance, type PduLayout, type PduPart, SYS_OBJECT_ID } from './layout.ts'
import { PartCounters } from './part-counters.ts'
import { type PartPower, PartPowers } from './part-powers.ts'
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
    scale: z
      .number()
      .positive()
      .default(1)
      .describe(
        `factor from the number to ${unit}; a text that names its unit, such as "3.45 kW", needs none`,
      ),
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
        power: quantity('W')
          .extend({
            signed: z
              .boolean()
              .default(false)
              .describe('true: below 0 it flows out; false: below 0 it is not measured, as most MIBs say'),
            invert: z
              .boolean()
              .default(false)
              .describe('true: its sign is the other way, so that above 0 it flows out; needs signed'),
          })
          .optional()
          .describe('active power'),
        energy: quantity('Wh').optional().describe('energy counter'),
        exported: quantity('Wh').optional().describe('counter of the energy that flowed out'),
      })
      .refine((part) => part.power || part.energy, 'expected power, energy or both')
      .refine(({ power }) => !power?.invert || power.signed, {
        path: ['power', 'invert'],
        error: 'expected signed: true beside it: without a sign no number flows the other way',
      }),
  )
  .min(1)

const columns = PDU_TABLES.flatMap(({ about, newerAbout = {}, parts }) => [
  ...Object.values(about),
  ...Object.values(newerAbout),
  ...parts.flatMap((p) => [
    p.rows,
    ...[p.unit, p.name, p.only, p.power, p.energy, ...Object.values(p.beside ?? {}), p.off, p.status].flatMap(
      (entry) => {
        if (typeof entry === 'string') return [entry]
        if (typeof entry !== 'object') return []
        return 'digits' in entry && entry.digits !== undefined ? [entry.column, entry.digits] : [entry.column]
      },
    ),
  ]),
])

export default defineDriver({
  name: 'snmp-pdu',
  summary:
    'rack PDUs over SNMP with outlets: APC, Raritan, ServerTech, CyberPower, Eaton, Vertiv Geist, Panduit, Enlogic, Gude, Rittal, HPE, Tripp Lite; any by its OIDs',
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
  open({ host, options, remembered }): Session {
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
    const counters = new PartCounters(remembered)
    const powers = new PartPowers()
    let lastUptimeS = 0
    return {
      async read(signal) {
        layout ??= await find(signal)
        const values = await snmp.get([SYS_UP_TIME, ...layout.parts.flatMap(oidsOf)], signal)
        const held = await powers.read(snmp, layout.parts, values, signal)
        const readings = readingsOf(layout, counters, values, held)
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
      remembers: () => counters.known,
    }
  },
})

type GenericPart = z.output<typeof GenericSchema>[number]

const genericPart = ({ part, behind, power, energy, exported }: GenericPart): PduPart => {
  const inJoules = (counter: GenericPart['energy']) =>
    counter && { ...counter, scale: counter.scale * JOULES_PER_WH }
  return defined({ part, behind, power, energy: inJoules(energy), exported: inJoules(exported) })
}

const oidsOf = ({ power, energy, exported, off, status }: PduPart): string[] =>
  [power, energy, exported, off, status].flatMap((entry) => (entry ? [entry.oid] : []))

function readingsOf(
  { about, parts }: PduLayout,
  counters: PartCounters,
  values: ReadonlyMap<string, SnmpValue>,
  powers: ReadonlyMap<PduPart, PartPower>,
): Reading[] {
  const ticks = measured(values.get(SYS_UP_TIME))
  const uptimeS = ticks === undefined ? undefined : ticks / 100
  const steadyMs = performance.now()
  const joulesOf = (counter: Instance | undefined) => {
    return counter && scaledTo(asUnsigned(values.get(counter.oid)), counter.scale, 'Wh', JOULES_PER_WH)
  }
  return parts.map((p): Reading => {
    const status = p.status && values.get(p.status.oid)
    const unmeasured = status !== undefined && status === p.status?.unmeasured
    const held = powers.get(p)
    const unused = unmeasured ? undefined : held?.fault
    const figures = possible(
      unmeasured
        ? {}
        : {
            powerW: held?.powerW ?? held?.madeW,
            powerStepW: held?.stepW,
            energyJ: joulesOf(p.energy),
            exportedJ: joulesOf(p.exported),
          },
    )
    const told = counters.of(p).read(figures, steadyMs)
    const powerW = unused === undefined ? told.powerW : undefined
    const off = p.off !== undefined && values.get(p.off.oid) === p.off.is
    const word = typeof status === 'number' ? p.status?.words[status] : undefined
    const blind = figures.powerW === undefined && figures.energyJ === undefined
    const isEmpty = blind && (unmeasured || held?.shownW === undefined)
    const unread = ambiguities(p, values)
    const faults = [word, unused, ...unread, ...told.faults].filter((fault) => fault !== undefined)
    return {
      ...defined({ part: p.part, behind: p.behind }),
      identity: { kind: 'meter', ...about, ...(p.name && { tags: { name: p.name } }) },
      sample: defined({
        state: unused || told.contradicts ? 'faulty' : blind ? 'unknown' : off ? 'sleeping' : 'ok',
        powerW,
        powerBasis: powerW === undefined ? undefined : 'metered',
        uptimeS,
        faults:
          isEmpty && unread.length === 0
            ? ['the PDU has no value for this part']
            : faults.length > 0
              ? faults
              : undefined,
      } as const) as Reading['sample'],
      ...(told.counters && { counters: told.counters }),
    }
  })
}

const ambiguities = (
  { power, energy, exported }: PduPart,
  values: ReadonlyMap<string, SnmpValue>,
): string[] =>
  Object.entries({ power, 'energy counter': energy, 'counter of export': exported }).flatMap(
    ([name, entry]) => (entry && ambiguity(name, values.get(entry.oid))) ?? [],
  )
