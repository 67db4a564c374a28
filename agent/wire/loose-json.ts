import type { Row } from './cgminer-text.ts'

/** Readers of single fields: firmware gives numbers as texts, units inside values, and nonsense for what it doesn't know. */

export const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The records of a section, whether the firmware sends a list or one record. */
export function rowsOf(body: Row | undefined, section: string): Row[] {
  const value = body?.[section]
  return (Array.isArray(value) ? value : [value]).filter(isRow)
}

/** No counter of a miner comes near it; what is larger would overflow when it is converted. */
const NONSENSE = 1e24

/** A number, also from texts such as `37603.30` and `3250 W`; undefined for `nan`, an empty text, a list. */
export function numberOf(value: unknown): number | undefined {
  const [, digits] =
    typeof value === 'string'
      ? (/^\s*([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*[A-Za-z/%]*\s*$/i.exec(value) ?? [])
      : []
  const number = digits === undefined ? value : Number(digits)
  return typeof number === 'number' && Math.abs(number) < NONSENSE ? number : undefined
}

/** The first of the named fields that is a number from 0 up: -1 is how much firmware says "unknown". */
export const amount = (row: Row | undefined, ...names: string[]): number | undefined =>
  names.map((name) => numberOf(row?.[name])).find((n) => n !== undefined && n >= 0)

/** As `amount`, where 0 is nonsense too: a supply that delivers nothing, a nominal hashrate of nothing. */
export const positive = (row: Row | undefined, ...names: string[]): number | undefined =>
  names.map((name) => numberOf(row?.[name])).find((n) => n !== undefined && n > 0)

/** The first of the named fields that is a text with something in it, in one line. */
export function textOf(row: Row | undefined, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = row?.[name]
    const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : ''
    // Whatsminer quotes its firmware version: "'20210322.22.REL'"
    const clean = text
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/^'(.*)'$/, '$1')
    if (clean) return clean
  }
  return undefined
}

export const isTrue = (value: unknown): boolean => /^(true|y|1)$/i.test(String(value))

/** The numbers of `73-45-64-65`, `[73, 45]`, `63  66 ` or one number. */
export function numbersOf(value: unknown): number[] {
  const parts: unknown[] =
    typeof value === 'string' ? value.split(/(?<=\d)-|\s+/) : Array.isArray(value) ? value : [value]
  return parts.map(numberOf).filter((n) => n !== undefined)
}

/** A MAC address as `02:AB:...`, whatever it was written with; undefined for all zeros and all that is none. */
export function macOf(value: unknown): string | undefined {
  const hex = typeof value === 'string' ? value.replace(/[:.-]/g, '').toUpperCase() : ''
  if (!/^[0-9A-F]{12}$/.test(hex) || /^0+$/.test(hex)) return undefined
  return hex.match(/../g)?.join(':')
}
