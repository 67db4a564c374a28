/** A number in a recorded reply: JSON, a table, a metrics page. */
export interface FigureInText {
  /** the name before it: that of its field, its digits as `#`, so that the same field of other boards has the same name */
  field: string
  from: number
  to: number
  value: number
  /** true: a word in its place needs quotes */
  bare: boolean
}

const NUMBER = /(?<![\w.-])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.:])/gi
/** The last name before a number: `"MHS av":`, `GHSspd[`, `power.draw=` */
const NAME = /"([^"\n]{1,60})"\s*:\s*\[?["\s]*[^":,{}[\]]*$|([A-Za-z_][\w. ]{0,40})\s*[[=:|]\s*[^[\]=:|\n]*$/

/** The numbers of a text; of several under one name the first, or every one where they have no names. */
export function figuresIn(text: string): FigureInText[] {
  const found = new Map<string, FigureInText>()
  let quotes = 0
  let at = 0
  for (const match of text.matchAll(NUMBER)) {
    for (; at < match.index; at++) if (text[at] === '"' && text[at - 1] !== '\\') quotes++
    const before = text.slice(Math.max(0, match.index - 160), match.index)
    const name = NAME.exec(before)
    // numbers of one list stand under one name, and each is a figure of its own
    const place = before.slice(name?.index ?? 0).split(/[\s,]/).length
    const said = name?.[1] ?? name?.[2]
    // amd-smi names every number `value`
    const field =
      said === undefined || said === 'value' ? `at ${match.index}` : `${said.replace(/\d+/g, '#')} ${place}`
    if (!found.has(field))
      found.set(field, {
        field,
        from: match.index,
        to: match.index + match[0].length,
        value: Number(match[0]),
        bare: quotes % 2 === 0 && text.trimStart().startsWith('{'),
      })
  }
  return [...found.values()]
}

/** The text with another figure, or with a word for none, in that place. */
export function exchanged(text: string, { from, to, bare }: FigureInText, by: number | string): string {
  const written = typeof by === 'number' ? String(by) : bare ? JSON.stringify(by) : by
  return text.slice(0, from) + written + text.slice(to)
}

/** What may stand in a figure's place and is not it. */
export const EXCHANGES: readonly (readonly [string, (value: number) => number | string])[] = [
  ['a thousand times', (value) => value * 1000],
  ['a thousandth', (value) => value / 1000],
  ['its negative', (value) => -value],
  ['-1', () => -1],
  ['N/A', () => 'N/A'],
  ['--', () => '--'],
  ['blank', () => ''],
  ['65535', () => 65_535],
  ['4294967295', () => 4_294_967_295],
  ['18446744073709551615', () => '18446744073709551615'],
  ['1e15', () => 1e15],
]
