type Cell = string | number | boolean | undefined

const cell = (value: Cell): string =>
  typeof value === 'string' && /[",\r\n]/.test(value)
    ? `"${value.replaceAll('"', '""')}"`
    : String(value ?? '')

/** A line of CSV with its line break (RFC 4180). An unknown value is an empty cell. */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(cell).join(',')}\r\n`
