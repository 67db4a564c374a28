/** One line of a metrics page. */
export interface PrometheusSample {
  name: string
  labels: ReadonlyMap<string, string>
  /** NaN and the infinities are legal values */
  value: number
  /** Unix ms, where the line has one */
  timestampMs?: number
}

export interface MetricsPage {
  samples: PrometheusSample[]
  /** lines that are neither a sample nor a comment; they are skipped */
  malformedLines: number
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"([^"\\]*(?:\\.[^"\\]*)*)"[ \t]*/y
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const SPECIAL = /^([+-]?)(nan|inf|infinity)$/i

/**
 * Reads Prometheus' text exposition format 0.0.4, in linear time. HELP, TYPE, comments and OpenMetrics exemplars are skipped.
 * Never throws.
 */
export function parseMetrics(text: string): MetricsPage {
  const page: MetricsPage = { samples: [], malformedLines: 0 }
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const sample = parseLine(line)
    if (sample) page.samples.push(sample)
    else page.malformedLines++
  }
  return page
}

function parseLine(line: string): PrometheusSample | undefined {
  NAME.lastIndex = 0
  const name = NAME.exec(line)?.[0]
  if (!name) return undefined
  const labels = new Map<string, string>()
  const end = parseLabels(line, name.length, labels)
  if (end === undefined) return undefined

  // an exemplar is `# {trace_id="..."} 0.5` after the value
  const rest = line.slice(end)
  const exemplar = rest.indexOf(' #')
  const fields = (exemplar < 0 ? rest : rest.slice(0, exemplar)).trim().split(/[ \t]+/)
  const [valueText = '', timestampText] = fields
  const value = parseValue(valueText)
  if (value === undefined || fields.length > 2) return undefined
  if (timestampText === undefined) return { name, labels, value }
  return /^-?\d{1,16}$/.test(timestampText)
    ? { name, labels, value, timestampMs: Number(timestampText) }
    : undefined
}

/** Fills `labels`. @returns where the value begins, or undefined where the braces hold something other than labels */
function parseLabels(line: string, from: number, labels: Map<string, string>): number | undefined {
  let at = from
  while (line[at] === ' ' || line[at] === '\t') at++
  if (line[at] !== '{') return at > from ? at : undefined
  at++
  while (line[at] !== '}') {
    LABEL.lastIndex = at
    const [whole, label, value] = LABEL.exec(line) ?? []
    if (whole === undefined || label === undefined || value === undefined) {
      // `{ }`: no labels
      while (line[at] === ' ' || line[at] === '\t') at++
      return line[at] === '}' ? at + 1 : undefined
    }
    labels.set(label, unescaped(value))
    at += whole.length
    if (line[at] === ',') at++
    else if (line[at] !== '}') return undefined
  }
  return at + 1
}

/** `\\`, `\"` and `\n`; any other backslash is literal (exposition format 0.0.4). */
const unescaped = (text: string): string =>
  text.includes('\\') ? text.replace(/\\(["\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c)) : text

function parseValue(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text)
  const [, sign, word] = SPECIAL.exec(text) ?? []
  if (word === undefined) return undefined
  if (word.toLowerCase() === 'nan') return Number.NaN
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}
