/**
 * Readers of single fields in replies of firmware, which sends numbers as text, units inside values, and placeholders for
 * what it does not know.
 */

/** An object of a reply: names as the firmware spells them, values unchecked. */
export type Row = Record<string, unknown>

export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object in a field, or an empty one: a lookup in it finds nothing. */
export const rowOf = (value: unknown): Row => (isRow(value) ? value : {})

/** The value at a path of nested objects; undefined where the path ends early. */
export const valueAt = (value: unknown, ...path: string[]): unknown =>
  path.reduce((inner: unknown, name) => rowOf(inner)[name], value)

/** The objects of a section, whether the firmware sends a list or a single object. */
export function rowsOf(body: Row | undefined, section: string): Row[] {
  const value = body?.[section]
  return (Array.isArray(value) ? value : [value]).filter(isRow)
}

/** No counter of a miner comes near it; a larger number would overflow when its unit is converted. */
const TOO_LARGE = 1e24

/** All bits of a field set, or all but its sign: firmware's number for none. */
const NO_VALUE = new Set([2 ** 31 - 1, 2 ** 32 - 1, 2 ** 63, 2 ** 64])

/** A number, also from text such as `37603.30` and `3250 W`; undefined for `nan`, an empty text, a list. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'number' ? value : typeof value === 'string' ? numberIn(value) : undefined
  return number !== undefined && Math.abs(number) < TOO_LARGE && !NO_VALUE.has(number) ? number : undefined
}

const NUMBER_WITH_UNIT = /^\s*([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*[A-Za-z/%]*\s*$/i
function numberIn(text: string): number | undefined {
  const digits = NUMBER_WITH_UNIT.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The first of the named fields that is a number >= 0; much firmware sends -1 for "unknown". */
export const nonNegativeOf = (row: Row | undefined, ...names: string[]): number | undefined =>
  names.map((name) => numberOf(row?.[name])).find((n) => n !== undefined && n >= 0)

/** The first of the named fields that is a number > 0, for fields where 0 means "unknown", such as a nominal hashrate. */
export const positiveOf = (row: Row | undefined, ...names: string[]): number | undefined =>
  names.map((name) => numberOf(row?.[name])).find((n) => n !== undefined && n > 0)

/** The first of the named fields with visible text, or a number as text; white space becomes single spaces. */
export function textOf(row: Row | undefined, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = row?.[name]
    const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : ''
    // Whatsminer puts quotes around its firmware version: "'20210322.22.REL'"
    const clean = text
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/^'(.*)'$/, '$1')
    if (clean) return clean
  }
  return undefined
}

/** `true`, `Y` and `1`, as text, number or boolean. */
export const isTrue = (value: unknown): boolean => /^(true|y|1)$/i.test(String(value))

/** The numbers of `73-45-64-65`, `[73, 45]`, `63  66 ` or one number, without what is none. Where places mean something: `listOf`. */
export const numbersOf = (value: unknown): number[] => listOf(value).filter((n) => n !== undefined)

/** The same, each at its place: what is no number there, such as `--`, is undefined and moves no other. */
export function listOf(value: unknown): (number | undefined)[] {
  const parts: unknown[] =
    typeof value === 'string' ? value.trim().split(/(?<=\d)-|\s+/) : Array.isArray(value) ? value : [value]
  return parts.map(numberOf)
}

/** A MAC address as `02:AB:...` from any usual notation; undefined for all zeros and for any other text. */
export function macOf(value: unknown): string | undefined {
  const hex = typeof value === 'string' ? value.replace(/[:.-]/g, '').toUpperCase() : ''
  if (!/^[0-9A-F]{12}$/.test(hex) || /^0+$/.test(hex)) return undefined
  return hex.match(/../g)?.join(':')
}
