import { defined } from '../../../protocol/kit/defined.ts'
import { indexBelow, measured, type SnmpValue, textOf } from '../../wire/snmp/values.ts'
import type { SnmpReader } from './remembering-reader.ts'
import { at, productOf, type Row, rowsOf } from './rows.ts'
import { PDU_TABLES } from './tables/index.ts'
import type { PartKind, PduAbout, PduTable, Quantity } from './tables/table.ts'

export const SYS_OBJECT_ID = '1.3.6.1.2.1.1.2.0'

/** One number of the PDU's SNMP agent. */
export interface Instance {
  oid: string
  /** factor to W, J, V or A */
  scale: number
}

/** An inlet, a phase or an outlet, and the OIDs of its numbers. */
export interface PduPart {
  /** absent: the device itself */
  part?: string | undefined
  /** the part that feeds it */
  behind?: string | undefined
  name?: string | undefined
  /** signed: below 0 it flows out; else a negative number is "not measured"; invert: above 0 it flows out */
  power?: (Instance & { signed?: boolean; invert?: boolean }) | undefined
  energy?: Instance | undefined
  exported?: Instance | undefined
  /** what the power is held against */
  beside?: { volts: Instance; amps: Instance; powerFactor?: Instance | undefined } | undefined
  off?: { oid: string; is: number | string } | undefined
  status?: { oid: string; words: Readonly<Record<number, string>>; unmeasured?: number } | undefined
}

/** A PDU's identity and its parts. */
export interface PduLayout {
  about: { model?: string; firmware?: string; hardwareId?: string }
  parts: PduPart[]
}

/** A PDU's own electronics draw less than this. If an inlet draws more while all outlets show 0, the outlets aren't measured. */
const ELECTRONICS_W = 30

const NEWEST_FIRST = [...PDU_TABLES].sort((a, b) => (b.generation ?? 1) - (a.generation ?? 1))

/**
 * Finds out which of the known tables a PDU fills, and with which rows. Behind the inlet each watt counts once: in the outlets or,
 * where those are not measured, in the phases.
 * @returns undefined where the PDU fills no known table
 */
export async function discoverPdu(
  snmp: SnmpReader,
  vendor: string | undefined,
  signal: AbortSignal,
): Promise<PduLayout | undefined> {
  const objectId = (await snmp.get([SYS_OBJECT_ID], signal)).get(SYS_OBJECT_ID)
  const byVendor = NEWEST_FIRST.filter((t) => t.vendor === vendor)
  const byObjectId = NEWEST_FIRST.filter((t) => indexBelow(t.objectIdPrefix, `${objectId}.`) !== undefined)
  const candidates = vendor ? byVendor : byObjectId.length > 0 ? byObjectId : NEWEST_FIRST
  for (const table of candidates) {
    const layout = await layoutOf(snmp, table, productOf(table, objectId), signal)
    if (layout.parts.length > 0) return layout
  }
  return undefined
}

async function layoutOf(
  snmp: SnmpReader,
  table: PduTable,
  product: string | undefined,
  signal: AbortSignal,
): Promise<PduLayout> {
  const rows: Row[] = []
  for (const part of table.parts)
    if (!part.ifNone || rows.every((row) => row.table.part !== part.part))
      rows.push(...(await rowsOf(snmp, part, product, signal)))
  if (rows.length === 0) return { about: {}, parts: [] }
  const abouts = [table.newerAbout, table.about].flatMap((about) => (about ? [filled(about, product)] : []))
  const values = await snmp.get(
    [...abouts.flatMap((about) => Object.values(about)), ...rows.flatMap(columnsOf)],
    signal,
  )
  const [newest = {}] = abouts
  const about = VERSION.test(textOf(values.get(newest['firmware'] ?? '')) ?? '')
    ? newest
    : (abouts.at(-1) ?? {})
  const measuredRows = finestOf(
    rows.filter((row) => isMeasured(row, values)),
    values,
  )
  const inlets = measuredRows.filter((r) => r.table.part === 'inlet')
  return {
    about: defined(
      Object.fromEntries(Object.entries(about).map(([what, oid]) => [what, textOf(values.get(oid))])),
    ),
    parts: measuredRows.map((row) => partOf(row, inlets, values)),
  }
}

/** A version number, such as 1.0.16 or v7.1.2. */
const VERSION = /^v?\d+(\.\d+)+/i

const filled = (about: PduAbout, product: string | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(about).map(([what, oid]) => [what, oid.replace('*', product ?? '')]))

/** OIDs to read once for each row before the first poll: which columns it has, its name and its decimal digits. */
const columnsOf = (row: Row): string[] => {
  const { table } = row
  return [
    table.name,
    table.only?.column,
    typeof table.unit === 'string' ? table.unit : undefined,
    ...[table.power, table.energy, ...Object.values(table.beside ?? {})].flatMap((q) => [
      q?.column,
      q?.digits,
      q?.factor,
    ]),
    table.off?.column,
    table.status?.column,
  ].flatMap((column) => (column === undefined ? [] : (at(row, column) ?? [])))
}

type Values = ReadonlyMap<string, SnmpValue>

const valueAt = (row: Row, column: string | undefined, values: Values): SnmpValue | undefined => {
  const oid = column === undefined ? undefined : at(row, column)
  return oid === undefined ? undefined : values.get(oid)
}

function isMeasured(row: Row, values: Values): boolean {
  const { only, power, energy } = row.table
  if (only && valueAt(row, only.column, values) !== only.is) return false
  return [power, energy].some((q) => measured(valueAt(row, q?.column, values)) !== undefined)
}

/** The inlets, and the finest measured parts behind them: outlets, or else phases. */
function finestOf(rows: readonly Row[], values: Values): Row[] {
  const of = (part: PartKind) => rows.filter((r) => r.table.part === part)
  const sum = (some: readonly Row[], what: 'power' | 'energy') =>
    some.reduce((total, row) => {
      const quantity = row.table[what]
      return total + (measured(valueAt(row, quantity?.column, values)) ?? 0) * (quantity?.scale ?? 0)
    }, 0)
  const [inlets, phases, outlets] = [of('inlet'), of('phase'), of('outlet')]
  const drawn = Math.max(sum(inlets, 'power'), sum(phases, 'power'))
  // CyberPower PDU44005, firmware 1.3.2, writes zeros for outlets that it can switch but not measure
  const zeros = sum(outlets, 'power') === 0 && sum(outlets, 'energy') === 0 && drawn > ELECTRONICS_W
  return [...inlets, ...(outlets.length === 0 || zeros ? phases : outlets)]
}

function partOf(row: Row, inlets: readonly Row[], values: Values): PduPart {
  const { table } = row
  const instance = (quantity: Quantity | undefined): Instance | undefined => {
    if (!quantity) return undefined
    const oid = at(row, quantity.column)
    if (oid === undefined || values.get(oid) === undefined) return undefined
    const digits = measured(valueAt(row, quantity.digits, values)) ?? 0
    return { oid, scale: (quantity.scale * factorOf(valueAt(row, quantity.factor, values))) / 10 ** digits }
  }
  const withOid = <T extends { column: string }>(entry: T | undefined) => {
    const oid = entry && at(row, entry.column)
    return entry && oid !== undefined && values.get(oid) !== undefined ? { ...entry, oid } : undefined
  }
  const off = withOid(table.off)
  const exact = (quantity: Quantity | undefined) => {
    const isScaled =
      quantity?.digits === undefined || measured(valueAt(row, quantity.digits, values)) !== undefined
    return isScaled ? instance(quantity) : undefined
  }
  const [volts, amps] = [exact(table.beside?.volts), exact(table.beside?.amps)]
  const ofUnit =
    inlets.length === 1 ? inlets : inlets.filter((i) => unitOf(i, values) === unitOf(row, values))
  const before = table.part === 'inlet' ? [] : ofUnit
  const [only] = before
  return defined({
    part: partName(row),
    // with several inlets the PDU doesn't say which one feeds an outlet
    behind: before.length === 1 && only ? partName(only) : undefined,
    name: textOf(valueAt(row, table.name, values)),
    power: instance(table.power),
    energy: instance(table.energy),
    beside: volts && amps && { volts, amps, powerFactor: exact(table.beside?.powerFactor) },
    off: off && { oid: off.oid, is: off.is },
    status: withOid(table.status),
  })
}

/** @param factor above 0 it multiplies, below 0 it divides; 0 and none leave the number as it is */
function factorOf(factor: SnmpValue | undefined): number {
  if (typeof factor !== 'number' || factor === 0) return 1
  return factor > 0 ? factor : -1 / factor
}

function unitOf(row: Row, values: Values): string {
  const { unit } = row.table
  if (typeof unit === 'string') return String(valueAt(row, unit, values) ?? '')
  return row.index.split('.').slice(0, unit).join('.')
}

/** `inlet`, `outlet7`; in the second PDU of a chain `inlet2.1`, `outlet2.7`. Leading ones of an index are left out. */
function partName({ table, index }: Row): string {
  const numbers = index.split('.')
  if (table.firstUnit === 0) numbers[0] = String(Number(numbers[0]) + 1)
  const first = numbers.findIndex((n) => n !== '1')
  const rest = first < 0 ? numbers.slice(-1) : numbers.slice(first)
  const number = rest.join('.')
  return table.part === 'inlet' && (number === '1' || number === '0') ? 'inlet' : `${table.part}${number}`
}
