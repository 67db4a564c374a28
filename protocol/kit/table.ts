import { plain } from './terminal.ts'

/** A number with or without a unit, or `-`; not an address, a version or a word. */
const NUMBER = /^(?:-|[-−]?\d[\d,]*(?:\.\d+)?(?: ?[A-Za-z°%/]+)?)?$/

/** Rows as aligned columns for a terminal, each cell as plain text; columns of numbers are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(plain))
  const width = head.map((_, c) => Math.max(...all.map((r) => (r[c] ?? '').length)))
  const numeric = head.map((_, c) => rows.length > 0 && rows.every((r) => NUMBER.test(r[c] ?? '')))
  const line = (r: readonly string[]) =>
    r
      .map((cell, c) => (numeric[c] ? cell.padStart(width[c] ?? 0) : cell.padEnd(width[c] ?? 0)))
      .join('  ')
      .trimEnd()
  return all.map(line).join('\n')
}
