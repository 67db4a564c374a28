import type { ComponentChildren } from 'preact'

/** A column of a table of rows `R`. */
export interface Column<R> {
  name: string
  /** right-aligned, so that digits line up */
  number?: boolean
  /** begins a new group of columns */
  apart?: boolean
  cell: (row: R) => ComponentChildren
}

/** A table. On a narrow screen each row is a card, where each figure has its column's name. */
export function Table<R>(props: {
  label: string
  columns: readonly Column<R>[]
  rows: readonly R[]
  keyOf: (row: R) => string
  classOf?: (row: R) => string
}) {
  const { label, columns, rows, keyOf, classOf } = props
  const [first, ...others] = columns
  if (!first) return null
  const look = (c: Column<R>) => `${c.number ? 'number' : ''} ${c.apart ? 'apart' : ''}`
  return (
    <table aria-label={label}>
      <thead>
        <tr>
          {columns.map((c) => (
            <th key={c.name} scope="col" class={look(c)}>
              {c.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} class={classOf?.(row) ?? ''}>
            <th scope="row">{first.cell(row)}</th>
            {others.map((c) => (
              <td key={c.name} class={look(c)} data-column={c.name}>
                {c.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
