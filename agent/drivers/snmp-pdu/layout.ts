import { defined } from '../../../protocol/kit/defined.ts'
import { indexBelow, measured, type SnmpValue, textOf } from '../../wire/snmp/values.ts'
import type { SnmpReader } from './remembering-reader.ts'
import { PDU_TABLES } from './tables/index.ts'
import type { PartKind, PartTable, PduTable, Quantity } from './tables/table.ts'

export const SYS_OBJECT_ID = '1.3.6.1.2.1.1.2.0'

/** One number of the PDU's SNMP agent. */
export interface Instance {
  oid: string
  /** factor to W or J */
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
  off?: { oid: string; is: number } | undefined
  status?: { oid: string; words: Readonly<Record<number, string>>; unmeasured?: number } | undefined
}

/** A PDU's identity and its parts. */
export interface PduLayout {
  about: { model?: string; firmware?: string; hardwareId?: string }
  parts: PduPart[]
}

interface Row {
  table: PartTable
  index: string
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
    const layout = await layoutOf(snmp, table, signal)
    if (layout.parts.length > 0) return layout
  }
  return undefined
}

async function layoutOf(snmp: SnmpReader, table: PduTable, signal: AbortSignal): Promise<PduLayout> {
  const rows: Row[] = []
  for (const part of table.parts)
    for (const index of (await snmp.walk(part.rows, signal)).keys()) rows.push({ table: part, index })
  if (rows.length === 0) return { about: {}, parts: [] }
  const { model, firmware, hardwareId } = table.about
  const values = await snmp.get([model, firmware, hardwareId, ...rows.flatMap(columnsOf)], signal)
  const measuredRows = finestOf(
    rows.filter((row) => isMeasured(row, values)),
    values,
  )
  const inlets = measuredRows.filter((r) => r.table.part === 'inlet')
  return {
    about: defined({
      model: textOf(values.get(model)),
      firmware: textOf(values.get(firmware)),
      hardwareId: textOf(values.get(hardwareId)),
    }),
    parts: measuredRows.map((row) => partOf(row, inlets, values)),
  }
}

/** OIDs to read once for each row before the first poll: which columns it has, its name and its decimal digits. */
const columnsOf = ({ table, index }: Row): string[] =>
  [
    table.name,
    table.only?.column,
    typeof table.unit === 'string' ? table.unit : undefined,
    table.power.column,
    table.power.digits,
    table.energy?.column,
    table.energy?.digits,
    table.off?.column,
    table.status?.column,
  ].flatMap((column) => (column === undefined ? [] : [at(column, index)]))

const at = (column: string, index: string): string => column.replace('#', index)

function isMeasured({ table, index }: Row, values: ReadonlyMap<string, SnmpValue>): boolean {
  const { only, power, energy } = table
  if (only && values.get(at(only.column, index)) !== only.is) return false
  return [power, energy].some((q) => q && measured(values.get(at(q.column, index))) !== undefined)
}

/** The inlets, and the finest measured parts behind them: outlets, or else phases. */
function finestOf(rows: readonly Row[], values: ReadonlyMap<string, SnmpValue>): Row[] {
  const of = (part: PartKind) => rows.filter((r) => r.table.part === part)
  const sum = (some: readonly Row[], what: 'power' | 'energy') =>
    some.reduce((total, { table, index }) => {
      const quantity = table[what]
      return total + (quantity ? (measured(values.get(at(quantity.column, index))) ?? 0) * quantity.scale : 0)
    }, 0)
  const [inlets, phases, outlets] = [of('inlet'), of('phase'), of('outlet')]
  const drawn = Math.max(sum(inlets, 'power'), sum(phases, 'power'))
  // CyberPower PDU44005, firmware 1.3.2, writes zeros for outlets that it can switch but not measure
  const zeros = sum(outlets, 'power') === 0 && sum(outlets, 'energy') === 0 && drawn > ELECTRONICS_W
  return [...inlets, ...(outlets.length === 0 || zeros ? phases : outlets)]
}

function partOf(row: Row, inlets: readonly Row[], values: ReadonlyMap<string, SnmpValue>): PduPart {
  const { table, index } = row
  const has = <T extends { column: string }>(entry: T | undefined) =>
    entry && values.get(at(entry.column, index)) !== undefined ? entry : undefined
  const instance = (quantity: Quantity | undefined): Instance | undefined => {
    if (!quantity || !has(quantity)) return undefined
    const digits = quantity.digits === undefined ? 0 : (measured(values.get(at(quantity.digits, index))) ?? 0)
    return { oid: at(quantity.column, index), scale: quantity.scale / 10 ** digits }
  }
  const off = has(table.off)
  const status = has(table.status)
  const ofUnit =
    inlets.length === 1 ? inlets : inlets.filter((i) => unitOf(i, values) === unitOf(row, values))
  const before = table.part === 'inlet' ? [] : ofUnit
  const [only] = before
  return defined({
    part: partName(row),
    // with several inlets the PDU doesn't say which one feeds an outlet
    behind: before.length === 1 && only ? partName(only) : undefined,
    name: table.name === undefined ? undefined : textOf(values.get(at(table.name, index))),
    power: instance(table.power),
    energy: instance(table.energy),
    off: off && { oid: at(off.column, index), is: off.is },
    status: status && { ...status, oid: at(status.column, index) },
  })
}

function unitOf({ table, index }: Row, values: ReadonlyMap<string, SnmpValue>): string {
  const { unit } = table
  if (typeof unit === 'string') return String(values.get(at(unit, index)) ?? '')
  return index.split('.').slice(0, unit).join('.')
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
