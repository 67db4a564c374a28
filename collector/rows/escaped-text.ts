import type { Owner } from '../../protocol/owner.ts'

/**
 * Text that InfluxDB's line protocol and InfluxQL carry unchanged: control characters, backslashes and `%` become %XX, all else stays
 * readable. `unescapeText` gives the text back.
 * @param also further ASCII characters to escape, of `;` and `=`
 */
export function escapeText(text: string, also = ''): string {
  return text.replace(ESCAPED, (c) =>
    c <= ' ' || c === '\\' || c === '%' || c === '\x7f' || also.includes(c) ? hex(c) : c,
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for control characters
const ESCAPED = /[\x00-\x1f\x7f%\\;=]/g
const hex = (c: string) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`

export const unescapeText = (text: string): string =>
  text.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/**
 * An owner as one text: `poolUrl=stratum+tcp://pool.example:3333;poolUser=site.rig1`, facts sorted by name. Unlike ownerKey,
 * `ownerFromText` gives every owner back exactly, because `;` and `=` inside a fact are escaped.
 */
export const ownerText = (owner: Owner): string =>
  Object.keys(owner)
    .sort()
    .map((name) => `${escapeText(name, ';=')}=${escapeText(owner[name] ?? '', ';')}`)
    .join(';')

export function ownerFromText(text: string): Owner {
  if (text === '') return {}
  return Object.fromEntries(
    text.split(';').map((fact) => {
      const cut = fact.indexOf('=')
      return [unescapeText(fact.slice(0, cut)), unescapeText(fact.slice(cut + 1))]
    }),
  )
}
