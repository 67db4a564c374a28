import { JsonEnd } from '../wire/loose-json/end-of-json.ts'
import { isRow, type Row } from '../wire/loose-json/fields.ts'

/** As many lines of warnings in brackets are looked at. */
const MAX_BEGINNINGS = 20

/**
 * The JSON in what a program prints: it begins a line, warnings may stand before and after it, and begin with `[` themselves.
 * Undefined where there is none.
 */
export function jsonIn(text: string): unknown {
  for (const { index } of [...text.matchAll(/^[[{]/gm)].slice(0, MAX_BEGINNINGS)) {
    const rest = text.slice(index)
    const bytes = Buffer.from(rest)
    const length = new JsonEnd().feed(bytes)
    if (length < 0) continue
    try {
      return JSON.parse(bytes.subarray(0, length).toString())
    } catch {
      // a warning in brackets, or the inside of what is cut
    }
  }
  return undefined
}

/** One GPU's part of an output: each value by the path of its names, in lower case: `power.socket_power`. */
export type Fields = ReadonlyMap<string, unknown>

/** A record as paths; `{ value, unit }` is a value, an empty text and `N/A` are none. */
export function fieldsOf(row: Row): Fields {
  const fields = new Map<string, unknown>()
  const collect = (value: unknown, path: string) => {
    if (isRow(value) && !('value' in value))
      for (const [name, inner] of Object.entries(value))
        collect(inner, `${path}${path && '.'}${name.trim().toLowerCase()}`)
    else if (!fields.has(path) && !isNothing(value)) fields.set(path, value)
  }
  collect(row, '')
  return fields
}

const isNothing = (value: unknown): boolean =>
  value === null || (typeof value === 'string' && /^(N\/A\b.*|)$/i.test(value.trim()))

/** The first value whose path one of the patterns matches, the patterns in their order. */
function find(fields: Fields, ...patterns: RegExp[]): unknown {
  for (const pattern of patterns) for (const [path, value] of fields) if (pattern.test(path)) return value
  return undefined
}

export function findText(fields: Fields, ...patterns: RegExp[]): string | undefined {
  const value = find(fields, ...patterns)
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return String(value).replace(/\s+/g, ' ').trim().slice(0, 128) || undefined
}

/** What a unit is in the base unit; `''` is a count. AMD's tools divide by 2^20 and write MB. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  W: 1,
  mW: 1e-3,
  J: 1,
  mJ: 1e-3,
  uJ: 1e-6,
  kJ: 1e3,
  B: 1,
  KB: 2 ** 10,
  MB: 2 ** 20,
  MiB: 2 ** 20,
  GB: 2 ** 30,
  GiB: 2 ** 30,
  '%': 0.01,
  C: 1,
  '°C': 1,
  RPM: 1,
  MHz: 1e6,
}

/**
 * The first number that is found, in base units: `{ value: 20, unit: 'W' }`, `20 W`, or a bare number in `unit`. Undefined for
 * what is no number, below 0, or in a unit that nobody knows.
 */
export function findNumber(fields: Fields, unit: string, ...patterns: RegExp[]): number | undefined {
  for (const pattern of patterns) {
    const number = numberIn(find(fields, pattern), unit)
    if (number !== undefined) return number
  }
  return undefined
}

function numberIn(found: unknown, unit: string): number | undefined {
  const { value, unit: own } = isRow(found) ? found : { value: found, unit: undefined }
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const [, digits, written] = /^(\d{1,18}(?:\.\d+)?)\s*([A-Za-z°%]*)$/.exec(String(value).trim()) ?? []
  if (digits === undefined) return undefined
  const factor = UNITS[(typeof own === 'string' && own) || written || unit]
  return factor === undefined ? undefined : Number(digits) * factor
}
