import { apportion } from './units.ts'

/** What a newer agent says about a record and this version has no name for: it is kept beside the record, and is in no sum. */
export type Extra = Readonly<Record<string, number | string | boolean>>

/** Of one message; what is beyond these bounds is left out. */
const MOST_COLUMNS = 16
const NAME = /^[a-z][A-Za-z0-9]{0,63}$/
const MOST_CHARS = 128

type Cell = Extra[string] | null

const isCell = (value: unknown): value is Cell =>
  value === null ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value)) ||
  (typeof value === 'string' && value.length <= MOST_CHARS)

/**
 * The columns of a message that this version has no name for.
 * @param known names of the message's own fields
 * @param records how many values a column has
 */
export function unknownColumns(
  message: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  records: number,
): [name: string, cells: readonly Cell[]][] {
  const found: [string, readonly Cell[]][] = []
  for (const [name, cells] of Object.entries(message)) {
    if (known.has(name) || !NAME.test(name) || !Array.isArray(cells)) continue
    if (found.length < MOST_COLUMNS && cells.length === records && cells.every(isCell))
      found.push([name, cells])
  }
  return found
}

const isSum = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** What belongs to the two parts of a record that is cut: whole numbers are sums over its time, all else holds for both. */
export function splitExtra(extra: Extra, lengths: readonly [number, number]): [Extra, Extra] {
  const parts: [Record<string, Extra[string]>, Record<string, Extra[string]>] = [{}, {}]
  for (const [name, value] of Object.entries(extra)) {
    const [first = value, second = value] = isSum(value) ? apportion(value, lengths) : []
    parts[0][name] = first
    parts[1][name] = second
  }
  return parts
}

/** What is left of a record's once the stored ones have their part of it. */
export function restOfExtra(extra: Extra, stored: readonly (Extra | undefined)[]): Extra {
  const rest: Record<string, Extra[string]> = {}
  for (const [name, value] of Object.entries(extra)) {
    const had = stored.map((other) => other?.[name]).filter(isSum)
    rest[name] = isSum(value) ? had.reduce((left, part) => Math.max(0, left - part), value) : value
  }
  return rest
}
