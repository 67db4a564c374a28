import type { Row } from '../../wire/loose-json/fields.ts'

/**
 * Reads the text that some releases of amd-smi print although `--json` was given. It is either indented lines of names and values,
 * with `GPU: 0` at the head of each record, or the table of `amd-smi monitor`. The result has the shape of amd-smi's JSON, with
 * names in lower case.
 */
export function amdTextRows(text: string): Row[] {
  const table = /^GPU +[A-Z].*$/m.exec(text)
  return table ? tableRows(text.slice(table.index)) : indentedRows(text)
}

function tableRows(text: string): Row[] {
  const [head = '', ...lines] = text.split('\n')
  const names = head.trim().toLowerCase().split(/\s+/)
  return lines.flatMap((line) => {
    const cells = line.trim().split(/\s{2,}/)
    // notes stand between the rows of some versions: a line with other columns is skipped
    if (cells.length !== names.length || !/^\d+$/.test(cells[0] ?? '')) return []
    return [Object.fromEntries(names.map((name, i) => [name, cells[i]]))]
  })
}

function indentedRows(text: string): Row[] {
  const rows: Row[] = []
  /** the rows that are open, by the indentation of their heads */
  let open: { indent: number; row: Row }[] = []
  for (const line of text.split('\n')) {
    const [, spaces = '', name, value = ''] = /^( *)([A-Z][A-Z0-9_ ]*):(?: +(.*))?$/.exec(line) ?? []
    if (name === undefined) continue
    const indent = spaces.length
    open = open.filter((o) => o.indent < indent)
    const into = open.at(-1)?.row ?? newRow(rows)
    const key = name.toLowerCase()
    const section: Row = {}
    put(into, key, value.trim() === '' ? section : value.trim())
    // the head `GPU: 0` has a value, and yet the lines below belong to it
    if (indent === 0) open = [{ indent, row: into }]
    else if (value.trim() === '') open.push({ indent, row: section })
  }
  return rows
}

function newRow(rows: Row[]): Row {
  const row: Row = {}
  rows.push(row)
  return row
}

/** A repeated name becomes a list: PROCESS_INFO stands once for each process. */
function put(row: Row, key: string, value: unknown): void {
  const before = Object.hasOwn(row, key) ? row[key] : undefined
  row[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
}
