import { createMib, MaxAccess, MibProviderType, ObjectType } from 'net-snmp'

/** What one inlet or outlet shows. */
export interface ShownPart {
  /** of the machine behind an outlet; of the inlet: the PDU's own */
  name: string
  readonly powerW: number
  /** its counter, Wh */
  readonly countedWh: number
}

/** A number or text of the SNMP agent; a function where it changes. */
interface Cell {
  type: ObjectType
  value: number | string | (() => number | string)
}

/** A row of a table, or a scalar. */
export interface PduRow {
  /** a table's entry; a scalar without its `.0` */
  oid: string
  /** absent: a scalar */
  index?: readonly number[]
  /** by column; a scalar's is 0 */
  cells: Readonly<Record<number, Cell>>
}

/** How one family of rack PDUs keeps its figures. */
export interface PduFace {
  /** maker and family, for people */
  name: string
  sysObjectId: string
  /** true: it shows no outlets */
  inletOnly?: true
  rows(inlet: ShownPart, outlets: readonly ShownPart[]): PduRow[]
}

type Numeric = number | (() => number)
const whole = (value: Numeric): Cell['value'] =>
  typeof value === 'number' ? value : () => Math.floor(value())

export const int = (value: Numeric): Cell => ({ type: ObjectType.Integer, value: whole(value) })
export const gauge = (value: Numeric): Cell => ({ type: ObjectType.Gauge, value: whole(value) })
export const str = (value: string | (() => string)): Cell => ({ type: ObjectType.OctetString, value })
export const row = (oid: string, index: readonly number[], cells: PduRow['cells']): PduRow => ({
  oid,
  index,
  cells,
})
export const scalar = (oid: string, cell: Cell): PduRow => ({ oid, cells: { 0: cell } })

/** The part of net-snmp's MIB that is used here, because its type definitions lack it. */
interface Mib {
  registerProvider(provider: object): void
  addTableRow(table: string, row: (number | string)[]): void
  setTableSingleCell(table: string, column: number, row: number[], value: number | string): void
  setScalarValue(scalar: string, value: number | string): void
  providers: object
  providersByOid: Record<string, object>
}

const readOnly = MaxAccess['read-only']
const now = ({ value }: Cell) => (typeof value === 'function' ? value() : value)

/** The MIB of an emulated PDU. */
export class PduMib {
  readonly mib = emptyMib()
  readonly #rows: readonly PduRow[]

  constructor(face: PduFace, inlet: ShownPart, outlets: readonly ShownPart[]) {
    const system = [
      scalar('1.3.6.1.2.1.1.2', { type: ObjectType.OID, value: face.sysObjectId }),
      scalar('1.3.6.1.2.1.1.3', { type: ObjectType.TimeTicks, value: 0 }),
    ]
    this.#rows = face.rows(inlet, outlets)
    const byOid = new Map<string, PduRow[]>()
    for (const one of [...system, ...this.#rows]) byOid.set(one.oid, [...(byOid.get(one.oid) ?? []), one])
    for (const [oid, rows] of byOid) this.#register(oid, rows)
  }

  /** Writes the values as they are now. @param upS since the PDU was switched on */
  show(upS: number): void {
    this.mib.setScalarValue('1.3.6.1.2.1.1.3', Math.round(upS * 100))
    for (const { oid, index, cells } of this.#rows)
      for (const [column, cell] of Object.entries(cells)) {
        if (typeof cell.value !== 'function') continue
        if (index) this.mib.setTableSingleCell(oid, Number(column), [...index], now(cell))
        else this.mib.setScalarValue(oid, now(cell))
      }
  }

  #register(oid: string, rows: readonly PduRow[]): void {
    const [first] = rows
    const only = first?.cells[0]
    if (!first?.index) {
      const scalarType = only?.type
      this.mib.registerProvider({
        name: oid,
        type: MibProviderType.Scalar,
        oid,
        scalarType,
        maxAccess: readOnly,
      })
      if (only) this.mib.setScalarValue(oid, now(only))
      return
    }
    this.#registerTable(oid, first.index.length, first.cells)
    for (const { index = [], cells } of rows)
      this.mib.addTableRow(oid, [...index, ...Object.values(cells).map(now)])
  }

  /** @param indexed how many numbers its index has; they are no columns of the table */
  #registerTable(oid: string, indexed: number, cells: PduRow['cells']): void {
    const indices = Array.from({ length: indexed }, (_, i) => 101 + i)
    this.mib.registerProvider({
      name: oid,
      type: MibProviderType.Table,
      oid,
      maxAccess: MaxAccess['not-accessible'],
      tableColumns: [
        ...indices.map((number) => ({
          number,
          name: `index${number}`,
          type: ObjectType.Integer,
          maxAccess: MaxAccess['not-accessible'],
        })),
        ...Object.entries(cells).map(([number, { type }]) => ({
          number: Number(number),
          name: `column${number}`,
          type,
          maxAccess: readOnly,
        })),
      ],
      tableIndex: indices.map((columnNumber) => ({ columnName: `index${columnNumber}` })),
    })
  }
}

/** net-snmp keeps its providers in a Proxy whose set trap returns nothing, which is an error in strict mode, so in the built ES module. */
function emptyMib(): Mib {
  const mib = createMib() as Mib
  const byOid: Mib['providersByOid'] = {}
  mib.providersByOid = byOid
  mib.providers = new Proxy<Record<string | symbol, { oid: string }>>(
    {},
    {
      set(target, name, provider: { oid: string }) {
        target[name] = provider
        byOid[provider.oid] = provider
        return true
      },
    },
  )
  return mib
}
