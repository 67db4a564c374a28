import type { Owner } from '../../protocol/owner.ts'

/**
 * Text as stores keep it where a separator, a backslash or a control character would change its meaning: these are
 * written as %XX, everything else stays readable. `also` are further ASCII characters to write so.
 */
function escapeText(text: string, also = ''): string {
  return text.replace(ODD, (c) =>
    c <= ' ' || c === '\\' || c === '%' || c === '\x7f' || also.includes(c) ? hex(c) : c,
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const ODD = /[\x00-\x1f\x7f%\\;=]/g
const hex = (c: string) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`

/** Text that line protocol and InfluxQL carry unharmed; `fromPlain` gives the text back. */
export const toPlain = (text: string): string => escapeText(text)
export const fromPlain = (text: string): string =>
  text.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/**
 * An owner as one text: `poolUrl=stratum+tcp://pool.example:3333;poolUser=site.rig1`, facts in order of their names. It
 * reads like ownerKey and, unlike it, gives every owner back exactly: `;` and `=` inside a fact are escaped.
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
      return [fromPlain(fact.slice(0, cut)), fromPlain(fact.slice(cut + 1))]
    }),
  )
}
