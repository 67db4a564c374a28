import { JsonEnd } from '../wire/loose-json/end-of-json.ts'
import { isRow, type Row } from '../wire/loose-json/fields.ts'

/** A warning may begin with a bracket too; at most this many lines that begin so are tried as JSON. */
const MAX_BEGINNINGS = 20

/**
 * The JSON value in a program's output. The value begins at the start of a line; warnings may stand before and after it, and may
 * begin with `[` as well. Undefined where the output holds no JSON.
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
      // a warning in brackets, or a part of truncated JSON
    }
  }
  return undefined
}

/** One GPU's values in a tool's output, by the lower-case path of names, such as `power.socket_power`. */
export type Fields = ReadonlyMap<string, unknown>

/** Flattens a record to paths. An object `{ value, unit }` counts as one value; empty texts and `N/A` are left out. */
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

/** The first value whose path matches the first pattern, else the second pattern, and so on. */
function find(fields: Fields, ...patterns: RegExp[]): unknown {
  for (const pattern of patterns) for (const [path, value] of fields) if (pattern.test(path)) return value
  return undefined
}

export function findText(fields: Fields, ...patterns: RegExp[]): string | undefined {
  const value = find(fields, ...patterns)
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  return String(value).replace(/\s+/g, ' ').trim().slice(0, 128) || undefined
}

/** Factors to the base unit; `''` is a count. AMD's tools divide by 2^20 and call the result MB. */
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
 * The first number whose path matches, in base units. It may be written `{ value: 20, unit: 'W' }`, `20 W`, or as a bare number in
 * `unit`. Undefined for anything else: no number, a negative number or an unknown unit.
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
