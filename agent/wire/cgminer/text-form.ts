import type { Row } from '../loose-json/fields.ts'

/** The JSON form uses other names for these sections. */
const JSON_SECTION: Readonly<Record<string, string>> = { POOL: 'POOLS', ASC: 'DEVS', PGA: 'DEVS' }

/** The text form begins with a section's name: `STATUS=S,...`, `SUMMARY,Elapsed=...`, `POOL=0,...`. */
export const isCgminerText = (text: string): boolean => /^\s*[A-Z][A-Z0-9]*[=,]/.test(text)

/**
 * Reads cgminer's text form, `STATUS=S,When=1|POOL=0,URL=...|`, into the shape of its JSON form:
 * `{ STATUS: [{ STATUS: 'S', When: '1' }], POOLS: [{ POOL: '0', URL: ... }] }`. All values stay text.
 */
export function parseCgminerText(text: string): Record<string, Row[]> {
  const body = new Map<string, Row[]>()
  for (const section of split(text.trim(), '|')) {
    const fields: [string, string][] = []
    let name = ''
    for (const piece of split(section, ',')) {
      const equals = piece.indexOf('=')
      const last = fields.at(-1)
      if (!name) name = (equals < 0 ? piece : piece.slice(0, equals)).trim()
      // Avalon does not escape the comma in `SYSTEMSTATU[Work: In Work, Hash Board: 3 ]`
      if (equals < 0 && last) last[1] += `,${piece}`
      else if (equals >= 0) fields.push([piece.slice(0, equals).trim(), piece.slice(equals + 1)])
    }
    if (!name) continue
    const key = JSON_SECTION[name] ?? name
    const rows = body.get(key) ?? []
    body.set(key, rows)
    rows.push(Object.fromEntries(fields.map(([k, v]) => [unescaped(k), unescaped(v)])))
  }
  return Object.fromEntries(body)
}

const unescaped = (text: string): string => text.replace(/\\(.)/gs, '$1')

/** Splits at each unescaped separator: cgminer puts a backslash before `,`, `|`, `=` and the backslash itself. */
function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let from = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === separator) {
      parts.push(text.slice(from, i))
      from = i + 1
    }
  }
  parts.push(text.slice(from))
  return parts
}
