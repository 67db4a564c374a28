import type { Row } from '../../wire/loose-json/fields.ts'

/**
 * The records of the text that amd-smi prints where a release ignores `--json`: names and values in indented lines,
 * `GPU: 0` at the head of each record, or the table of `amd-smi monitor`. As its JSON has them, with names in lower case.
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
    // a line of another kind ends the table
    if (cells.length !== names.length || !/^\d+$/.test(cells[0] ?? '')) return []
    return [Object.fromEntries(names.map((name, i) => [name, cells[i]]))]
  })
}

function indentedRows(text: string): Row[] {
  const rows: Row[] = []
  /** where the lines of each depth go */
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
    // `GPU: 0` has a value, and its lines stand below it
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

/** A name that comes again is a list: PROCESS_INFO, once for each process. */
function put(row: Row, key: string, value: unknown): void {
  const before = Object.hasOwn(row, key) ? row[key] : undefined
  row[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
}
