import { indexBelow, type SnmpValue, textOf } from '../../wire/snmp/values.ts'
import type { SnmpReader } from './remembering-reader.ts'
import type { PartTable, PduTable } from './tables/table.ts'

/** A part of a PDU in its maker's table. */
export interface Row {
  table: PartTable
  /** of variables: the device's number and the part's */
  index: string
  /** the product's number, for tables whose columns have a `*` */
  product: string | undefined
  /** of a thing with variables: their indexes by the rest of their name */
  variables?: ReadonlyMap<string, string>
}

/** The number that follows the table's prefix in the sysObjectID: 87 in `...28507.87`. */
export const productOf = (table: PduTable, objectId: SnmpValue | undefined): string | undefined =>
  indexBelow(table.objectIdPrefix, String(objectId))?.split('.')[0]

/** The OID of a column for a row; undefined where the PDU has no such variable, or its product isn't known. */
export function at({ index, product, variables }: Row, column: string): string | undefined {
  if (column.includes('*') && product === undefined) return undefined
  const [placeholder, variable] = /<(.+)>/.exec(column) ?? []
  const found = variable === undefined ? index : variables?.get(variable)
  return found && column.replace(placeholder ?? '#', found).replace('*', product ?? '')
}

/** The rows that a PDU has of one kind of part. */
export async function rowsOf(
  snmp: SnmpReader,
  table: PartTable,
  product: string | undefined,
  signal: AbortSignal,
): Promise<Row[]> {
  if (table.rows.includes('*') && product === undefined) return []
  const found = await snmp.walk(table.rows.replace('*', product ?? ''), signal)
  const { named } = table
  if (!named) return [...found.keys()].map((index) => ({ table, index, product }))
  const names = [...found].flatMap(([index, value]): { device: string; index: string; name: string }[] => {
    const name = textOf(value)
    const [device] = index.split('.')
    return name === undefined || device === undefined ? [] : [{ device, index, name }]
  })
  return names.flatMap(({ device, name }): Row[] => {
    const [, thing, number = '1'] = named.exec(name) ?? []
    if (thing === undefined) return []
    const variables = new Map(
      names
        .filter((other) => other.device === device && other.name.startsWith(`${thing}.`))
        .map((other) => [other.name.slice(thing.length + 1), other.index]),
    )
    return [{ table, index: `${device}.${Number(number)}`, product, variables }]
  })
}
